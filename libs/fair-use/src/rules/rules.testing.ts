import { SEVERITIES, type Severity } from '@taxameter/contracts';
import { minuteOf } from '../signals/minute.js';
import { emptyRow, type PairMinute, type RouteMinute } from '../signals/tables.js';
import { CONTACTS } from '../signals/signals.testing.js';
import type { Verdict } from './verdict.js';

/** Rows for the specs of rules, of which a test names only what it is about. */

export const NOON = minuteOf('2026-09-30T12:00:00Z');

const PAIR = { integrationId: 'isv_eksempel', agreementId: '148383' };

export const times = <Value>(count: number, value: Value) => Array<Value>(count).fill(value);

/** Rows of consecutive minutes of which the last is the one judged, each with these measures and no others. */
export function minutesOf(measures: readonly Partial<PairMinute>[]): PairMinute[] {
  return measures.map((given, index) => ({
    ...emptyRow('pairs', { ...PAIR, minute: NOON - measures.length + 1 + index }),
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

/** From -1 for nothing to 3 for critical. */
export const rankOf = (verdict: { readonly severity: Severity } | null) =>
  verdict ? SEVERITIES.indexOf(verdict.severity) : -1;

/** Whether the second verdict is at least as bad as the first, in severity and, where that is equal, in value. */
export function isAtLeast(after: Verdict | null, before: Verdict | null): boolean {
  if (rankOf(after) !== rankOf(before)) return rankOf(after) > rankOf(before);
  return (after?.value ?? 0) >= (before?.value ?? 0);
}
