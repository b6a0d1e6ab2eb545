import { ALL_TOPICS } from '@taxameter/contracts';
import type { PoolClient } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import type { Clock } from '../clock.js';
import type { PartitionPosition } from './consumer-state.js';
import type { LogExtent } from './log-position.js';
import type { EventLogProducer, NewRecord, StoredRecord } from './record.js';
import { TableLog1760000000000 } from './table-log.migration.js';

/** The event log as a table in PostgreSQL: what standalone has instead of Kafka, with the same contract. */

export const TABLE_LOG_ROOM = { name: 'event-log', migrations: [TableLog1760000000000] };

export interface LogHead {
  readonly topic: string;
  readonly partition: number;
  /** The offset that the next record will get. */
  readonly nextOffset: number;
}

const NOTIFY_CHANNEL = 'taxameter_event_log';
const MAX_RECORDS_PER_READ = 500;
const MAX_BYTES_PER_READ = 8_000_000;

export class TableLog implements EventLogProducer {
  constructor(
    private readonly database: DataSource,
    private readonly clock: Clock,
  ) {}

  async createTopics(): Promise<void> {
    for (const topic of ALL_TOPICS) {
      await this.database.query(
        `insert into log_head (topic, partition)
         select $1, generate_series(0, $2::integer - 1) on conflict do nothing`,
        [topic.name, topic.partitions],
      );
    }
  }

  async append(records: readonly NewRecord[]): Promise<void> {
    if (records.length === 0) return;
    await this.database.transaction((tx) => this.appendIn(tx, records));
  }

  private async appendIn(tx: EntityManager, records: readonly NewRecord[]): Promise<void> {
    const groups = new Map<string, NewRecord[]>();
    for (const record of records) {
      const name = `${record.topic} ${record.partition}`;
      const group = groups.get(name);
      if (group) group.push(record);
      else groups.set(name, [record]);
    }
    // Sorted, so that two appends lock the heads in the same order and never wait for each other in a circle.
    for (const name of [...groups.keys()].sort()) {
      const group = groups.get(name)!;
      const { topic, partition } = group[0]!;
      const [moved] = await tx.query<[{ first: number }[], number]>(
        `update log_head set next_offset = next_offset + $3 where topic = $1 and partition = $2
         returning next_offset - $3 as first`,
        [topic, partition, group.length],
      );
      const first = moved[0]?.first;
      if (first === undefined) throw new Error(`the log has no partition ${partition} of ${topic}`);
      for (const [index, { key, headers, value }] of group.entries()) {
        await tx.query(
          `insert into log_record (topic, partition, "offset", key, headers, value, appended_at)
           values ($1, $2, $3, $4, $5, $6, $7)`,
          [
            topic,
            partition,
            first + index,
            key,
            JSON.stringify(headers),
            value && Buffer.from(value),
            this.clock.now(),
          ],
        );
      }
    }
    await tx.query('select pg_notify($1, $2)', [NOTIFY_CHANNEL, '']);
  }

  async heads(topics: readonly string[]): Promise<LogHead[]> {
    return this.database.query<LogHead[]>(
      `select topic, partition, next_offset as "nextOffset" from log_head where topic = any($1) order by topic, partition`,
      [topics],
    );
  }

  async allHeads(): Promise<LogHead[]> {
    return this.heads(ALL_TOPICS.map((topic) => topic.name));
  }

  /** What the log has, by partition. */
  async extentsOf(topic: string): Promise<Map<number, LogExtent>> {
    const rows = await this.database.query<(LogExtent & { partition: number })[]>(
      `select partition, next_offset as next, coalesce(
                (select "offset" from log_record as record
                 where record.topic = head.topic and record.partition = head.partition
                 order by "offset" limit 1), next_offset) as first
       from log_head as head where topic = $1 order by partition`,
      [topic],
    );
    return new Map(rows.map(({ partition, first, next }) => [partition, { first, next }]));
  }

  /** Records from an offset on, at most 500 and about 8 MB (one record at least). */
  async read(topic: string, partition: number, fromOffset: number): Promise<StoredRecord[]> {
    return this.database.query<StoredRecord[]>(
      `select topic, partition, "offset", key, headers, value, appended_at as "appendedAt" from (
         select *, sum(coalesce(length(value), 0)) over (order by "offset") - coalesce(length(value), 0) as bytes_before
         from log_record where topic = $1 and partition = $2 and "offset" >= $3 order by "offset" limit $4
       ) as next where bytes_before < $5 order by "offset"`,
      [topic, partition, fromOffset, MAX_RECORDS_PER_READ, MAX_BYTES_PER_READ],
    );
  }

  /** When the oldest record at or after each position was appended; `nothing` where there is none. */
  async waitingSince(positions: readonly Omit<PartitionPosition, 'room'>[]): Promise<(Date | 'nothing')[]> {
    const rows = await this.database.query<{ appendedAt: Date | null }[]>(
      `select next.appended_at as "appendedAt"
       from unnest($1::text[], $2::integer[], $3::bigint[]) with ordinality
              as wanted (topic, partition, next_offset, place)
       left join lateral (
         select appended_at from log_record as record
         where record.topic = wanted.topic and record.partition = wanted.partition
           and record."offset" >= wanted.next_offset
         order by record."offset" limit 1
       ) as next on true
       order by place`,
      [
        positions.map(({ topic }) => topic),
        positions.map(({ partition }) => partition),
        positions.map(({ nextOffset }) => nextOffset),
      ],
    );
    return rows.map(({ appendedAt }) => appendedAt ?? 'nothing');
  }

  /** Calls back when something was appended, by any process. Returns how to stop listening. */
  async listen(onAppend: () => void, onLost: (error: Error) => void): Promise<() => Promise<void>> {
    const runner = this.database.createQueryRunner();
    const client = (await runner.connect()) as PoolClient;
    client.on('notification', onAppend);
    client.on('error', onLost);
    await client.query(`listen ${NOTIFY_CHANNEL}`);
    return async () => {
      client.removeAllListeners('notification');
      await client.query(`unlisten ${NOTIFY_CHANNEL}`).catch(() => undefined);
      client.removeListener('error', onLost);
      await runner.release();
    };
  }
}
