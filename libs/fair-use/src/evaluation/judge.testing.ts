import type { ApiCallEvent, SmsSentEvent } from '@taxameter/contracts';
import { defaultPolicy } from '../policy/default-policy.js';
import type { Policy } from '../policy/policy.js';
import { minuteOf } from '../signals/minute.js';
import { servedCallsOf, signalsOf } from '../signals/signals.js';
import { smsSignalsOf } from '../signals/sms-signals.js';
import {
  mergeSignals,
  SIGNAL_TABLE_NAMES,
  type SignalKey,
  type Signals,
  type SignalTableName,
} from '../signals/tables.js';
import { hoursBefore } from './active-agreements.js';
import type { DocketRows } from './judge.js';

/** What the specs of the judge share: a policy that few calls reach, and rows as the tables would give them. */

const START = Date.UTC(2026, 8, 30, 10);
export const APPENDED = '2026-09-30T12:00:00.000Z';
export const at = (minute: number, second = 0) =>
  new Date(START + minute * 60_000 + second * 1000).toISOString();
export const first = minuteOf(at(0));

/** Small numbers, so that a few calls reach every severity. */
export const policy: Policy = {
  ...defaultPolicy,
  modes: {},
  clearForMinutes: 3,
  rules: {
    RATE_MINUTE: {
      windowMinutes: 4,
      thresholds: {
        info: { calls: 3, minutes: 2 },
        warning: { calls: 5, minutes: 2 },
        error: { calls: 6, minutes: 2 },
        critical: { calls: 7, minutes: 3 },
      },
    },
    BURST: {
      windowMinutes: 5,
      thresholds: { warning: { calls: 3, minutes: 1 }, error: { calls: 3, minutes: 2 } },
    },
    WRITE_RATE: {
      windowMinutes: 4,
      thresholds: { warning: { calls: 3, minutes: 1 }, critical: { calls: 3, minutes: 2 } },
    },
    SERVER_TIME: {
      windowMinutes: 4,
      thresholds: {
        warning: { serverTimeMs: 60_000, minutes: 2 },
        error: { serverTimeMs: 100_000, minutes: 2 },
      },
    },
    ERROR_RATIO_4XX: { windowMinutes: 4, minCalls: 6, thresholds: { info: 30, warning: 40, error: 60 } },
    THROTTLED_RATIO: { windowMinutes: 3, minCalls: 4, thresholds: { info: 0, warning: 20, error: 50 } },
    POLLING_UNFILTERED: {
      windowMinutes: 6,
      thresholds: { info: 4, warning: 6, error: 9, critical: 14 },
    },
    POLLING_TOO_OFTEN: { windowMinutes: 5, thresholds: { info: 3, warning: 5 } },
    // So many minutes and more, or no rate could be advised.
    RATE_DAY: { windowMinutes: 60, thresholds: { info: 61, warning: 70, error: 90 } },
    LEGACY_AUTH: { windowMinutes: 120, thresholds: { warning: 1, error: 4 } },
    SMS_FOREIGN: { windowMinutes: 120, thresholds: { warning: 2, error: 5, critical: 9 } },
    SMS_REPEAT: { windowMinutes: 5, thresholds: { warning: 2, error: 3 } },
    SMS_SPIKE: {
      windowMinutes: 60,
      minSms: 3,
      timesUsual: 3,
      thresholds: { warning: { timesLevel: 1 }, error: { timesLevel: 3 } },
    },
    SCOPE_MISMATCH: { windowMinutes: 120, thresholds: { info: 3, warning: 5 } },
    STALE_CHANGES_SINCE: { windowMinutes: 60, maxAgeSeconds: 100, thresholds: { info: 3, error: 6 } },
    // One agreement, so that two that are active matter.
    AUTH_FAILURES: { windowMinutes: 8, agreements: 1, thresholds: { info: 1, warning: 2, error: 3 } },
    SMS_INVALID: { windowMinutes: 120, minCalls: 6, thresholds: { warning: 30, error: 50 } },
    RATE_INTEGRATION: {
      windowMinutes: 4,
      ...{ baseCalls: 5, callsPerAgreement: 2, maxCalls: 8, pairCalls: 3 },
      thresholds: { info: { percent: 50, minutes: 1 }, error: { percent: 100, minutes: 2 } },
    },
    IGNORES_429: {
      windowMinutes: 4,
      waitSecIfUntold: 60,
      longestWaitSec: 180,
      thresholds: { warning: 3, error: 6, critical: 12 },
    },
    CONCURRENCY: {
      windowMinutes: 4,
      thresholds: { warning: { calls: 3, minutes: 1 }, error: { calls: 4, minutes: 2 } },
    },
    N_PLUS_ONE: {
      windowMinutes: 4,
      readsPerListCall: 0.5,
      listWithinMinutes: 2,
      thresholds: { info: { calls: 3, minutes: 1 }, warning: { calls: 3, minutes: 2 } },
    },
    SMALL_PAGES: { windowMinutes: 3, smallPageSize: 100, thresholds: { info: 2, warning: 3 } },
    DUPLICATE_READS: { windowMinutes: 3, thresholds: { info: 4, warning: 7, error: 10 } },
    IGNORES_BLOCK: {
      windowMinutes: 4,
      thresholds: { info: { calls: 3, minutes: 1 }, warning: { calls: 3, minutes: 2 } },
    },
  },
};

export type UsageEvent = ApiCallEvent | SmsSentEvent;

/** What calls and SMS say together. */
export function usageSignalsOf(events: readonly UsageEvent[], used: Policy): Signals {
  const isSms = (event: UsageEvent): event is SmsSentEvent => 'messageId' in event.data;
  const calls = events.filter((event): event is ApiCallEvent => !isSms(event));
  return mergeSignals(signalsOf(calls, used), smsSignalsOf(events.filter(isSms), used));
}

export function rowsOf(
  signals: Signals,
  isWanted: (row: SignalKey, table: SignalTableName) => boolean = () => true,
): DocketRows {
  const rows = SIGNAL_TABLE_NAMES.map((table) => [
    table,
    [...signals[table].values()].filter((row) => isWanted(row, table)),
  ]);
  return Object.fromEntries(rows);
}

/** The rows of some tables. */
export function only(rows: DocketRows, tables: ReadonlySet<SignalTableName>): Partial<DocketRows> {
  return Object.fromEntries(Object.entries(rows).filter(([table]) => tables.has(table as SignalTableName)));
}

/** How many agreements are active at each of these minutes, as the tables would say. */
export function activeIn(signals: Signals, minutes: readonly number[]): ReadonlyMap<number, number> {
  const { pairHours, pairs } = rowsOf(signals);
  const activeAt = (minute: number) => {
    const { from, to } = hoursBefore(minute);
    const served = [
      ...pairHours.filter((row) => row.minute > from && row.minute <= to && row.servedCalls > 0),
      ...pairs.filter((row) => row.minute > to && row.minute <= minute && servedCallsOf(row) > 0),
    ];
    return new Set(served.map((row) => row.agreementId).filter((id) => id !== '')).size;
  };
  return new Map(minutes.map((minute) => [minute, activeAt(minute)]));
}
