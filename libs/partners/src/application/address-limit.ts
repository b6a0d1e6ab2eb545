/** How often one address may do what anybody may do: a sliding window. */

export interface AddressLimit {
  readonly count: number;
  readonly windowMs: number;
}

export type Admission =
  | { readonly isAdmitted: true; readonly visits: readonly number[] }
  | { readonly isAdmitted: false; readonly retryAfterSec: number };

/**
 * @param visits instants (ms) at which the address was admitted, oldest first
 * @returns the visits with this one, or in how many seconds there is room again
 */
export function admit(
  visits: readonly number[],
  nowMs: number,
  { count, windowMs }: AddressLimit,
): Admission {
  const recent = visits.filter((visit) => visit > nowMs - windowMs);
  const oldest = recent[0];
  if (oldest === undefined || recent.length < count) return { isAdmitted: true, visits: [...recent, nowMs] };
  return { isAdmitted: false, retryAfterSec: Math.max(1, Math.ceil((oldest + windowMs - nowMs) / 1000)) };
}
