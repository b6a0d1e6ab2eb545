import { Quarter, type SmsSentEvent } from '@taxameter/contracts';
import type { TimedEvent } from '../counters/usage-sums.js';

/**
 * What a set of SMS adds to the totals that billing is held against: how many, and a sum of hashes that tells two sets of
 * the same size apart. All distinct valid messages count, test mode and foreign numbers too: billing's ledger holds them
 * all, and what is not invoiced is decided there, after the comparison.
 */
export interface SmsTotal {
  readonly integrationId: string;
  readonly quarter: string;
  count: number;
  /** Of these in test mode: an SMS budget does not count them. */
  testCount: number;
  /** Modulo 2^64. */
  sumHash: bigint;
}

/** @param hashOf 64-bit hash of a messageId */
export function sumMessages(
  events: Iterable<TimedEvent<SmsSentEvent>>,
  hashOf: (messageId: string) => bigint,
): SmsTotal[] {
  const totals = new Map<string, SmsTotal>();
  for (const { event, time } of events) {
    const { integrationId, messageId, testMode } = event.data;
    const quarter = Quarter.of(time).toString();
    const key = `${integrationId}|${quarter}`;
    let total = totals.get(key);
    if (!total) {
      total = { integrationId, quarter, count: 0, testCount: 0, sumHash: 0n };
      totals.set(key, total);
    }
    total.count += 1;
    if (testMode) total.testCount += 1;
    total.sumHash = BigInt.asUintN(64, total.sumHash + hashOf(messageId));
  }
  return [...totals.values()];
}
