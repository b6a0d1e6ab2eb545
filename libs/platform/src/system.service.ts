import type { DataSource } from 'typeorm';
import type { Clock } from './clock.js';
import {
  readAccountingRanges,
  type AccountingRange,
  type RangesWanted,
} from './event-log/accounting-ranges.service.js';
import type { PartitionPosition, PartitionStatus } from './event-log/consumer-state.js';
import { EventLogError } from './event-log/kafka-failure.js';
import type { LogExtent } from './event-log/log-position.js';
import type { RelayStatus } from './event-log/outbox.service.js';
import type { Page } from './http/page.js';
import { Problem } from './http/problem.js';
import type { Room } from './room.js';

/** What runs in this process and how far it is: the source of health and of the accounting. */

interface AccountingRow {
  readonly topic: string;
  readonly partition: number;
  readonly read: number;
  readonly counted: number;
  readonly duplicate: number;
  readonly quarantined: number;
  readonly ignored: number;
  /** Offsets that were given up at gaps. */
  readonly skipped: number;
  readonly nextOffset: number;
  /** Of the quarantined: those that a replay has settled since. */
  readonly replayed: {
    readonly read: number;
    readonly counted: number;
    readonly duplicate: number;
    readonly ignored: number;
  };
}

export interface SystemAccounting {
  readonly partitions: readonly (AccountingRow & {
    readonly room: string;
    /** Records not read yet. */
    readonly lag: number;
    readonly lagSeconds: number | null;
  })[];
  readonly outbox: readonly { readonly room: string; readonly waiting: number }[];
}

/** A relay that has tried for longer is not well; a broker that changes its leader takes less. */
const RELAY_PATIENCE_MS = 5_000;

export class System {
  constructor(
    private readonly databases: ReadonlyMap<string, DataSource>,
    private readonly running: readonly Pick<Room, 'name' | 'writes'>[],
    private readonly partitionStatuses: readonly PartitionStatus[],
    private readonly log: {
      ends(): Promise<readonly { topic: string; partition: number; nextOffset: number }[]>;
      extentsOf(topic: string): Promise<ReadonlyMap<number, LogExtent>>;
      ping(topics: readonly string[]): Promise<void>;
      waitingSince(positions: readonly PartitionPosition[]): Promise<readonly (Date | 'nothing' | null)[]>;
    },
    private readonly clock: Clock,
    private readonly relays: readonly RelayStatus[],
  ) {}

  rooms(): string[] {
    return this.running.map(({ name }) => name);
  }

  consumers(): PartitionStatus[] {
    return this.partitionStatuses.map((status) => ({ ...status }));
  }

  /** The same with the age in seconds of the oldest record that waits: see `lagSeconds` of the route. */
  async consumersWithLag(): Promise<(PartitionStatus & { readonly lagSeconds: number | null })[]> {
    const consumers = this.consumers();
    const lags = await this.lagSecondsOf(consumers, 0);
    return consumers.map((status, index) => ({ ...status, lagSeconds: lags[index]! }));
  }

  /**
   * @throws the driver's error when a room's database does not answer
   * @throws Problem 503 when the event log does not answer, a topic is missing, a room has not joined its readers yet, or its facts
   *   have not been sent for 5 s
   */
  async ping(): Promise<void> {
    await Promise.all([...this.databases.values()].map((database) => database.query('select 1')));
    const joining = this.partitionStatuses.filter((status) => status.state === 'joining');
    if (joining.length > 0) {
      const reasons = [...new Set(joining.map(({ room, reason }) => `${room}: ${reason ?? 'is joining'}`))];
      throw new Problem(503, 'not-joined', reasons.join('; '), { consumers: this.consumers() });
    }
    await this.log.ping(this.running.flatMap(({ writes = [] }) => writes)).catch(refuseAsAway);
    this.refuseUnsentFacts();
  }

  private refuseUnsentFacts(): void {
    const stuck = this.relays.filter(
      ({ tryingSinceMs }) => tryingSinceMs !== null && performance.now() - tryingSinceMs > RELAY_PATIENCE_MS,
    );
    if (stuck.length === 0) return;
    const reasons = stuck.map(({ room, reason }) => `${room}: ${reason ?? 'its relay waits for an answer'}`);
    throw new Problem(503, 'facts-not-sent', reasons.join('; '));
  }

  /**
   * Per room and partition the account since the beginning; the lag is held against the log's end now.
   * @throws Problem 503 when the event log does not answer
   */
  async accounting(): Promise<SystemAccounting> {
    const ends = await this.log.ends().catch(refuseAsAway);
    const perRoom = await Promise.all(
      [...this.databases].map(async ([room, database]) => {
        const rows = await database.query<AccountingRow[]>(ACCOUNTING);
        const [{ waiting }] = await database.query<[{ waiting: number }]>(
          'select count(*) as waiting from outbox',
        );
        const behind = rows.map((row) => ({ ...row, room, lag: lagOf(row, ends) }));
        // Where a reader has not heard of the new end yet, how long it waits is not known.
        const lags = await this.lagSecondsOf(
          behind.filter(({ lag }) => lag > 0),
          null,
        );
        const partitions = behind.map((row) => ({
          ...row,
          lagSeconds: row.lag > 0 ? (lags.shift() ?? null) : 0,
        }));
        return { partitions, outbox: { room, waiting } };
      }),
    );
    return {
      partitions: perRoom.flatMap((room) => room.partitions),
      outbox: perRoom.map((room) => room.outbox),
    };
  }

  /**
   * The partitions of a topic in which a room has records left to read, whichever process reads them: held against the log's end at the
   * moment of the question.
   * @throws EventLogError when the event log does not answer
   */
  async unreadPartitions(room: string, topic: string): Promise<number[]> {
    const extents = await this.log.extentsOf(topic);
    const rows = await this.databases
      .get(room)!
      .query<{ partition: number; nextOffset: number }[]>(
        'select partition, next_offset as "nextOffset" from consumer_position where topic = $1',
        [topic],
      );
    const positions = new Map(rows.map(({ partition, nextOffset }) => [partition, nextOffset]));
    return [...extents]
      .filter(([partition, { first, next }]) => (positions.get(partition) ?? first) < next)
      .map(([partition]) => partition);
  }

  /**
   * The rows behind the sums, of the rooms of this process.
   * @throws Problem 404 for a room that is not here, 400 for a cursor that no page gave
   */
  accountingRanges(wanted: RangesWanted): Promise<Page<AccountingRange>> {
    return readAccountingRanges(this.databases, wanted);
  }

  private async lagSecondsOf(
    positions: readonly PartitionPosition[],
    whenNothingWaits: 0 | null,
  ): Promise<(number | null)[]> {
    const since = await this.log.waitingSince(positions).catch(refuseAsAway);
    const nowMs = this.clock.now().getTime();
    return since.map((taken) => {
      if (taken === null) return null;
      if (taken === 'nothing') return whenNothingWaits;
      // The log's clock may run ahead of ours.
      return Math.max(0, nowMs - taken.getTime()) / 1000;
    });
  }
}

function refuseAsAway(error: unknown): never {
  if (!(error instanceof EventLogError)) throw error;
  throw new Problem(503, 'event-log-away', error.message);
}

function lagOf(
  row: AccountingRow,
  ends: readonly { topic: string; partition: number; nextOffset: number }[],
): number {
  const end = ends.find((head) => head.topic === row.topic && head.partition === row.partition);
  return end ? end.nextOffset - row.nextOffset : 0;
}

const ACCOUNTING = `
  select position.topic, position.partition, next_offset as "nextOffset",
         (select coalesce(sum(skipped), 0)::bigint from consumer_decision as decision
          where decision.topic = position.topic and decision.partition = position.partition) as skipped,
         coalesce(sum(read) filter (where kind = 'log'), 0)::bigint as read,
         coalesce(sum(counted) filter (where kind = 'log'), 0)::bigint as counted,
         coalesce(sum(duplicate) filter (where kind = 'log'), 0)::bigint as duplicate,
         coalesce(sum(quarantined) filter (where kind = 'log'), 0)::bigint as quarantined,
         coalesce(sum(ignored) filter (where kind = 'log'), 0)::bigint as ignored,
         json_build_object(
           'read', coalesce(sum(read) filter (where kind = 'replay'), 0),
           'counted', coalesce(sum(counted) filter (where kind = 'replay'), 0),
           'duplicate', coalesce(sum(duplicate) filter (where kind = 'replay'), 0),
           'ignored', coalesce(sum(ignored) filter (where kind = 'replay'), 0)) as replayed
  from consumer_position as position left join consumer_accounting using (topic, partition)
  group by position.topic, position.partition, next_offset
  order by position.topic, position.partition`;
