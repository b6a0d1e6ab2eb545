import type { UsageBatch } from '../signals/store-signals.service.js';
import { heardOf } from './heard.js';

/** Keeps when each source was heard, a row for each source and partition, so that no two batches wait for each other. */

/** More sources than this are not watched on a partition: who invents one for each event fills no table. */
export const MAX_SOURCES = 1_000;

/**
 * In the batch's transaction. Events out of quarantine say nothing of when a source was heard.
 * @param silentMinutes a source that was not heard for so long begins anew
 */
export async function hearSources(
  { tx, topic, partition, events, isReplay }: UsageBatch,
  silentMinutes: number,
): Promise<void> {
  if (isReplay) return;
  const heard = [...heardOf(events)];
  const column = <Value>(valueOf: (entry: (typeof heard)[number]) => Value) => heard.map(valueOf);
  await tx.query(HEAR, [
    topic,
    partition,
    MAX_SOURCES,
    column(([source]) => source),
    column(([, { minute }]) => minute),
    column(([, { minutes }]) => minutes),
    column(([, { firstAppend }]) => firstAppend.toISOString()),
    column(([, { newestAppend }]) => newestAppend.toISOString()),
    column(([, { oldestEvent }]) => oldestEvent.toISOString()),
    column(([, { newestEvent }]) => newestEvent.toISOString()),
    silentMinutes,
  ]);
}

// Where a source begins anew, `heard_since` and `heard_from` tell when it came back, and from when on it
// tells. Bits are shifted to the newest of both minutes; a shift by more than there are leaves none.
const HEAR = `
  insert into source_heard as kept
    (topic, partition, source, minute, minutes, heard_since, newest_append, heard_from, newest_event)
  select $1, $2, added.source, added.minute, added.minutes::bit(60), first_append, newest_append, oldest_event, newest_event
  from unnest($4::text[], $5::integer[], $6::text[], $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[])
    as added (source, minute, minutes, first_append, newest_append, oldest_event, newest_event)
  where (select count(*) from source_heard where topic = $1 and partition = $2) < $3
     or exists (select from source_heard as known
                where known.topic = $1 and known.partition = $2 and known.source = added.source)
  on conflict (topic, partition, source) do update set
    minutes = (kept.minutes >> greatest(excluded.minute - kept.minute, 0))
            | (excluded.minutes >> greatest(kept.minute - excluded.minute, 0)),
    minute = greatest(kept.minute, excluded.minute),
    heard_since = case when excluded.heard_since - kept.newest_append >= make_interval(mins => $11)
      then excluded.heard_since else kept.heard_since end,
    heard_from = case when excluded.heard_since - kept.newest_append >= make_interval(mins => $11)
      then excluded.heard_from else least(kept.heard_from, excluded.heard_from) end,
    newest_append = greatest(kept.newest_append, excluded.newest_append),
    newest_event = greatest(kept.newest_event, excluded.newest_event)`;
