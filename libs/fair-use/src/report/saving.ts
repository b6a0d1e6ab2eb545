import type { Breach } from '@taxameter/contracts';
import {
  recommendedMinutesBetweenChanges,
  recommendedMinutesBetweenSweeps,
} from '../guidance/recommendations.js';
import { fillText, minutes, verbatim, wholeNumber, type Bilingual } from '../guidance/text.js';
import { filterableRoute, type Policy } from '../policy/policy.js';

/**
 * Computes how many calls a partner avoids by following the advice, from what was measured and the policy that judged it and from
 * nothing else. Of a rule that asks for the same calls at another pace, or whose figures hold no calls, nothing is claimed.
 */

export interface Saving {
  /** Calls avoided in the window that was measured; never carried on to a longer time. */
  readonly calls: number;
  readonly inMinutes: number;
  readonly text: Bilingual;
}

type Save = (breach: Breach, policy: Policy) => Saving | null;

const SAVINGS: Readonly<Record<string, Save>> = {
  POLLING_UNFILTERED: fewerSweeps,
  POLLING_TOO_OFTEN: fewerChanges,
  SMALL_PAGES: largerPages,
};

/** @returns null where nothing is saved, nothing can be computed, or the policy is not the one that judged the case */
export function savingOf(breach: Breach, policy: Policy): Saving | null {
  if (breach.policyVersion !== policy.version || !Object.hasOwn(SAVINGS, breach.ruleId)) return null;
  return SAVINGS[breach.ruleId]!(breach, policy);
}

/** Pages after the first are calls too and were not counted, so it is at least so many. */
function fewerSweeps({ observed, scope }: Breach, policy: Policy): Saving | null {
  const inMinutes = minutesOf(observed);
  const gap = recommendedMinutesBetweenSweeps(policy);
  const left = Math.ceil(inMinutes / gap);
  const calls = observed.value - left;
  if (calls <= 0) return null;
  const whole = fillText(
    {
      da: 'Henter I hele listen højst hvert {gap}. minut, bliver {value} hentninger på {window} til {left}. Det sparer mindst {calls} kald.',
      en: 'If you fetch the whole list every {gap} minutes at most, {value} fetches in {window} become {left}. That saves at least {calls} calls.',
    },
    { ...figures({ gap, value: observed.value, left, calls }), window: minutes(inMinutes) },
  );
  const changes = askingForChanges(observed.value, inMinutes, policy);
  const filter = scope.route === null ? null : filterableRoute(policy, scope.route)?.filter;
  if (changes.calls <= 0 || !filter) return { calls, inMinutes, text: whole };
  const filtered = fillText(
    {
      da: 'Spørger I i stedet efter ændringer med `{filter}` hvert {gap}. minut, er der {left} kald tilbage, {calls} færre end nu, og svarene bliver mindre.',
      en: 'If you ask for the changes with `{filter}` every {gap} minutes instead, {left} calls are left, {calls} fewer than now, and the answers are smaller.',
    },
    { ...figures(changes), filter: verbatim(filter) },
  );
  return {
    calls,
    inMinutes,
    text: { da: `${whole.da} ${filtered.da}`, en: `${whole.en} ${filtered.en}` },
  };
}

function fewerChanges({ observed }: Breach, policy: Policy): Saving | null {
  const inMinutes = minutesOf(observed);
  const { gap, left, calls } = askingForChanges(observed.value, inMinutes, policy);
  if (calls <= 0) return null;
  const text = fillText(
    {
      da: 'Spørger I højst hvert {gap}. minut, bliver {value} hentninger på {window} til {left}. Det sparer mindst {calls} kald.',
      en: 'If you ask every {gap} minutes at most, {value} fetches in {window} become {left}. That saves at least {calls} calls.',
    },
    { ...figures({ gap, value: observed.value, left, calls }), window: minutes(inMinutes) },
  );
  return { calls, inMinutes, text };
}

/** None of the pages that were counted held more records than a small one may, so no more large ones are needed than this. */
function largerPages({ observed }: Breach, policy: Policy): Saving | null {
  const { maxPageSize, rules } = policy;
  const left = Math.ceil((observed.value * rules.SMALL_PAGES.smallPageSize) / maxPageSize);
  const calls = observed.value - left;
  if (calls <= 0) return null;
  const inMinutes = minutesOf(observed);
  const text = fillText(
    {
      da: 'Med `pageSize={size}` bliver {value} sider på {window} til højst {left}. Det sparer mindst {calls} kald.',
      en: 'With `pageSize={size}`, {value} pages in {window} become {left} at most. That saves at least {calls} calls.',
    },
    {
      ...figures({ value: observed.value, left, calls }),
      size: verbatim(String(maxPageSize)),
      window: minutes(inMinutes),
    },
  );
  return { calls, inMinutes, text };
}

function askingForChanges(value: number, inMinutes: number, policy: Policy) {
  const gap = recommendedMinutesBetweenChanges(policy);
  const left = Math.ceil(inMinutes / gap);
  return { gap, left, calls: value - left };
}

function minutesOf({ windowStart, windowEnd }: Breach['observed']): number {
  return (Date.parse(windowEnd) - Date.parse(windowStart)) / 60_000;
}

function figures(values: Readonly<Record<string, number>>): Record<string, Bilingual> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, wholeNumber(value)]));
}
