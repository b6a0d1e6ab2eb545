import { filterableRoute, type Policy, type RuleId } from '../policy/policy.js';
import type { Verdict } from '../rules/verdict.js';
import { recommendedCallsPerMinute, recommendedMinutesBetweenSweeps } from './recommendations.js';
import {
  agreementText,
  fillText,
  instantText,
  minutes,
  verbatim,
  wholeNumber,
  type Bilingual,
  type Placeholders,
} from './text.js';

/**
 * Says to a partner, in Danish and English, what was seen and what to change: one cause, one cure, its own
 * window.
 */

/** What a case is about; `route` is the empty string where the rule has none. */
export interface GuidanceSubject {
  readonly agreementId: string;
  readonly route: string;
}

interface Guidance {
  readonly template: Bilingual;
  readonly placeholders: (verdict: Verdict, subject: GuidanceSubject, policy: Policy) => Placeholders;
}

const rateMinute: Guidance = {
  template: {
    da:
      'I mindst {minutes} af de {window} frem til {until} har jeres integration foretaget {value} ' +
      'kald eller flere pr. minut {org}. Grænsen går ved {limit} kald pr. minut. Fordel kaldene ' +
      'jævnt, og hold jer på højst {recommended} pr. minut. I kan spare kald ved at hente flere ' +
      'poster ad gangen: sæt `pageSize` op til {pageSize}.',
    en:
      'In at least {minutes} of the {window} up to {until}, your integration made {value} or more ' +
      'calls per minute {org}. The limit is reached at {limit} calls per minute. Spread the calls ' +
      'evenly and stay at or below {recommended} per minute. You can save calls by fetching more ' +
      'records at a time: raise `pageSize` up to {pageSize}.',
  },
  placeholders: (verdict, subject, policy) => {
    const { windowMinutes, thresholds } = policy.rules.RATE_MINUTE;
    return {
      minutes: wholeNumber(thresholds[verdict.severity]?.minutes ?? verdict.evidence.length),
      window: minutes(windowMinutes),
      until: instantText(verdict.windowEnd),
      value: wholeNumber(verdict.value),
      org: agreementText(subject.agreementId),
      limit: wholeNumber(verdict.threshold),
      recommended: wholeNumber(recommendedCallsPerMinute(policy)),
      // A parameter's value is written as a machine reads it, without a separator.
      pageSize: verbatim(String(policy.maxPageSize)),
    };
  },
};

const pollingUnfiltered: Guidance = {
  template: {
    da:
      'Hele listen `GET {route}` er hentet uden filter {value} gange i løbet af de {window} frem til ' +
      '{until} {org}. Grænsen går ved {limit} gange. Gem tidspunktet for den seneste hentning, og ' +
      'send det med næste gang som `{filter}=YYYY-MM-DDTHH:mm:ssZ` (UTC), så får I kun det, der er ' +
      'ændret siden. Brug webhooks, hvor de findes. Har I brug for hele listen, så lad der gå mindst ' +
      '{recommended} mellem hentningerne.',
    en:
      'The whole list `GET {route}` was fetched without a filter {value} times in the {window} up to ' +
      '{until} {org}. The limit is reached at {limit} times. Store the time of the latest fetch and ' +
      'send it with the next one as `{filter}=YYYY-MM-DDTHH:mm:ssZ` (UTC), and you will receive only ' +
      'what has changed since. Use webhooks where they exist. If you need the whole list, leave at ' +
      'least {recommended} between fetches.',
  },
  placeholders: (verdict, subject, policy) => ({
    route: verbatim(subject.route),
    value: wholeNumber(verdict.value),
    window: minutes(policy.rules.POLLING_UNFILTERED.windowMinutes),
    until: instantText(verdict.windowEnd),
    org: agreementText(subject.agreementId),
    limit: wholeNumber(verdict.threshold),
    filter: verbatim(filterableRoute(policy, subject.route)?.filter ?? 'changesSince'),
    recommended: minutes(recommendedMinutesBetweenSweeps(policy)),
  }),
};

const GUIDANCE: Record<RuleId, Guidance> = {
  RATE_MINUTE: rateMinute,
  POLLING_UNFILTERED: pollingUnfiltered,
};

/** The text of a rule before figures are put in, for publication. */
export function guidanceTemplate(ruleId: RuleId): Bilingual {
  return GUIDANCE[ruleId].template;
}

/**
 * The guidance for one verdict, by the policy that gave it.
 * @throws RangeError when the policy leaves no room for advice
 */
export function guidanceFor(
  ruleId: RuleId,
  verdict: Verdict,
  subject: GuidanceSubject,
  policy: Policy,
): Bilingual {
  const { template, placeholders } = GUIDANCE[ruleId];
  return fillText(template, placeholders(verdict, subject, policy));
}
