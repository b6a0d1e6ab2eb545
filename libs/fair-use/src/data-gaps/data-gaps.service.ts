import type { EntityManager } from 'typeorm';
import type { Policy } from '../policy/policy.js';

/** Opens a gap where an active source went silent, and resolves it when it is heard again. */

export interface GapChange {
  readonly source: string;
  readonly silentSince: Date;
  readonly backlogFrom: Date | null;
}

/** A source that was not heard for so long is forgotten, and its gap ends: it was taken down. */
const GONE_AFTER_DAYS = 7;
/** Gaps that ended before this are deleted. */
const KEPT_DAYS = 90;

const DAY_MS = 86_400_000;

/**
 * @param listenedTo as of `listenedUpTo`
 * @param now dates the gap
 */
export async function openGaps(
  tx: EntityManager,
  { silentMinutes, activeMinutes }: Policy['dataGap'],
  listenedTo: Date,
  now: Date,
): Promise<GapChange[]> {
  return tx.query<GapChange[]>(
    `insert into data_gap (source, silent_since, newest_event, opened_at)
     select source, max(newest_append), max(newest_event), $4
     from (select *, max(minute) over (partition by source) as newest_minute from source_heard) as heard
     group by source
     having max(newest_append) <= $1::timestamptz - make_interval(mins => $2)
       and bit_count(bit_or(minutes >> (newest_minute - minute))) >= $3
     on conflict (source) where resolved_at is null do nothing
     returning source, silent_since as "silentSince", backlog_from as "backlogFrom"`,
    [listenedTo, silentMinutes, activeMinutes, now],
  );
}

/**
 * Resolves the gaps of sources that were heard again, at the time at which they were. From when on they tell is known better when more of
 * the backlog is read, so for a while it is still corrected.
 */
export async function resolveGaps(
  tx: EntityManager,
  { silentMinutes }: Policy['dataGap'],
  now: Date,
): Promise<GapChange[]> {
  const [resolved] = await tx.query<[GapChange[], number]>(
    `update data_gap as gap
     set resolved_at = coalesce(gap.resolved_at, heard.since), resolution = 'heard-again', backlog_from = heard.back_to
     from (select gap_id,
             -- A row that does not begin anew was held against another number of minutes, of an earlier policy.
             min(case when heard_since > silent_since then heard_since else heard.newest_append end) as since,
             min(case when heard_since > silent_since then heard_from else heard.newest_event end) as back_to
           from data_gap join source_heard as heard using (source)
           where heard.newest_append > silent_since
             and (resolved_at is null or resolved_at > $1::timestamptz - make_interval(mins => $2))
           group by gap_id) as heard
     where gap.gap_id = heard.gap_id
       and (gap.resolved_at is null or gap.resolution = 'heard-again' and gap.backlog_from > heard.back_to)
     returning source, silent_since as "silentSince", backlog_from as "backlogFrom"`,
    [now, silentMinutes],
  );
  return resolved;
}

/** Forgets sources that are gone for good, and what is long over. */
export async function forgetSources(tx: EntityManager, now: Date): Promise<void> {
  const before = (days: number) => new Date(now.getTime() - days * DAY_MS);
  await tx.query(
    `update data_gap set resolved_at = $2, resolution = 'gone' where resolved_at is null and silent_since < $1`,
    [before(GONE_AFTER_DAYS), now],
  );
  await tx.query('delete from source_heard where newest_append < $1', [before(GONE_AFTER_DAYS)]);
  await tx.query('delete from data_gap where resolved_at < $1', [before(KEPT_DAYS)]);
}
