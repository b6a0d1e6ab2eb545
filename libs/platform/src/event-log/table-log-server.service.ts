import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { DataSource } from 'typeorm';
import type { Clock } from '../clock.js';
import type { Logger } from '../logging.service.js';
import { startLoop, type Loop } from '../loop.service.js';
import { applyRange } from './apply-range.service.js';
import type { PartitionStatus } from './consumer-state.js';
import type { Subscription } from './event-batch.js';
import { gapAt } from './log-position.js';
import { EVENT_LOG_TRANSPORT } from './on-events.decorator.js';
import { readPosition } from './process-records.service.js';
import { readSubscriptions } from './read-subscriptions.service.js';
import type { LogHead, TableLog } from './table-log.service.js';

const IDLE_MS = 500;

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
  /** What each room reads; empty until `listen`. */
  subscriptions: ReadonlyMap<string, readonly Subscription[]> = new Map();
  private loops: Loop[] = [];
  private stopListening: (() => Promise<void>) | undefined;
  private readonly leaving = new AbortController();

  constructor(
    private readonly log: TableLog,
    private readonly databases: ReadonlyMap<string, DataSource>,
    private readonly clock: Clock,
    private readonly reports: Logger,
    private readonly options: { readonly comparesBodies: boolean },
  ) {
    super();
  }

  async listen(callback: (error?: unknown, ...rest: unknown[]) => void): Promise<void> {
    try {
      const rooms = readSubscriptions(
        this.messageHandlers.values(),
        new Set(this.databases.keys()),
        this.options,
      );
      this.subscriptions = rooms;
      for (const [room, subscriptions] of rooms) {
        // A partition without a position is in no account: what waits in it would be no lag until it is read for the first time.
        for (const head of await this.headsOf(subscriptions)) await this.statusOf(...head);
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
    this.leaving.abort();
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

  private async readOnce(subscriptions: readonly Subscription[]): Promise<boolean> {
    let worked = false;
    for (const [subscription, head] of await this.headsOf(subscriptions)) {
      if (this.leaving.signal.aborted) return false;
      worked = (await this.readPartition(subscription, head)) || worked;
    }
    return worked;
  }

  private async headsOf(subscriptions: readonly Subscription[]): Promise<[Subscription, LogHead][]> {
    const heads = await this.log.heads(subscriptions.map((subscription) => subscription.topic));
    return heads.map((head) => [subscriptions.find(({ topic }) => topic === head.topic)!, head]);
  }

  private async readPartition(subscription: Subscription, head: LogHead): Promise<boolean> {
    const status = await this.statusOf(subscription, head);
    status.logEnd = head.nextOffset;
    if (status.state === 'stopped') return false;
    if (status.state === 'gap' && !(await this.isDecided(status))) return false;
    if (status.nextOffset === head.nextOffset) return false;
    const records = await this.log.read(head.topic, head.partition, status.nextOffset);
    // Offsets are dense here: where another one comes first, or none although the head is elsewhere, something is missing.
    if (records[0]?.offset !== status.nextOffset) return this.lookForGap(status, records[0]?.offset);
    const last = records.at(-1)!;
    const range = {
      topic: head.topic,
      partition: head.partition,
      generation: status.generation,
      records,
      fromOffset: status.nextOffset,
      toOffset: last.offset + 1,
    };
    const work = {
      database: this.databases.get(subscription.room)!,
      subscription,
      status,
      clock: this.clock,
      logger: this.reports,
    };
    const applied = await applyRange(work, range, this.leaving.signal);
    return applied === 'applied' || applied === 'fenced';
  }

  /** What was read before may have been overtaken by now, so the log is asked once more. */
  private async lookForGap(status: PartitionStatus, found: number | undefined): Promise<false> {
    const { room, topic, partition, generation, nextOffset } = status;
    const extent = (await this.log.extentsOf(topic)).get(partition);
    const gap = extent ? gapAt(nextOffset, { ...extent, first: found ?? extent.first }) : null;
    if (gap === null) return false;
    status.state = 'gap';
    status.reason = gap.sentence;
    status.gap = gap.kind;
    this.reports.error(
      { room, topic, partition, generation, nextOffset },
      `a partition stands still: ${gap.sentence}`,
    );
    return false;
  }

  /** A gap ends when the position was moved, and for no other reason. */
  private async isDecided(status: PartitionStatus): Promise<boolean> {
    const { room, topic, partition, generation, nextOffset } = status;
    const position = await readPosition(this.databases.get(room)!, topic, partition);
    if (position.nextOffset === nextOffset && position.generation === generation) return false;
    Object.assign(status, { ...position, state: 'running', reason: null, gap: null });
    return true;
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
      gap: null,
      ...(await readPosition(this.databases.get(room)!, head.topic, head.partition)),
      logEnd: head.nextOffset,
      nextAppendedAt: null,
    };
    this.statuses.push(status);
    return status;
  }
}
