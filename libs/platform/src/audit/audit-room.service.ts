import { topicNamed, type Topic } from '@taxameter/contracts';
import type { DataSource } from 'typeorm';
import type { LogReader } from '../event-log/log-reader.js';
import type { OnEventsExtras } from '../event-log/on-events.decorator.js';
import type { Room } from '../room.js';
import { noteDecisions } from './audit-decisions.service.js';
import { auditPartition, type AuditTools } from './audit-partition.service.js';
import type { AuditFindings } from './audit-report.js';
import type { AuditWanted } from './audit-wanted.js';
import { DistinctCount } from './distinct-count.js';
import { KnownIdentities } from './known-identities.service.js';

/** Audits one room: its accounting by itself, against the log, and its tables against its accounting. */

export interface RoomToAudit {
  readonly room: Room;
  readonly reads: readonly OnEventsExtras[];
  readonly database: DataSource;
  readonly reader: LogReader;
  readonly wanted: AuditWanted;
  readonly findings: AuditFindings;
  readonly onProgress: AuditTools['onProgress'];
}

interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly generation: number;
  readonly nextOffset: number;
}

export async function auditRoom(what: RoomToAudit): Promise<void> {
  const { room, reads, database, findings, wanted } = what;
  findings.checked.rooms += 1;
  // Before anything is read: what is committed after this is not looked at.
  const positions = await database.query<Position[]>(
    `select topic, partition, log_generation as generation, next_offset as "nextOffset"
     from consumer_position order by topic, partition`,
  );
  await checkRanges(what);
  await noteDecisions(what);
  for (const { topic, types } of reads) {
    const ofTopic = positions.filter(
      (position) =>
        position.topic === topic && position.partition === (wanted.partition ?? position.partition),
    );
    await auditTopic(what, topicNamed(topic), types, ofTopic);
  }
  for (const auditor of room.auditors ?? []) {
    if (wanted.topic !== undefined && auditor.topic !== wanted.topic) continue;
    const [numbers] = await database.query<{ expected: number; found: number }[]>(auditor.sql);
    const { expected, found } = { expected: Number(numbers?.expected), found: Number(numbers?.found) };
    if (expected === found) continue;
    const place = {
      room: room.name,
      topic: auditor.topic,
      partition: null,
      fromOffset: null,
      toOffset: null,
    };
    findings.differ({ check: 'auditor', ...place, expected, found, detail: auditor.name });
  }
}

async function checkRanges({ room, reads, database, wanted, findings }: RoomToAudit): Promise<void> {
  const rows = await database.query<(Position & { expected: number; found: number })[]>(RANGES, [
    reads.map(({ topic }) => topic),
    wanted.partition ?? null,
  ]);
  for (const { topic, partition, expected, found } of rows) {
    const isGap = found > expected;
    const [fromOffset, toOffset] = isGap ? [expected, found] : [found, expected];
    const detail = isGap ? 'no row accounts for these offsets' : 'two rows account for these offsets';
    findings.differ({
      check: 'ranges',
      room: room.name,
      topic,
      partition,
      fromOffset,
      toOffset,
      expected,
      found,
      detail,
    });
  }
}

async function auditTopic(
  what: RoomToAudit,
  topic: Topic,
  types: readonly string[],
  positions: readonly Position[],
): Promise<void> {
  const { room, database, reader, wanted, findings, onProgress } = what;
  const everywhere = {
    room: room.name,
    topic: topic.name,
    partition: null,
    fromOffset: null,
    toOffset: null,
  };
  const isNarrowed = wanted.partition !== undefined || wanted.from !== undefined || wanted.to !== undefined;
  const extents = new Map<number, { first: number; next: number }>();
  for (const { partition } of positions) extents.set(partition, await reader.extentOf(topic.name, partition));
  const isWhole =
    !isNarrowed &&
    topic.identity !== 'key-and-version' &&
    [...extents.values()].every(({ first }) => first === 0) &&
    positions.every(({ generation }) => generation === 0);
  const distinct = isWhole ? new DistinctCount() : null;
  const identities = new KnownIdentities(database, topic);
  const tools = { database, reader, identities, distinct, findings, onProgress };
  for (const { partition, generation, nextOffset } of positions) {
    const { first, next } = extents.get(partition)!;
    const toOffset = Math.min(wanted.to ?? nextOffset, nextOffset);
    const fromOffset = await firstRow(what, { topic: topic.name, partition, generation }, first);
    const place = {
      room: room.name,
      topic: topic.name,
      partition,
      fromOffset: wanted.from ?? 0,
      toOffset: first,
    };
    if (first > (wanted.from ?? 0) && nextOffset > 0) {
      findings.note({
        ...place,
        detail: 'the log does not hold these offsets any more (retention); they were not compared',
      });
    }
    findings.checked.partitions += 1;
    if (fromOffset === null || fromOffset >= toOffset) continue;
    await auditPartition(
      { room: room.name, topic, partition, generation, types, fromOffset, toOffset, logEnd: next },
      tools,
    );
  }
  for (const difference of distinct?.differences() ?? []) findings.differ(difference);
  if (distinct?.isFull) {
    findings.note({
      ...everywhere,
      detail: 'more than 25,165,824 different events: their number was not compared with those counted',
    });
  }
  if (distinct === null && !isNarrowed && topic.identity !== 'key-and-version') {
    findings.note({
      ...everywhere,
      detail:
        'not every record is in the log any more: the number of different events was not compared with those counted',
    });
  }
  if (topic.identity === 'message-id' && !isNarrowed) await checkKeptMessages(what, topic.name);
}

/** The row in which the stretch begins; a row whose first records the log has no more is left out. */
async function firstRow(
  { database, wanted }: RoomToAudit,
  { topic, partition, generation }: Pick<Position, 'topic' | 'partition' | 'generation'>,
  logStart: number,
): Promise<number | null> {
  const [row] = await database.query<{ first: number | null }[]>(
    `select min(from_offset) as first from consumer_accounting
     where kind = 'log' and topic = $1 and partition = $2 and to_offset > $3 and from_offset >= $4
       and log_generation = $5`,
    [topic, partition, wanted.from ?? 0, logStart, generation],
  );
  return row?.first ?? null;
}

/** Messages are known for ever, so there are as many as were ever counted or refused by the room after it knew them. */
async function checkKeptMessages({ room, database, findings }: RoomToAudit, topic: string): Promise<void> {
  const place = { room: room.name, topic, partition: null, fromOffset: null, toOffset: null };
  const [kept] = await database.query<{ expected: number; found: number; replays: boolean }[]>(
    KEPT_MESSAGES,
    [topic, REFUSED_BEFORE_KNOWN],
  );
  const { expected, found, replays } = kept!;
  if (replays)
    findings.note({
      ...place,
      detail: 'events were replayed: identities kept were not compared with those counted',
    });
  else if (expected !== found) {
    findings.differ({
      check: 'kept_identities',
      ...place,
      expected,
      found,
      detail: 'message ids that are kept, against those counted',
    });
  }
}

/** Reasons of platform; every other one is a room's, given after the identity was kept. */
const REFUSED_BEFORE_KNOWN = [
  ...['not_json', 'not_a_batch', 'not_an_event', 'unknown_type', 'breaks_schema', 'wrong_topic', 'too_late'],
  ...['in_the_future', 'conflicting_duplicate', 'refused_by_database'],
];

const KEPT_MESSAGES = `
  select (select count(*) from seen_message) as found,
         coalesce(sum(counted) filter (where kind = 'log'), 0)::bigint
           + (select count(*) from quarantine where topic = $1 and reason <> all($2)) as expected,
         coalesce(bool_or(kind = 'replay'), false) as replays
  from consumer_accounting where topic = $1`;

/**
 * Where a row does not begin at the end of the one before it, and where the last one does not end at the position, or where a log
 * that was there before was left. What a person decided to step over is accounted for by the decision.
 */
const RANGES = `
  with accounted as (
    select topic, partition, log_generation, from_offset, to_offset from consumer_accounting where kind = 'log'
    union all
    select topic, partition, to_generation, to_offset - skipped, to_offset from consumer_decision where skipped > 0
  ), ranges as (
    select *, coalesce(lag(to_offset) over (partition by topic, partition, log_generation order by from_offset), 0) as before
    from accounted
    where topic = any($1) and ($2::integer is null or partition = $2)
  ), reached as (
    select topic, partition, log_generation, max(to_offset) as reached from ranges group by 1, 2, 3
  ), ends as (
    select topic, partition, log_generation, next_offset as left_at from consumer_position
    union all
    select topic, partition, from_generation, from_offset from consumer_decision where kind = 'new-log'
  ), wanted as (
    select * from ends where topic = any($1) and ($2::integer is null or partition = $2)
  )
  select topic, partition, before as expected, from_offset as found from ranges where before <> from_offset
  union all
  select topic, partition, coalesce(reached, 0), coalesce(left_at, 0)
  from wanted full join reached using (topic, partition, log_generation)
  where coalesce(reached, 0) <> coalesce(left_at, 0)
  order by 1, 2, 3 limit 1000`;
