import { agreementIdOf, type ApiCall, type ApiCallEvent } from '@taxameter/contracts';
import { bucketOf, DURATION_BUCKETS } from './durations.js';
import type { AnswerHour, PlatformMinute } from './harm-tables.js';
import { addSample } from './measure.js';
import { endOfGrain, MINUTE_MS } from './minute.js';
import { isAnsweredByRestriction } from './signals.js';

/** Turns calls into what the evidence of cases says of the platform and of their answers (`harm-tables.ts`). */

type Mutable<Row> = { -readonly [Field in keyof Row]: Row[Field] };
type PlatformRow = Mutable<Omit<PlatformMinute, 'durations'>> & { readonly durations: number[] };
type AnswerRow = Mutable<Omit<AnswerHour, 'eventIds'>> & { readonly eventIds: string[] };

export interface Harm {
  readonly platform: readonly PlatformMinute[];
  readonly answers: readonly AnswerHour[];
}

interface Call {
  readonly event: ApiCallEvent;
  /** `time` of the event as an instant. */
  readonly time: Date;
}

/**
 * What a batch of distinct calls of one partition says, rows in the order of their keys. Of the platform's work everything counts but
 * what our own restriction answered: also calls of nobody we know, and those that failed. So whatever counts against a
 * partner (`countsAgainstPartner`) is part of it, and a share is never above the whole.
 */
export function harmOf(calls: Iterable<Call>, partition: number): Harm {
  const platform = new Map<number, PlatformRow>();
  const answers = new Map<string, AnswerRow>();
  for (const { event, time } of calls) {
    const { data } = event;
    const ms = time.getTime();
    const minute = Math.floor(ms / MINUTE_MS);
    const isRestricted = isAnsweredByRestriction(data);
    // As in the signals of a pair: so a share is one of the same thing.
    const serverTimeMs = isRestricted ? 0 : Math.min(data.durationMs, (minute + 1) * MINUTE_MS - ms);
    if (!isRestricted) {
      const row = rowOf(platform, minute, partition);
      row.calls += 1;
      row.serverTimeMs += serverTimeMs;
      row.durations[bucketOf(data.durationMs)]! += 1;
    }
    if (data.integrationId === 'unknown') continue;
    const row = answerOf(answers, data, endOfGrain(minute, 60));
    row.calls += 1;
    row.serverTimeMs += serverTimeMs;
    row[isRestricted ? 'restricted' : classOf(data.status)] += 1;
    addSample(row.eventIds, event.id);
  }
  return {
    platform: [...platform.values()].sort((left, right) => left.minute - right.minute),
    answers: [...answers].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, row]) => row),
  };
}

function rowOf(rows: Map<number, PlatformRow>, minute: number, partition: number): PlatformRow {
  let row = rows.get(minute);
  if (!row) {
    const durations = new Array<number>(DURATION_BUCKETS).fill(0);
    rows.set(minute, (row = { partition, minute, calls: 0, serverTimeMs: 0, durations }));
  }
  return row;
}

function answerOf(rows: Map<string, AnswerRow>, call: ApiCall, minute: number): AnswerRow {
  const { integrationId, method, route } = call;
  const agreementId = agreementIdOf(call.organizationId);
  // No identifier holds `|` (contracts), and the route, which may, comes last: two rows never share a key.
  const key = `${minute}|${integrationId}|${agreementId}|${method}|${route}`;
  let row = rows.get(key);
  if (!row) {
    row = {
      ...{ integrationId, agreementId, minute, method, route, calls: 0, serverTimeMs: 0 },
      ...{ successes: 0, redirects: 0, refusals: 0, failures: 0, aborted: 0, restricted: 0, eventIds: [] },
    };
    rows.set(key, row);
  }
  return row;
}

function classOf(status: number): 'successes' | 'redirects' | 'refusals' | 'failures' | 'aborted' {
  if (status === 0) return 'aborted';
  if (status >= 500) return 'failures';
  if (status >= 400) return 'refusals';
  return status >= 200 && status < 300 ? 'successes' : 'redirects';
}
