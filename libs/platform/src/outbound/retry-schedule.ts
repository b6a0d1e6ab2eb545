/** Decides when something that could not be sent is tried again, and when it is given up. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Wait before attempt 1, 2, 3 …: the example of Standard Webhooks, 75 hours in all. After the tenth it is given up. */
export const RETRY_DELAYS_MS: readonly number[] = [
  0,
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
];

/** A receiver may ask for a longer pause than ours, but not for one that keeps a delivery waiting for weeks. */
const LONGEST_RETRY_AFTER_MS = 24 * HOUR_MS;
/** Deliveries that failed together (a receiver was down) come back spread over a fifth of the delay. */
const JITTER = 0.2;

export type DeliveryState = 'pending' | 'delivered' | 'failed' | 'disabled';

/** What one attempt came to. `gone`: the target wants nothing any more. */
export type AttemptOutcome = 'delivered' | 'retry' | 'gone';

export interface AttemptResult {
  readonly outcome: AttemptOutcome;
  /** The pause that the receiver asked for; null when it asked for none. */
  readonly retryAfterMs: number | null;
}

/**
 * State and time of the next attempt after attempt `number` (from 1) ended at `now`. `random` is in [0, 1): with it the
 * delay lies between 90 % and 110 % of the schedule.
 */
export function afterAttempt(
  result: AttemptResult,
  number: number,
  now: Date,
  random: number,
): { readonly state: DeliveryState; readonly nextAttemptAt: Date | null } {
  if (result.outcome === 'delivered') return { state: 'delivered', nextAttemptAt: null };
  if (result.outcome === 'gone') return { state: 'disabled', nextAttemptAt: null };
  const delayMs = RETRY_DELAYS_MS[number];
  if (delayMs === undefined) return { state: 'failed', nextAttemptAt: null };
  const jittered = Math.round(delayMs * (1 + JITTER * (random - 0.5)));
  const wanted = Math.min(result.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS);
  return { state: 'pending', nextAttemptAt: new Date(now.getTime() + Math.max(jittered, wanted)) };
}

/** Reads `Retry-After` (RFC 9110: seconds, or a date) into ms from `now`; null when it is absent or makes no sense. */
export function readRetryAfter(header: string | undefined, now: Date): number | null {
  if (header === undefined || header.length > 40) return null;
  if (/^\d{1,9}$/.test(header)) return Number(header) * SECOND_MS;
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(header)) return null;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - now.getTime());
}
