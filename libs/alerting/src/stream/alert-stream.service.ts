import {
  databaseOf,
  eventText,
  EventStreams,
  LOGGER,
  startLoop,
  type EventStream,
  type HijackableReply,
  type Logger,
  type Loop,
} from '@taxameter/platform';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { alertView, type AlertRow } from '../alerts/alert.js';
import { SELECT_ALERT } from '../alerts/alert-rows.service.js';

/**
 * The live stream. Replay and live are one thing: each client has the sequence number it has seen, and one loop a process
 * reads what is above the lowest of them, so nothing can fall between the two, and other processes need no telling.
 */

const POLL_MS = 1_000;
const PAGE = 200;
/** A client that does not read is dropped; it comes back with `Last-Event-ID` and misses nothing. */
const MOST_UNREAD_BYTES = 1024 * 1024;
interface Client extends EventStream {
  seen: number;
}

@Injectable()
export class AlertStream implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly streams = new EventStreams({ mostUnreadBytes: MOST_UNREAD_BYTES });
  private readonly clients = new Set<Client>();
  private loop: Loop | undefined;

  constructor(
    @Inject(databaseOf('alerting')) private readonly database: DataSource,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.loop = startLoop({
      name: 'alert stream',
      idleMs: POLL_MS,
      logger: this.logger,
      step: () => this.sendNew(),
    });
  }

  /** Before the server closes: it waits for open connections. */
  async onModuleDestroy(): Promise<void> {
    await this.loop?.stop();
    this.streams.close();
  }

  /**
   * Sends alerts until one of both sides ends it: those after the event that the client saw last, else those from now on. A
   * number from before a restore counts as now.
   * @throws Problem 503 when there are too many streams or the process stops
   */
  async open(reply: HijackableReply, lastEventId: string | undefined): Promise<void> {
    const [head] = await this.database.query<[{ last: number }]>(
      'select last_sequence as last from alert_head',
    );
    const isKnown = lastEventId !== undefined && /^\d{1,15}$/.test(lastEventId);
    const stream = this.streams.open(reply, () => this.clients.delete(client));
    const client: Client = {
      ...stream,
      seen: isKnown ? Math.min(Number(lastEventId), head.last) : head.last,
    };
    this.clients.add(client);
    this.loop?.wake();
  }

  private async sendNew(): Promise<boolean> {
    if (this.clients.size === 0) return false;
    const lowest = Math.min(...[...this.clients].map((client) => client.seen));
    const rows = await this.database.query<AlertRow[]>(
      `${SELECT_ALERT} where sequence > $1 order by sequence limit $2`,
      [lowest, PAGE],
    );
    for (const row of rows) {
      const text = eventText(row.kind, row.sequence, alertView(row));
      for (const client of this.clients) {
        if (client.seen >= row.sequence) continue;
        client.send(text);
        client.seen = row.sequence;
      }
    }
    return rows.length === PAGE;
  }
}
