import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { Clock } from '../clock.js';
import { failureOf } from '../database/sql-error.js';
import type { Logger } from '../logging.service.js';
import { startLoop, type Loop } from '../loop.service.js';
import type { PartitionStatus } from './consumer-state.js';
import type { EventBatch, Subscription } from './event-batch.js';
import { EVENT_LOG_TRANSPORT, type OnEventsExtras } from './on-events.decorator.js';
import { processRecords, readPosition } from './process-records.service.js';
import type { LogHead, TableLog } from './table-log.service.js';

const IDLE_MS = 500;
const RETRY_FIRST_MS = 100;
const RETRY_LONGEST_MS = 5_000;

/**
 * The transport strategy of standalone: one per process, reads the table log for every room that runs here. Per room one
 * loop; it is woken by NOTIFY and looks every half second in any case. Two processes may read for one room: the position's
 * compare-and-set lets one of them win each range.
 */
export class TableLogServer extends Server implements CustomTransportStrategy {
  override readonly transportId = EVENT_LOG_TRANSPORT;
  // Without it Nest swallows what a handler throws, and a failed batch would be committed as done.
  override readonly propagatesEventHandlerErrors = true;
  readonly statuses: PartitionStatus[] = [];
  private loops: Loop[] = [];
  private stopListening: (() => Promise<void>) | undefined;
  private stopping = false;

  constructor(
    private readonly log: TableLog,
    private readonly databases: ReadonlyMap<string, DataSource>,
    private readonly clock: Clock,
    private readonly reports: Logger,
  ) {
    super();
  }

  async listen(callback: (error?: unknown, ...rest: unknown[]) => void): Promise<void> {
    try {
      const rooms = new Map<string, Subscription[]>();
      for (const subscription of this.subscriptions()) {
        rooms.set(subscription.room, [...(rooms.get(subscription.room) ?? []), subscription]);
      }
      for (const [room, subscriptions] of rooms) {
        this.loops.push(
          startLoop({
            name: `consumer of ${room}`,
            idleMs: IDLE_MS,
            logger: this.reports,
            step: () => this.readOnce(subscriptions),
          }),
        );
      }
      this.stopListening = await this.log.listen(
        () => this.loops.forEach((loop) => loop.wake()),
        (error) =>
          this.reports.warn(
            { err: error },
            'lost the notification of new records; looking every half second',
          ),
      );
      callback();
    } catch (error) {
      callback(error);
    }
  }

  async close(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.loops.map((loop) => loop.stop()));
    await this.stopListening?.();
    this.loops = [];
  }

  on(): never {
    throw new Error('the event log has no events to listen to: read `statuses`');
  }

  unwrap(): never {
    throw new Error('the event log hides its transport');
  }

  /** @throws Error when a (room, topic) has two readers or a room has no database: found at start, not in production */
  private subscriptions(): Subscription[] {
    const found = new Map<string, Subscription>();
    for (const handler of this.messageHandlers.values()) {
      const { room, topic, types } = handler.extras as unknown as OnEventsExtras;
      if (handler.next) throw new Error(`two handlers read ${topic} for ${room}`);
      if (!this.databases.has(room)) throw new Error(`${room} reads ${topic} but has no database`);
      const handle = async (batch: EventBatch) => {
        const result: unknown = await handler(batch);
        if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
      };
      found.set(`${room} ${topic}`, { room, topic, types, handle });
    }
    return [...found.values()];
  }

  private async readOnce(subscriptions: readonly Subscription[]): Promise<boolean> {
    const heads = await this.log.heads(subscriptions.map((subscription) => subscription.topic));
    let worked = false;
    for (const head of heads) {
      if (this.stopping) return false;
      const subscription = subscriptions.find((candidate) => candidate.topic === head.topic)!;
      worked = (await this.readPartition(subscription, head)) || worked;
    }
    return worked;
  }

  private async readPartition(subscription: Subscription, head: LogHead): Promise<boolean> {
    const status = await this.statusOf(subscription, head);
    status.logEnd = head.nextOffset;
    if (status.state === 'stopped' || status.nextOffset >= head.nextOffset) return false;
    const records = await this.log.read(head.topic, head.partition, status.nextOffset);
    const last = records.at(-1);
    if (!last) return false;
    const range = {
      topic: head.topic,
      partition: head.partition,
      records,
      fromOffset: status.nextOffset,
      toOffset: last.offset + 1,
    };
    const database = this.databases.get(subscription.room)!;
    for (let pauseMs = RETRY_FIRST_MS; ; pauseMs = Math.min(2 * pauseMs, RETRY_LONGEST_MS)) {
      try {
        const outcome = await processRecords(database, subscription, range, this.clock);
        status.nextOffset =
          outcome.kind === 'committed'
            ? range.toOffset
            : await readPosition(database, head.topic, head.partition);
        status.state = 'running';
        status.reason = null;
        return true;
      } catch (error) {
        if (failureOf(error) !== 'trouble_outside') return this.stopPartition(status, error);
        status.state = 'retrying';
        status.reason = error instanceof Error ? error.message : String(error);
        this.reports.warn(
          { err: error, room: status.room, topic: status.topic },
          'the batch will be tried again',
        );
        if (this.stopping) return false;
        await sleep(pauseMs);
      }
    }
  }

  /** A broken invariant of ours: this partition stands still, loudly, until a person has looked; the others go on. */
  private stopPartition(status: PartitionStatus, error: unknown): boolean {
    status.state = 'stopped';
    status.reason = error instanceof Error ? error.message : String(error);
    const { room, topic, partition, nextOffset } = status;
    this.reports.error(
      { err: error, room, topic, partition, nextOffset },
      'a partition was stopped by a broken invariant',
    );
    return false;
  }

  private async statusOf(subscription: Subscription, head: LogHead): Promise<PartitionStatus> {
    const { room } = subscription;
    const known = this.statuses.find(
      (status) => status.room === room && status.topic === head.topic && status.partition === head.partition,
    );
    if (known) return known;
    const status: PartitionStatus = {
      room,
      topic: head.topic,
      partition: head.partition,
      state: 'running',
      reason: null,
      nextOffset: await readPosition(this.databases.get(room)!, head.topic, head.partition),
      logEnd: head.nextOffset,
    };
    this.statuses.push(status);
    return status;
  }
}
