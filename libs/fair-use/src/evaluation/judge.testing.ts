import { defaultPolicy } from '../policy/default-policy.js';
import type { Policy } from '../policy/policy.js';
import { minuteOf } from '../signals/minute.js';
import { SIGNAL_TABLE_NAMES, type SignalKey, type Signals, type SignalTableName } from '../signals/tables.js';
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
  },
};

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
