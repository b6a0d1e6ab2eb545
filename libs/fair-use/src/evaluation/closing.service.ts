import type { System } from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import type { Policies } from '../policy/policies.js';
import { readUpTo } from '../profile/profile-window.js';
import { minuteOf } from '../signals/minute.js';
import { partitionName, unreadUsage, USAGE_TOPICS } from '../signals/usage-read.service.js';
import { closedBefore, type DirtyMinute } from './judge.js';

/**
 * Keeps the minutes that wait until they are closed, and knows which are: all partitions of calls and of SMS were read past them,
 * and the time that one may be told of late. A partition that was read to its end holds nothing back, however old
 * its newest call is.
 */

const MARKS_PER_STEP = 500;

/**
 * Minutes before this one are closed; 0 while none can be that somebody waits for. The event log is asked
 * only when the newest call or SMS of all is far enough ahead: about once a minute of the log's time.
 * @throws EventLogError when the event log does not answer
 */
export async function minutesClosed(
  database: DataSource,
  system: System,
  policies: Policies,
): Promise<number> {
  const [{ oldest }] = await database.query<[{ oldest: number | null }]>(
    `select least((select min(minute) from unclosed_minute), (select min(next_minute) from breach_look)) as oldest`,
  );
  return minutesClosedFor(oldest, database, system, policies);
}

/**
 * As `minutesClosed`, for whoever else waits for minutes.
 * @param oldest the first one that somebody waits for; null: nobody waits
 * @throws EventLogError when the event log does not answer
 */
export async function minutesClosedFor(
  oldest: number | null,
  database: DataSource,
  system: System,
  policies: Policies,
): Promise<number> {
  if (oldest === null) return 0;
  const marks = await database.query<{ topic: string; partition: number; newest: Date }[]>(
    // A call may run ahead of the log by minutes: one fast clock must not close the minute that still runs for all.
    'select topic, partition, least(event_time, appended_at) as newest from watermark where topic = any($1)',
    [USAGE_TOPICS],
  );
  const newestEvents = new Map(
    marks.map(({ topic, partition, newest }) => [partitionName(topic, partition), newest]),
  );
  const newest = readUpTo(newestEvents, []);
  if (!newest || closedUpTo(newest, policies) <= oldest) return 0;
  // Asked after the marks: what is read to its end now was so up to them.
  const readTo = readUpTo(newestEvents, await unreadUsage(system));
  return readTo ? closedUpTo(readTo, policies) : 0;
}

/** How late a call may be is the same for all, so no integration is asked for. */
function closedUpTo(readTo: Date, policies: Policies): number {
  return closedBefore(readTo, policies.at('', '', minuteOf(readTo.toISOString())));
}

/** The oldest closed minutes of an integration that wait to be judged. */
export async function takeClosedMinutes(
  tx: EntityManager,
  integrationId: string,
  before: number,
): Promise<DirtyMinute[]> {
  const rows = await tx.query<(Omit<DirtyMinute, 'appendedAt'> & { appendedAt: Date })[]>(
    `select agreement_id as "agreementId", minute, appended_at as "appendedAt" from unclosed_minute
     where integration_id = $1 and minute < $2 order by minute, agreement_id limit $3`,
    [integrationId, before, MARKS_PER_STEP],
  );
  return rows.map((row) => ({ ...row, appendedAt: row.appendedAt.toISOString() }));
}

export async function leaveUntilClosed(
  tx: EntityManager,
  integrationId: string,
  marks: readonly DirtyMinute[],
): Promise<void> {
  if (marks.length === 0) return;
  await tx.query(
    `insert into unclosed_minute as kept (integration_id, agreement_id, minute, appended_at)
     select $1, * from unnest($2::text[], $3::integer[], $4::timestamptz[])
     on conflict (integration_id, minute, agreement_id)
     do update set appended_at = greatest(kept.appended_at, excluded.appended_at)`,
    [
      integrationId,
      marks.map((mark) => mark.agreementId),
      marks.map((mark) => mark.minute),
      marks.map((mark) => mark.appendedAt),
    ],
  );
}

export async function forgetClosed(
  tx: EntityManager,
  integrationId: string,
  judged: readonly DirtyMinute[],
): Promise<void> {
  if (judged.length === 0) return;
  await tx.query(
    `delete from unclosed_minute
     where integration_id = $1
       and (minute, agreement_id) in (select * from unnest($2::integer[], $3::text[]))`,
    [integrationId, judged.map((mark) => mark.minute), judged.map((mark) => mark.agreementId)],
  );
}
