import type { DataSource } from 'typeorm';
import type { OnEventsExtras } from '../event-log/on-events.decorator.js';
import type { Room } from '../room.js';
import type { AuditFindings } from './audit-report.js';
import type { AuditWanted } from './audit-wanted.js';

interface DecisionRow {
  readonly topic: string;
  readonly partition: number;
  readonly kind: 'skip-lost' | 'new-log';
  readonly fromGeneration: number;
  readonly fromOffset: number;
  readonly toOffset: number;
  readonly decidedAt: Date;
  readonly actor: string;
  readonly reason: string;
}

/** Says what people gave up at gaps: nobody read it and nothing can be held against it, which is no difference. */
export async function noteDecisions({
  room,
  reads,
  database,
  wanted,
  findings,
}: {
  readonly room: Pick<Room, 'name'>;
  readonly reads: readonly Pick<OnEventsExtras, 'topic'>[];
  readonly database: DataSource;
  readonly wanted: AuditWanted;
  readonly findings: AuditFindings;
}): Promise<void> {
  const rows = await database.query<DecisionRow[]>(DECISIONS, [
    reads.map(({ topic }) => topic),
    wanted.partition ?? null,
  ]);
  for (const row of rows) {
    const { topic, partition, kind, fromGeneration, fromOffset, toOffset } = row;
    const isSkip = kind === 'skip-lost';
    const [from, to] = isSkip ? [fromOffset, toOffset] : [0, fromOffset];
    const what = isSkip
      ? 'these offsets were lost and given up'
      : `the log was made anew, generation ${fromGeneration + 1} is read from ${toOffset}; what was counted of generation ${fromGeneration} cannot be read again`;
    const detail = `${what}: decided by ${row.actor} at ${row.decidedAt.toISOString()}: ${row.reason}`;
    findings.note({ room: room.name, topic, partition, fromOffset: from, toOffset: to, detail });
  }
}

const DECISIONS = `
  select topic, partition, kind, from_generation as "fromGeneration", from_offset as "fromOffset",
         to_offset as "toOffset", decided_at as "decidedAt", reason,
         coalesce(nullif(trim(actor_name), ''), actor_id) as actor
  from consumer_decision
  where topic = any($1) and ($2::integer is null or partition = $2)
  order by topic, partition, id limit 1000`;
