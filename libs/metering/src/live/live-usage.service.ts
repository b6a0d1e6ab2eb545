import {
  CLOCK,
  databaseOf,
  LOGGER,
  Problem,
  startLoop,
  withActor,
  type Actor,
  type Clock,
  type Logger,
  type Loop,
} from '@taxameter/platform';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import type { DataSource } from 'typeorm';
import { MINUTE_MS } from '../counters/window.js';
import { ownedOnly, ownIntegrations, refuseForeign } from '../ownership/own-integrations.service.js';
import { ROOM } from '../room.js';
import { countedSince, NOTHING_COUNTED, sumOf, type LiveFigures, type LiveRow } from './live-usage.js';

/**
 * The live stream of usage. All streams of those who see the same integrations share one question a second: everybody but
 * partners one, each partner one of its own, so that row-level security answers it.
 */

const LINE_MS = 1_000;
const HEARTBEAT_MS = 15_000;
/** A stream is ended after 15 minutes: the client comes back with its token, which may have been revoked. */
const MAX_HEARTBEATS = 60;
/** In one process. */
const MAX_STREAMS = 100;
/** One partner must not take the streams of all. */
const MAX_STREAMS_PER_PARTNER = 5;
/** Minutes that are looked at; what is counted into an older one is in no line. */
const LIVE_MINUTES = 5;
/** A client that does not read is dropped. */
const MAX_BUFFERED_BYTES = 64 * 1024;
const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // nginx would hold events back.
  'x-accel-buffering': 'no',
};

interface Stream {
  readonly response: ServerResponse;
  /** null: all integrations that the audience may see. */
  readonly integrationId: string | null;
  heartbeats: number;
}

/** Those who see the same integrations. */
interface Audience {
  readonly actor: Actor;
  readonly streams: Set<Stream>;
  last: { readonly rows: readonly LiveRow[]; readonly from: Date; readonly atMs: number } | null;
}

@Injectable()
export class LiveUsage implements OnApplicationBootstrap, OnModuleDestroy {
  /** By partner; '' for everybody else. */
  private readonly audiences = new Map<string, Audience>();
  private loop: Loop | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  private lines = 0;
  private isClosed = false;

  constructor(
    @Inject(databaseOf(ROOM)) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.loop = startLoop({
      name: 'live usage',
      idleMs: LINE_MS,
      logger: this.logger,
      step: () => this.sendLines(),
    });
    this.heartbeat = setInterval(() => this.beat(), HEARTBEAT_MS);
  }

  /** Before the server closes: it waits for open connections. */
  async onModuleDestroy(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.heartbeat);
    await this.loop?.stop();
    for (const { streams } of this.audiences.values()) for (const { response } of streams) response.end();
  }

  /**
   * Sends lines until one of both sides ends it.
   * @param takeOver gives the response; called only when there is room for the stream
   * @throws Problem 404 for a foreign integration, 503 when there are too many streams or the process stops
   */
  async open(actor: Actor, integrationId: string | null, takeOver: () => ServerResponse): Promise<void> {
    const mine = ownIntegrations(actor, this.clock.now());
    if (mine && integrationId !== null) {
      await withActor(this.database, actor, (tx) => refuseForeign(tx, mine, integrationId));
    }
    const key = mine?.partnerId ?? '';
    // From here on nothing waits: two who ask at once cannot both take the last place.
    this.refuseWhenFull(key);
    const response = takeOver();
    const audience = this.audiences.get(key) ?? { actor, streams: new Set(), last: null };
    this.audiences.set(key, audience);
    const stream: Stream = { response, integrationId, heartbeats: 0 };
    audience.streams.add(stream);
    const leave = () => {
      audience.streams.delete(stream);
      if (audience.streams.size === 0 && this.audiences.get(key) === audience) this.audiences.delete(key);
    };
    response.on('close', leave);
    response.on('error', leave);
    response.writeHead(200, HEADERS);
    // A comment at once, so that the client knows that it is connected.
    response.write('retry: 2000\n: connected\n\n');
  }

  private refuseWhenFull(key: string): void {
    const open = [...this.audiences.values()].reduce((sum, { streams }) => sum + streams.size, 0);
    const own = key === '' ? 0 : (this.audiences.get(key)?.streams.size ?? 0);
    if (!this.isClosed && open < MAX_STREAMS && own < MAX_STREAMS_PER_PARTNER) return;
    const why =
      own >= MAX_STREAMS_PER_PARTNER
        ? `a partner may have ${MAX_STREAMS_PER_PARTNER} live streams: close one`
        : 'there is no room for another live stream: come back in a while';
    throw new Problem(503, 'stream-not-available', why, {}, { 'retry-after': '5' });
  }

  private async sendLines(): Promise<boolean> {
    for (const audience of this.audiences.values()) {
      const before = audience.last;
      const after = await this.look(audience);
      audience.last = after;
      if (!before) continue;
      const counted = countedSince(before.rows, after.rows);
      const all = sumOf(counted.values());
      const sincePreviousMs = Math.round(after.atMs - before.atMs);
      this.lines += 1;
      for (const stream of audience.streams) {
        const figures =
          stream.integrationId === null ? all : (counted.get(stream.integrationId) ?? NOTHING_COUNTED);
        this.write(stream, line(this.lines, this.clock.now(), sincePreviousMs, figures));
      }
    }
    return false;
  }

  private async look({ actor, last }: Audience): Promise<NonNullable<Audience['last']>> {
    const now = this.clock.now();
    const earliest = new Date(now.getTime() - LIVE_MINUTES * MINUTE_MS);
    // Never back, also when the clock is: a minute that comes into sight again would be counted as new.
    const from = last && last.from > earliest ? last.from : earliest;
    const parameters: unknown[] = [from];
    const mine = ownedOnly(ownIntegrations(actor, now), (value) => `$${parameters.push(value)}`);
    const rows = await withActor(this.database, actor, (tx) =>
      tx.query<LiveRow[]>(
        `select window_start as "windowStart", integration_id as "integrationId",
                sum(calls)::bigint as calls, sum(calls_4xx + calls_5xx)::bigint as errors, sum(sms)::bigint as sms
         from usage_minute join integration on integration.id = usage_minute.integration
         where window_start >= $1 ${mine}
         group by window_start, integration_id`,
        parameters,
      ),
    );
    return { rows, from, atMs: performance.now() };
  }

  private beat(): void {
    for (const { streams } of this.audiences.values()) {
      for (const stream of streams) {
        stream.heartbeats += 1;
        if (stream.heartbeats > MAX_HEARTBEATS) stream.response.end();
        else this.write(stream, ': alive\n\n');
      }
    }
  }

  private write({ response }: Stream, text: string): void {
    if (response.writableLength > MAX_BUFFERED_BYTES) response.destroy();
    else response.write(text);
  }
}

function line(id: number, at: Date, sincePreviousMs: number, figures: LiveFigures): string {
  const data = { at: at.toISOString(), sincePreviousMs, ...figures };
  return `event: usage\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
}
