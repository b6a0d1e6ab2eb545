/**
 * Cuts a quarter where an owner, a status or a price changes. Within a period these three stand still, so SMS
 * can be counted in SQL by period and judged once per count instead of once per SMS.
 */
import type { Integration, Quarter } from '@taxameter/contracts';
import type { PriceList } from '../price/price-list.js';

/** Half-open: `from` is inside, `to` is not. */
export interface Period {
  readonly from: Date;
  readonly to: Date;
}

/** Periods in order that fill the quarter without gap. */
export function constantPeriods(
  quarter: Pick<Quarter, 'start' | 'end'>,
  history: Pick<Integration, 'ownership' | 'status'>,
  prices: PriceList,
): Period[] {
  const startMs = quarter.start.getTime();
  const endMs = quarter.end.getTime();
  const changes = [...history.ownership, ...history.status].map(({ from }) => Date.parse(from));
  const inside = [...changes, ...prices.fromMs].filter((ms) => ms > startMs && ms < endMs);
  const cuts = [...new Set([startMs, ...inside, endMs])].sort((a, b) => a - b);
  return cuts.slice(1).map((to, index) => ({ from: new Date(cuts[index]!), to: new Date(to) }));
}
