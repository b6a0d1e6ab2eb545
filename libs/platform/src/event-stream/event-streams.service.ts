import type { ServerResponse } from 'node:http';
import { Problem } from '../http/problem.js';

/**
 * Server-Sent Events to many clients: how many there may be, that their connections stay alive, and that one who does not read
 * costs no memory. What they are sent is the room's.
 */

/** What of Fastify's reply is needed to take the connection over. */
export interface HijackableReply {
  hijack(): void;
  readonly raw: ServerResponse;
}

export interface EventStreamsOptions {
  /** A client that has left more than this unread is dropped. */
  readonly mostUnreadBytes: number;
  /** In one process: 100 when it is left out. */
  readonly mostClients?: number;
  /** 15 seconds when it is left out: proxies close what is silent for 30 or 60. */
  readonly heartbeatMs?: number;
  /** 15 minutes when it is left out: then the client comes back with its token, which may have been revoked. */
  readonly lifetimeMs?: number;
}

export interface EventStream {
  /** @param text from `eventText` */
  send(text: string): void;
}

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // nginx would hold events back.
  'x-accel-buffering': 'no',
};

export class EventStreams {
  private readonly responses = new Set<ServerResponse>();
  private readonly options: Required<EventStreamsOptions>;
  private isClosed = false;

  constructor(options: EventStreamsOptions) {
    this.options = { mostClients: 100, heartbeatMs: 15_000, lifetimeMs: 900_000, ...options };
  }

  /**
   * Takes a connection over until one of both sides ends it. Nothing waits in here: two who ask at once cannot both take the
   * last place.
   * @param onEnd called once
   * @throws Problem 503 when there is no room or the process stops; the reply then belongs to the route still
   */
  open(reply: HijackableReply, onEnd: () => void): EventStream {
    const { mostClients, mostUnreadBytes, heartbeatMs, lifetimeMs } = this.options;
    // Its `close` is over: nobody would ever give the place back.
    if (reply.raw.destroyed) throw streamNotAvailable('the client has gone');
    if (this.isClosed || this.responses.size >= mostClients)
      throw streamNotAvailable('there is no room for another stream: come back in a while');
    reply.hijack();
    const response = reply.raw;
    const send = (text: string) => {
      if (response.writableEnded) return;
      if (response.writableLength > mostUnreadBytes) response.destroy();
      else response.write(text);
    };
    const heartbeat = setInterval(() => {
      // Who has not read the end by now does not read.
      if (response.writableEnded) response.destroy();
      else send(': alive\n\n');
    }, heartbeatMs);
    const lifetime = setTimeout(() => response.end(), lifetimeMs);
    const leave = () => {
      if (!this.responses.delete(response)) return;
      clearInterval(heartbeat);
      clearTimeout(lifetime);
      onEnd();
    };
    this.responses.add(response);
    response.on('close', leave);
    response.on('error', leave);
    response.writeHead(200, HEADERS);
    // A comment at once, so that the client knows that it is connected.
    response.write('retry: 2000\n: connected\n\n');
    return { send };
  }

  /** Ends all, and lets nobody in any more. To be called before the server closes, which waits for open connections. */
  close(): void {
    this.isClosed = true;
    for (const response of this.responses) response.end();
  }
}

/** The refusal of a stream for want of a place, whoever counts the places. */
export function streamNotAvailable(why: string): Problem {
  return new Problem(503, 'stream-not-available', why, {}, { 'retry-after': '5' });
}
