import { quantity } from '../report/quantity.js';
import type { Bilingual } from '../guidance/text.js';
import type { RuleId } from '../policy/policy.js';
import { RULES } from '../rules/registry.js';

/** Says how near an integration came to each limit, day by day: what its partner looks at before there is a case. */

/** The nearest that one rule came to its mildest limit within a day. */
export interface Reached {
  readonly ruleId: RuleId;
  /** Of the limit, cut after three decimals; 1 and more: the rule was broken. */
  readonly share: number;
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
  /** The empty string: all of them together. */
  readonly agreementId: string;
  /** The empty string where the rule knows none. */
  readonly route: string;
  /** End of the window, RFC 3339. */
  readonly at: string;
}

/** A figure that is at its limit is never shown below it, nor one below it at it. Where any at all is too much, it is at its limit. */
export function shareOf(value: number, limit: number): number {
  return limit === 0 ? 1 : Math.floor((value * 1000) / limit + 1e-9) / 1000;
}

export function isNearer(left: Reached, right: Reached): boolean {
  if (left.share !== right.share) return left.share > right.share;
  if (left.value !== right.value) return left.value > right.value;
  const [own, other] = [left, right].map(({ at, agreementId, route }) => `${at}|${agreementId}|${route}`);
  return own! < other!;
}

/** What was measured on one day, of every rule that found something to measure. */
export interface MeasuredDay {
  /** `2026-10-25`, in Copenhagen. */
  readonly day: string;
  /** null: not measured yet. */
  readonly reached: readonly Reached[] | null;
  /** Some of its agreements were left out. */
  readonly isTruncated: boolean;
}

export interface RuleStanding {
  readonly ruleId: RuleId;
  readonly title: Bilingual;
  /** Whether a day without figure means that nothing came near the limit: some rules say nothing below it. */
  readonly isMeasured: boolean;
  readonly worst: ReachedOn | null;
  readonly today: ReachedOn | null;
  readonly days: readonly { readonly day: string; readonly share: number | null }[];
}

export type ReachedOn = Reached & {
  readonly day: string;
  readonly valueText: Bilingual;
  readonly limitText: Bilingual;
};

/**
 * The rules of which something was measured, nearest to its limit first, then the others that judge.
 * @param days ascending; the last one is today
 * @param isOn whether a rule judges the integration now
 */
export function standingOf(
  days: readonly MeasuredDay[],
  isOn: (ruleId: RuleId) => boolean,
): readonly RuleStanding[] {
  const standings = RULES.map(({ id, title }): RuleStanding => {
    const each = days.map(({ day, reached }) => {
      const own = reached?.find(({ ruleId }) => ruleId === id);
      return { day, own: own ? inWords(own, day) : null };
    });
    const measured = each.flatMap(({ own }) => (own ? [own] : []));
    return {
      ...{ ruleId: id, title },
      isMeasured: !SAYS_NOTHING_BELOW.has(id) && !measured.some(({ limit }) => limit === 0),
      // Of two that are equally near, the later one: it is what the partner remembers.
      worst: measured.reduce<ReachedOn | null>(
        (nearest, next) => (nearest && nearest.share > next.share ? nearest : next),
        null,
      ),
      today: each.at(-1)?.own ?? null,
      days: each.map(({ day, own }) => ({ day, share: own?.share ?? null })),
    };
  });
  return standings
    .filter(({ ruleId, worst }) => worst !== null || isOn(ruleId))
    .toSorted((left, right) => (right.worst?.share ?? -1) - (left.worst?.share ?? -1));
}

/** Up to `minSms` an hour is nothing to it, however near that is to the level from which it is unusual. */
const SAYS_NOTHING_BELOW: ReadonlySet<RuleId> = new Set(['SMS_SPIKE']);

function inWords(reached: Reached, day: string): ReachedOn {
  const { value, limit, unit } = reached;
  return { ...reached, day, valueText: quantity(value, unit), limitText: quantity(limit, unit) };
}
