import type { Topic } from '@taxameter/contracts';
import type { DataSource } from 'typeorm';
import { decodeRecord } from '../event-log/decode-record.js';
import type { LogReader } from '../event-log/log-reader.js';
import type { StoredRecord } from '../event-log/record.js';
import type { AuditFindings, AuditPlace } from './audit-report.js';
import { compareRange, emptyRecount, type AccountedRange, type Recount } from './compare-range.js';
import type { DistinctCount } from './distinct-count.js';
import type { IdentifiedEvent, KnownIdentities } from './known-identities.service.js';

/** Reads a stretch of one topic-partition again and holds each row of a room's accounting against it. */

export interface PartitionToAudit {
  readonly room: string;
  readonly topic: Topic;
  readonly partition: number;
  /** The log that is there now. */
  readonly generation: number;
  /** Types that the room wants; none named: all. */
  readonly types: readonly string[];
  /** The row's first offset from which on the stretch is read, and where it ends: the room's position at the most. */
  readonly fromOffset: number;
  readonly toOffset: number;
  /** The offset after the last record that the log has. */
  readonly logEnd: number;
}

export interface AuditTools {
  readonly database: DataSource;
  readonly reader: LogReader;
  readonly identities: KnownIdentities;
  /** null when not the whole topic is read. */
  readonly distinct: DistinctCount | null;
  readonly findings: AuditFindings;
  readonly onProgress: (place: {
    room: string;
    topic: string;
    partition: number;
    offset: number;
    end: number;
  }) => void;
}

interface JudgedRecord {
  readonly offset: number;
  readonly recount: Recount;
  fresh: number;
}

const ROWS_PER_PAGE = 1_000;
/**
 * They were refused before their identity was kept. A call that was known with another body (`COMPARE_CALL_BODIES`) is taken at its word:
 * whether bodies were compared when it was read, no table tells. Of SMS the bodies are held against each other again.
 */
const UNCLAIMED = new Set<string | undefined>(['refused_by_database', 'conflicting_duplicate']);

export async function auditPartition(what: PartitionToAudit, tools: AuditTools): Promise<void> {
  const audit = new PartitionAudit(what, tools);
  const { topic, partition, fromOffset, toOffset, logEnd } = what;
  const stretch = { topic: topic.name, partition, fromOffset, toOffset: Math.min(toOffset, logEnd) };
  await tools.reader.read(stretch, (records) => audit.take(records));
  await audit.finish();
}

class PartitionAudit {
  private page: AccountedRange[] = [];
  private nextPageFrom: number;
  private recount = emptyRecount();
  private fresh = 0;
  private compacted = 0;
  private readonly droppedDays = new Set<string>();

  constructor(
    private readonly what: PartitionToAudit,
    private readonly tools: AuditTools,
  ) {
    this.nextPageFrom = what.fromOffset;
  }

  async take(records: readonly StoredRecord[]): Promise<void> {
    const { room, topic, partition, toOffset } = this.what;
    const { checked } = this.tools.findings;
    for (const { offset, recount, fresh } of await this.judge(records)) {
      checked.records += 1;
      checked.events += recount.read;
      const row = await this.rowUpTo(offset);
      // A record between two rows: that they do not meet is said already.
      if (row === undefined || offset < row.fromOffset) continue;
      for (const name of Object.keys(recount) as (keyof Recount)[]) this.recount[name] += recount[name];
      this.fresh += fresh;
    }
    const offset = (records.at(-1)?.offset ?? 0) + 1;
    this.tools.onProgress({ room, topic: topic.name, partition, offset, end: toOffset });
  }

  async finish(): Promise<void> {
    await this.rowUpTo(this.what.toOffset);
    const { findings } = this.tools;
    if (this.compacted > 0) {
      const detail = `${this.compacted} ranges were compacted by Kafka since they were read and could not be compared`;
      findings.note({ ...this.place(), detail });
    }
    if (this.droppedDays.size > 0) {
      const days = [...this.droppedDays].sort();
      const detail = `identities of calls of ${days.length} days (${days[0]} … ${days.at(-1)}) are not kept any more`;
      findings.note({ ...this.place(), detail });
    }
  }

  /** Ends all rows that lie below the offset and gives the next one. */
  private async rowUpTo(offset: number): Promise<AccountedRange | undefined> {
    for (;;) {
      if (this.page.length === 0) this.page = await this.nextPage();
      const row = this.page[0];
      if (row === undefined || row.toOffset > offset) return row;
      this.endRow(row);
      this.page.shift();
    }
  }

  private endRow(row: AccountedRange): void {
    const { recount, fresh } = this;
    const { findings, distinct } = this.tools;
    [this.recount, this.fresh] = [emptyRecount(), 0];
    findings.checked.ranges += 1;
    const place = this.place(row);
    const hasHoles = recount.records < row.toOffset - row.fromOffset;
    if (this.what.topic.compacted && hasHoles && recount.read < row.read) {
      this.compacted += 1;
      return;
    }
    for (const difference of compareRange(place, row, recount)) findings.differ(difference);
    distinct?.addRow(place, { counted: row.counted, fresh });
  }

  private place(range?: { fromOffset: number; toOffset: number }): AuditPlace {
    const { room, topic, partition, fromOffset, toOffset } = this.what;
    return {
      room,
      topic: topic.name,
      partition,
      ...(range ? { fromOffset: range.fromOffset, toOffset: range.toOffset } : { fromOffset, toOffset }),
    };
  }

  private async nextPage(): Promise<AccountedRange[]> {
    const { topic, partition, generation, toOffset } = this.what;
    const rows = await this.tools.database.query<AccountedRange[]>(
      `select from_offset as "fromOffset", to_offset as "toOffset", read, counted, duplicate, quarantined, ignored
       from consumer_accounting
       where kind = 'log' and topic = $1 and partition = $2 and from_offset >= $3 and from_offset < $4
         and log_generation = $6
       order by from_offset limit $5`,
      [topic.name, partition, this.nextPageFrom, toOffset, ROWS_PER_PAGE, generation],
    );
    const last = rows.at(-1);
    if (last !== undefined) this.nextPageFrom = last.fromOffset + 1;
    return rows;
  }

  private async judge(records: readonly StoredRecord[]): Promise<JudgedRecord[]> {
    const { topic, types } = this.what;
    const decoded = records.map((record) => decodeRecord(topic, record));
    const received = decoded.flatMap((record) => record.received);
    const wanted = received.filter(({ event }) => types.length === 0 || types.includes(event.type));
    const isWanted = new Set(wanted);
    const judged = new Map<number, JudgedRecord>();
    for (const [index, { offset }] of records.entries()) {
      const { received: good, refused, tombstones } = decoded[index]!;
      const ignored = tombstones + good.filter((event) => !isWanted.has(event)).length;
      const read = good.length + refused.length + tombstones;
      const recount = { ...emptyRecount(), records: 1, read, ignored, quarantined: refused.length };
      judged.set(offset, { offset, recount, fresh: 0 });
    }
    const reasons = await this.quarantineReasons(records);
    for (const identified of await this.tools.identities.identify(wanted)) {
      const { offset, index } = identified.received.position;
      this.judgeEvent(judged.get(offset)!, identified, reasons.get(`${offset} ${index}`));
    }
    return [...judged.values()];
  }

  private judgeEvent(
    record: JudgedRecord,
    { received, known, identity }: IdentifiedEvent,
    reason?: string,
  ): void {
    const { recount } = record;
    if (UNCLAIMED.has(reason) || known === 'other_body') {
      recount.quarantined += 1;
      return;
    }
    if (known === 'day_dropped') this.droppedDays.add(received.time.toISOString().slice(0, 10));
    const { distinct } = this.tools;
    if (identity !== null && distinct?.add(identity.hash, identity.salt) && reason === undefined)
      record.fresh += 1;
    if (reason === undefined) {
      recount.valid += 1;
      if (known === 'unknown') recount.unknown += 1;
    } else recount.quarantined += 1;
  }

  /** What the room itself refused, which the record does not tell. */
  private async quarantineReasons(records: readonly StoredRecord[]): Promise<Map<string, string>> {
    if (records.length === 0) return new Map();
    const { topic, partition, generation } = this.what;
    const rows = await this.tools.database.query<{ offset: number; index: number; reason: string }[]>(
      `select "offset", index, reason from quarantine
       where topic = $1 and partition = $2 and "offset" >= $3 and "offset" <= $4
         and log_generation = $5`,
      [topic.name, partition, records[0]!.offset, records.at(-1)!.offset, generation],
    );
    return new Map(rows.map(({ offset, index, reason }) => [`${offset} ${index}`, reason]));
  }
}
