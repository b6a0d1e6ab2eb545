import type { ReceivedEvent } from '@taxameter/platform';
import { MINUTE_MS } from '../signals/minute.js';

/**
 * What a batch tells of the sources of its events: when each was heard, by the time at which the log took its events in. By that time
 * and not by that of the events: who sends what happened yesterday is heard today.
 */

/** For so many minutes back it is known in which of them a source was heard. */
export const MINUTES_KNOWN = 60;

export interface Heard {
  /** Whole minutes since 1970, UTC, of the newest append. */
  minute: number;
  /** A digit for each of `MINUTES_KNOWN` minutes, the newest first: 1 where it was heard. */
  minutes: string;
  firstAppend: Date;
  newestAppend: Date;
  oldestEvent: Date;
  newestEvent: Date;
}

/** By source. */
export function heardOf(
  events: readonly Pick<ReceivedEvent, 'event' | 'time' | 'appendedAt'>[],
): Map<string, Heard> {
  const heard = new Map<string, Heard & { readonly appends: Set<number> }>();
  for (const { event, time, appendedAt } of events) {
    const minute = Math.floor(appendedAt.getTime() / MINUTE_MS);
    const known = heard.get(event.source);
    if (!known) {
      heard.set(event.source, {
        minute,
        minutes: '',
        appends: new Set([minute]),
        firstAppend: appendedAt,
        newestAppend: appendedAt,
        oldestEvent: time,
        newestEvent: time,
      });
      continue;
    }
    if (time < known.oldestEvent) known.oldestEvent = time;
    if (time > known.newestEvent) known.newestEvent = time;
    if (appendedAt.getTime() === known.newestAppend.getTime()) continue;
    known.appends.add(minute);
    if (appendedAt < known.firstAppend) known.firstAppend = appendedAt;
    if (appendedAt > known.newestAppend) [known.newestAppend, known.minute] = [appendedAt, minute];
  }
  return new Map(
    [...heard].map(([source, { appends, ...rest }]) => {
      const minutes = Array.from({ length: MINUTES_KNOWN }, (_, back) => appends.has(rest.minute - back));
      return [source, { ...rest, minutes: minutes.map(Number).join('') }];
    }),
  );
}

/**
 * Up to which instant of the log's time nothing of a source can lie unread: now, or where the partition that is furthest behind was read.
 * @param newestAppends append time of the newest event read, by partition
 * @param unread partitions that have records left to read
 * @returns null when of one of these nothing was read
 */
export function listenedUpTo(
  now: Date,
  newestAppends: ReadonlyMap<string, Date>,
  unread: readonly string[],
): Date | null {
  if (unread.some((partition) => !newestAppends.has(partition))) return null;
  return new Date(
    Math.min(now.getTime(), ...unread.map((partition) => newestAppends.get(partition)!.getTime())),
  );
}
