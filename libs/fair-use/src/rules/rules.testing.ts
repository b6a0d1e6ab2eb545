import { SEVERITIES, type Severity } from '@taxameter/contracts';
import { endOfGrain, minuteOf } from '../signals/minute.js';
import {
  emptyRow,
  type PairHour,
  type PairMinute,
  type RouteMinute,
  type SmsHour,
  type SmsMinute,
} from '../signals/tables.js';
import { CONTACTS } from '../signals/signals.testing.js';
import type { Verdict } from './verdict.js';

/** Rows for the specs of rules, of which a test names only what it is about. */

export const NOON = minuteOf('2026-09-30T12:00:00Z');

/** Of the hour that begins at noon the last minute, by which it is named. */
export const LAST_OF_HOUR = endOfGrain(NOON, 60);
/** The hour that begins at noon, named by its last minute. */
export const NOON_HOUR = endOfGrain(NOON, 60);

const PAIR = { integrationId: 'isv_eksempel', agreementId: '148383' };

export const times = <Value>(count: number, value: Value) => Array<Value>(count).fill(value);

/** Rows of consecutive minutes of which the last is the one judged, each with these measures and no others. */
export function minutesOf(measures: readonly Partial<PairMinute>[]): PairMinute[] {
  return measures.map((given, index) => ({
    ...emptyRow('pairs', { ...PAIR, minute: NOON - measures.length + 1 + index }),
    ...given,
  }));
}

/** Rows of consecutive hours of which the last is the one that begins at noon, each with these measures and no others. */
export function hoursOf(measures: readonly Partial<PairHour>[], agreementId = PAIR.agreementId): PairHour[] {
  return measures.map((given, index) => ({
    ...emptyRow('pairHours', {
      ...PAIR,
      agreementId,
      minute: NOON_HOUR - (measures.length - 1 - index) * 60,
    }),
    ...given,
  }));
}

/** The row of a route so many minutes before noon, with these measures and no others. */
export function sweepsAt(minutesBefore: number, measures: Partial<RouteMinute>): RouteMinute {
  return {
    ...emptyRow('routes', { ...PAIR, route: CONTACTS, minute: NOON - minutesBefore }),
    ...measures,
  };
}

/** The SMS of the minute so many before noon. */
export function smsMinute(minutesBefore: number, measures: Partial<SmsMinute>): SmsMinute {
  return { ...emptyRow('smsMinutes', { ...PAIR, minute: NOON - minutesBefore }), ...measures };
}

/** The SMS of the hour so many before the one that begins at noon. */
export function smsHour(hoursBefore: number, measures: Partial<SmsHour>): SmsHour {
  return { ...emptyRow('smsHours', { ...PAIR, minute: LAST_OF_HOUR - hoursBefore * 60 }), ...measures };
}

/** From -1 for nothing to 3 for critical. */
export const rankOf = (verdict: { readonly severity: Severity } | null) =>
  verdict ? SEVERITIES.indexOf(verdict.severity) : -1;

/** Whether the second verdict is at least as bad as the first, in severity and, where that is equal, in value. */
export function isAtLeast(after: Verdict | null, before: Verdict | null): boolean {
  if (rankOf(after) !== rankOf(before)) return rankOf(after) > rankOf(before);
  return (after?.value ?? 0) >= (before?.value ?? 0);
}
