import { databaseOf, LOGGER, Problem, startLoop, type Logger, type Loop } from '@taxameter/platform';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import type { DataSource } from 'typeorm';
import { alertView, type AlertRow } from '../alerts/alert.js';

/**
 * The live stream. Replay and live are one thing: each client has the sequence number it has seen, and one loop a process
 * reads what is above the lowest of them, so nothing can fall between the two, and other processes need no telling.
 */

const POLL_MS = 1_000;
const HEARTBEAT_MS = 15_000;
/** A stream is ended after 15 minutes: the client comes back with its token, which may have been revoked. */
const MAX_HEARTBEATS = 60;
const MAX_CLIENTS = 100;
const PAGE = 200;
/** A client that does not read is dropped; it comes back with `Last-Event-ID` and misses nothing. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // nginx would hold events back.
  'x-accel-buffering': 'no',
};

interface Client {
  readonly response: ServerResponse;
  seen: number;
  heartbeats: number;
}

@Injectable()
export class AlertStream implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly clients = new Set<Client>();
  private loop: Loop | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  private isClosed = false;

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
    this.heartbeat = setInterval(() => this.beat(), HEARTBEAT_MS);
  }

  /** Before the server closes: it waits for open connections. */
  async onModuleDestroy(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.heartbeat);
    await this.loop?.stop();
    for (const client of this.clients) client.response.end();
  }

  /** Where a client starts: after the event that it saw last, else now. A number from before a restore counts as now. */
  async startFor(lastEventId: string | undefined): Promise<number> {
    if (this.isClosed || this.clients.size >= MAX_CLIENTS) {
      throw new Problem(503, 'stream-not-available', 'come back in a while', {}, { 'retry-after': '5' });
    }
    const [head] = await this.database.query<[{ last: number }]>(
      'select last_sequence as last from alert_head',
    );
    if (lastEventId === undefined || !/^\d{1,15}$/.test(lastEventId)) return head.last;
    return Math.min(Number(lastEventId), head.last);
  }

  /** Takes over a response until one of both sides ends it. */
  attach(response: ServerResponse, seen: number): void {
    const client: Client = { response, seen, heartbeats: 0 };
    response.writeHead(200, HEADERS);
    // A comment at once, so that the client knows that it is connected.
    response.write('retry: 2000\n: connected\n\n');
    if (this.isClosed) {
      response.end();
      return;
    }
    this.clients.add(client);
    response.on('close', () => this.clients.delete(client));
    response.on('error', () => this.clients.delete(client));
    this.loop?.wake();
  }

  private async sendNew(): Promise<boolean> {
    if (this.clients.size === 0) return false;
    const lowest = Math.min(...[...this.clients].map((client) => client.seen));
    const rows = await this.database.query<AlertRow[]>(
      `select id, sequence, severity, state, changed_at as "changedAt", breach from alert
       where sequence > $1 order by sequence limit $2`,
      [lowest, PAGE],
    );
    for (const row of rows) {
      const text = `event: breach\nid: ${row.sequence}\ndata: ${JSON.stringify(alertView(row))}\n\n`;
      for (const client of this.clients) {
        if (client.seen >= row.sequence) continue;
        this.write(client, text);
        client.seen = row.sequence;
      }
    }
    return rows.length === PAGE;
  }

  private beat(): void {
    for (const client of this.clients) {
      client.heartbeats += 1;
      if (client.heartbeats > MAX_HEARTBEATS) client.response.end();
      else this.write(client, ': alive\n\n');
    }
  }

  private write(client: Client, text: string): void {
    if (client.response.writableLength > MAX_BUFFERED_BYTES) client.response.destroy();
    else client.response.write(text);
  }
}
