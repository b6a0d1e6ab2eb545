import { TOPICS } from '@taxameter/contracts';

/** How long partitions of tables are kept. What is old enough is dropped whole, a partition at a time. */

/** A table of a room that is partitioned by a range of time and whose old partitions are dropped. */
export interface PartitionedTable {
  readonly table: string;
  /** A partition is dropped when all of it lies further than this before now. */
  readonly keptDays: number;
  /** Makes the partition that holds the date `$1` unless it is there; called ahead of time. */
  readonly ensureSql: string;
}

const DAY_MS = 86_400_000;

/** Not longer than the shortest month: 28 days from now is this month or the next one, and none lies between. */
const AHEAD_DAYS = 28;

/**
 * Answers to commands are kept for so long, for who sends an `Idempotency-Key` again: longer than anybody repeats a request whose
 * answer was lost. Each holds what was answered, so the table would grow for ever.
 */
const ANSWERS_KEPT_DAYS = 30;

/** Answers to commands from before this instant can be forgotten. */
export function answersKeptFrom(now: Date): Date {
  return new Date(now.getTime() - ANSWERS_KEPT_DAYS * DAY_MS);
}

/** Dates (UTC) for which a room's tables must have their partitions now. */
export function datesAhead(now: Date): string[] {
  return [dateIn(now, 0), dateIn(now, AHEAD_DAYS)];
}

/** Days (UTC) of identities to be made: today's and tomorrow's. */
export function identityDaysAhead(now: Date): string[] {
  return [dateIn(now, 0), dateIn(now, 1)];
}

function dateIn(now: Date, days: number): string {
  return new Date(now.getTime() + days * DAY_MS).toISOString().slice(0, 10);
}

/** What is asked of the log for each partition: since when its oldest unread record waits; null: not known. */
export type WaitingSince = Date | 'nothing' | null;

/**
 * Identities of calls of days that end at or before this instant can be dropped: no record still to be read holds such a call.
 *
 * Lateness is judged by append time, and a call lies at most 7 days before it. A record may lie unread in Kafka for the 14 days
 * that the topic keeps it, so it can hold calls of 21 days ago. A log that keeps records longer (the table keeps them for ever)
 * says since when its oldest one waits: a room that stood still longer keeps more.
 */
export function identitiesKeptFrom(now: Date, waiting: readonly WaitingSince[]): Date {
  const { retentionMs, latestAfterMs } = TOPICS.apiCalls;
  const unreadMs = waiting.flatMap((since) => (since instanceof Date ? [since.getTime()] : []));
  return new Date(Math.min(now.getTime() - retentionMs, ...unreadMs) - latestAfterMs);
}

/** Partitions of a room's table that end at or before this instant can be dropped. */
export function tableKeptFrom(now: Date, { keptDays }: PartitionedTable): Date {
  return new Date(now.getTime() - keptDays * DAY_MS);
}
