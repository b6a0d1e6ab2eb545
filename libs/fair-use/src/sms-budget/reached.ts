import { BUDGET_SHARES, type SmsBudgetReached } from '@taxameter/contracts';

/**
 * The highest share of a budget, in per cent, that so many SMS reach; 0 below the lowest, and without a budget. A share is reached
 * when nothing more fits below it: of a budget of 3 the first SMS reaches none, the second 50.
 */
export function reachedPercent(
  messages: number,
  messagesPerQuarter: number | null,
): SmsBudgetReached['reachedPercent'] {
  if (messagesPerQuarter === null) return 0;
  return BUDGET_SHARES.findLast((share) => messages * 100 >= messagesPerQuarter * share) ?? 0;
}
