import {
  CLOCK,
  databaseOf,
  EventStreams,
  eventText,
  LOGGER,
  startLoop,
  streamNotAvailable,
  withActor,
  type Actor,
  type Clock,
  type EventStream,
  type HijackableReply,
  type Logger,
  type Loop,
} from '@taxameter/platform';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { MINUTE_MS } from '../counters/window.js';
import { ownedOnly, ownIntegrations, refuseForeign } from '../ownership/own-integrations.service.js';
import { ROOM } from '../room.js';
import { countedSince, NOTHING_COUNTED, sumOf, type LiveRow } from './live-usage.js';

/**
 * The live stream of usage. All streams of those who see the same integrations share one question a second: everybody but
 * partners one, each partner one of its own, so that row-level security answers it.
 */

const LINE_MS = 1_000;
/** One partner must not take the streams of all. */
const MAX_STREAMS_PER_PARTNER = 5;
/** Minutes that are looked at; what is counted into an older one is in no line. */
const LIVE_MINUTES = 5;
/** A client that does not read is dropped. */
const MOST_UNREAD_BYTES = 64 * 1024;
interface Stream extends EventStream {
  /** null: all integrations that the audience may see. */
  readonly integrationId: string | null;
}

/** Those who see the same integrations. */
interface Audience {
  readonly actor: Actor;
  readonly streams: Set<Stream>;
  last: { readonly rows: readonly LiveRow[]; readonly from: Date; readonly atMs: number } | null;
}

@Injectable()
export class LiveUsage implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly streams = new EventStreams({ mostUnreadBytes: MOST_UNREAD_BYTES });
  /** By partner; '' for everybody else. */
  private readonly audiences = new Map<string, Audience>();
  private loop: Loop | undefined;
  private lines = 0;

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
  }

  /** Before the server closes: it waits for open connections. */
  async onModuleDestroy(): Promise<void> {
    await this.loop?.stop();
    this.streams.close();
  }

  /**
   * Sends lines until one of both sides ends it.
   * @throws Problem 404 for a foreign integration, 503 when there are too many streams or the process stops
   */
  async open(actor: Actor, integrationId: string | null, reply: HijackableReply): Promise<void> {
    const mine = ownIntegrations(actor, this.clock.now());
    if (mine && integrationId !== null) {
      await withActor(this.database, actor, (tx) => refuseForeign(tx, mine, integrationId));
    }
    const key = mine?.partnerId ?? '';
    // From here on nothing waits: two who ask at once cannot both take the last place.
    const audience = this.audiences.get(key) ?? { actor, streams: new Set<Stream>(), last: null };
    if (mine && audience.streams.size >= MAX_STREAMS_PER_PARTNER)
      throw streamNotAvailable(`a partner may have ${MAX_STREAMS_PER_PARTNER} live streams: close one`);
    const opened = this.streams.open(reply, () => {
      audience.streams.delete(stream);
      if (audience.streams.size === 0 && this.audiences.get(key) === audience) this.audiences.delete(key);
    });
    const stream: Stream = { ...opened, integrationId };
    audience.streams.add(stream);
    this.audiences.set(key, audience);
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
        const at = this.clock.now().toISOString();
        stream.send(eventText('usage', this.lines, { at, sincePreviousMs, ...figures }));
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
}
