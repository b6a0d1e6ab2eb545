import type { Policy } from '../policy/policy.js';
import type { RouteMinute } from '../signals/tables.js';
import { judgeHeldMinutes } from './held-minutes.js';
import type { Verdict } from './verdict.js';

/** Decides whether an integration fetches a list and then each of its records by itself. */

/** Fewer records than this are no run through a list, whatever a policy says: no minute waits to be judged for them. */
export const FEWEST_RECORDS = 3;

/**
 * N_PLUS_ONE: different records of one list fetched by themselves in a minute, `readsPerListCall` or more for each page of the list
 * that was fetched in that minute or the two before, in k of the 15 minutes that end with `minute`. Without a page of the list
 * nothing is found: records that were looked up for another reason are none of this rule.
 *
 * Of more than `COUNTED_SET_LIMIT` records in a minute, so many count.
 *
 * Not monotone: another page of the list lowers what there is for each, so only closed minutes are judged.
 *
 * @param rows of one list, `minutesForReads` of them: their `itemReads` are those of its records
 */
export function judgeNPlusOne(rows: readonly RouteMinute[], policy: Policy, minute: number): Verdict | null {
  const settings = policy.rules.N_PLUS_ONE;
  const pagesBefore = (last: number) =>
    rows
      .filter((row) => row.minute <= last && row.minute > last - settings.listWithinMinutes)
      .reduce((sum, row) => sum + row.listCalls, 0);
  return judgeHeldMinutes(
    rows,
    settings,
    {
      unit: 'single records per minute',
      valueOf: (row: RouteMinute) => {
        const records = recordsOf(row);
        if (records < FEWEST_RECORDS) return 0;
        const pages = pagesBefore(row.minute);
        return pages > 0 && records >= settings.readsPerListCall * pages ? records : 0;
      },
      limitOf: ({ calls }) => calls,
    },
    minute,
  );
}

/** How many different records of a list were fetched by themselves. */
export function recordsOf({ itemReads }: RouteMinute): number {
  return Object.keys(itemReads).length;
}

/** How many minutes of rows the rule reads: its window, and pages fetched before it. */
export function minutesForReads({ rules }: Policy): number {
  return rules.N_PLUS_ONE.windowMinutes + rules.N_PLUS_ONE.listWithinMinutes - 1;
}
