import type { System } from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import type { Policies } from '../policy/policies.js';
import { readUpTo } from '../profile/profile-window.js';
import { minuteOf } from '../signals/minute.js';
import { partitionName, unreadUsage, USAGE_TOPICS } from '../signals/usage-read.service.js';
import { closedBefore } from './judge.js';

/**
 * Knows which minutes are closed: all partitions of calls and of SMS were read past them, and the time that one may be told of late. A partition that was read to its end holds nothing back, however old
 * its newest call is.
 */

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
