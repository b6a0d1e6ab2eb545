import { fastifyReplyFrom } from '@fastify/reply-from';
import type { FastifyBodyParser, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import type { Room } from '../room.js';
import type { SystemAccounting } from '../system.service.js';
import { accounting, accountingAnswer } from './accounting.js';
import { MAX_BODY_BYTES } from './limits.js';
import { Problem } from './problem.js';
import { sendProblem, toProblem } from './problem.filter.js';
import { controllersOf, routesOf } from './routes-of.service.js';

/**
 * The rooms that other processes run, behind this process's address: a browser knows one address, and its session cookie is
 * good for one. A request to a route of such a room is passed on as it is and answered as it comes; who may call what is
 * decided there, by the same tokens, so this process opens nothing.
 */

/** A room that runs elsewhere, and where. */
export interface RoomElsewhere {
  readonly room: Room;
  /** `http://metering:3000` */
  readonly url: string;
}

/** The least patience that still waits for the slowest statement (60 s). */
const SILENCE_MS = 65_000;
/** Each reader of a live stream keeps one; a room takes 100 of those. */
const CONNECTIONS_PER_ROOM = 200;
const ACCOUNTING_MS = 10_000;
/** RFC 9110 7.6.3. Who finds its own kind in it has been sent a request by another process that passes on. */
const VIA = '1.1 taxameter';

export class RoomsElsewhere {
  constructor(private readonly rooms: readonly RoomElsewhere[]) {}

  /** Adds the routes of these rooms to a server that does not listen yet. */
  addRoutesTo(server: FastifyInstance): void {
    for (const { room, url } of this.rooms) {
      // A scope of its own: here no body is understood. It is taken whole, since a room that refuses one early closes the
      // connection, and the rest of a flowing body would drown its answer.
      void server.register(async (scope) => {
        scope.setErrorHandler((error, _request, reply) => sendProblem(reply, toProblem(error)));
        scope.removeAllContentTypeParsers();
        scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, takeAsItIs);
        await scope.register(fastifyReplyFrom, {
          base: url,
          disableRequestLogging: true,
          undici: { connections: CONNECTIONS_PER_ROOM, headersTimeout: SILENCE_MS, bodyTimeout: SILENCE_MS },
        });
        for (const route of routesOf(controllersOf(room.module))) {
          scope.route({
            method: route.method,
            url: route.path,
            handler: (request, reply) => passOn(request, reply, { room, url }),
          });
        }
      });
    }
  }

  /**
   * What these rooms account for, asked on behalf of the one who asks here.
   * @throws Problem 503 naming the rooms that do not answer: a sum without them would look complete
   */
  async accounting(asker: IncomingHttpHeaders): Promise<SystemAccounting[]> {
    if (isPassedOn(asker)) return [];
    const headers = {
      via: VIA,
      ...(asker.authorization !== undefined && { authorization: asker.authorization }),
      ...(asker.cookie !== undefined && { cookie: asker.cookie }),
    };
    const addresses = [...new Set(this.rooms.map(({ url }) => url))];
    return Promise.all(addresses.map((url) => this.accountingAt(url, headers)));
  }

  private async accountingAt(url: string, headers: Record<string, string>): Promise<SystemAccounting> {
    const names = this.rooms.filter((elsewhere) => elsewhere.url === url).map(({ room }) => room.name);
    const away = (why: string) => roomAway(`${names.join(', ')} at ${url} ${why}`);
    const response = await fetch(new URL(accounting.path, url), {
      headers,
      signal: AbortSignal.timeout(ACCOUNTING_MS),
    }).catch(() => {
      throw away('does not answer: is it running, and is ROOM_URLS right?');
    });
    const text = await response.text();
    const answer = accountingAnswer.safeParse(response.ok ? JSON.parse(text) : undefined);
    if (!answer.success) throw away(`answered ${response.status}: see its /health/ready`);
    return answer.data;
  }
}

const takeAsItIs: FastifyBodyParser<Buffer> = (_request, body, done) => done(null, body);

function passOn(request: FastifyRequest, reply: FastifyReply, { room, url }: RoomElsewhere): FastifyReply {
  if (isPassedOn(request.headers)) {
    throw roomAway(`the request for ${room.name} went round: ROOM_URLS of another process names this one`);
  }
  return reply.from(request.url, {
    ...(request.body instanceof Buffer && {
      body: request.body,
      contentType: request.headers['content-type'] ?? 'application/octet-stream',
    }),
    // Whether a command was done is not known when its answer is lost, so nothing is sent twice from here.
    retryDelay: () => null,
    // The address that the browser knows: where a write comes from is judged by it.
    rewriteRequestHeaders: (_request, headers) => ({ ...headers, host: request.headers.host, via: VIA }),
    onError: (_reply, { error }) => {
      const isSilent = 'code' in error && error.code === 'FST_REPLY_FROM_GATEWAY_TIMEOUT';
      sendProblem(
        reply,
        isSilent
          ? new Problem(504, 'room-silent', `${room.name} did not answer within ${SILENCE_MS / 1000} s`)
          : roomAway(`${room.name} at ${url} does not answer: send the same request again later`),
      );
    },
  });
}

function isPassedOn(headers: IncomingHttpHeaders): boolean {
  return headers.via?.includes(VIA) ?? false;
}

function roomAway(detail: string): Problem {
  return new Problem(503, 'room-away', detail, {}, { 'retry-after': '5' });
}
