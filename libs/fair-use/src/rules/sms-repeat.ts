import type { Policy } from '../policy/policy.js';
import { minuteStart } from '../signals/minute.js';
import type { SmsMinute } from '../signals/tables.js';
import { evidenceOf, rowsInWindow, worstMet, type Verdict } from './verdict.js';

/** Decides whether an integration sends the same voucher to the same recipient again and again. */

/**
 * SMS_REPEAT: how often the voucher that was sent to one recipient most often was sent to it in the 10 minutes that end with `minute`.
 * Different vouchers to one person and one voucher to different persons are no repetition.
 *
 * Of a minute with more than `COUNTED_SET_LIMIT` different sendings some are not kept, so the figure may be too low, never too high.
 * Monotone but for that: another SMS can only raise what is kept, or leave out a repetition that may have been told already.
 *
 * @param rows of one integration and agreement, one a minute, in any order
 */
export function judgeSmsRepeat(rows: readonly SmsMinute[], policy: Policy, minute: number): Verdict | null {
  const { windowMinutes, thresholds } = policy.rules.SMS_REPEAT;
  const window = rowsInWindow(rows, windowMinutes, minute);
  const most = mostRepeated(window);
  const met = worstMet(thresholds, (threshold) => most.times >= threshold);
  if (!met) return null;
  return {
    severity: met.severity,
    value: most.times,
    unit: 'times the same SMS',
    windowStart: minuteStart(minute + 1 - windowMinutes),
    windowEnd: minuteStart(minute + 1),
    threshold: met.threshold,
    evidence: window
      .map((row) => ({ minute: row.minute, times: row.sendings[most.sending] ?? 0 }))
      .filter(({ times }) => times > 0)
      .map((row) => evidenceOf(row.minute, row.times)),
  };
}

/** Of two that were sent equally often the first by name, so that the order of SMS does not matter. */
function mostRepeated(rows: readonly SmsMinute[]): { readonly sending: string; readonly times: number } {
  const counts = new Map<string, number>();
  for (const { sendings } of rows) {
    for (const [sending, times] of Object.entries(sendings)) {
      counts.set(sending, (counts.get(sending) ?? 0) + times);
    }
  }
  let most = { sending: '', times: 0 };
  for (const [sending, times] of counts) {
    if (times > most.times || (times === most.times && sending < most.sending)) most = { sending, times };
  }
  return most;
}
