import {
  filterableRoute,
  type HeldSettings,
  type HeldThreshold,
  type Policy,
  type RuleId,
  type ShareSettings,
  type SweepSettings,
} from '../policy/policy.js';
import type { Verdict } from '../rules/verdict.js';
import { SLOT_SECONDS } from '../signals/signals.js';
import {
  recommendedCallsPerMinute,
  recommendedCallsPerSlot,
  recommendedMinutesBetweenChanges,
  recommendedMinutesBetweenSweeps,
  recommendedMsBetweenWrites,
  recommendedRefusals,
  recommendedServerTimeMs,
} from './recommendations.js';
import {
  agreementText,
  fillText,
  instantText,
  minutes,
  percent,
  secondsOf,
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
    return {
      ...heldPlaceholders(verdict, subject, policy.rules.RATE_MINUTE),
      value: wholeNumber(verdict.value),
      limit: wholeNumber(verdict.threshold),
      recommended: wholeNumber(recommendedCallsPerMinute(policy)),
      // A parameter's value is written as a machine reads it, without a separator.
      pageSize: verbatim(String(policy.maxPageSize)),
    };
  },
};

const burst: Guidance = {
  template: {
    da:
      'I mindst {minutes} af de {window} frem til {until} har jeres integration foretaget {value} kald ' +
      'eller flere på {slot} {org}. Grænsen går ved {limit} kald på {slot}. Send kaldene gennem en kø, der ' +
      'højst lader {recommended} kald igennem på {slot} og højst {perMinute} på et minut.',
    en:
      'In at least {minutes} of the {window} up to {until}, your integration made {value} calls or more ' +
      'within {slot} {org}. The limit is reached at {limit} calls within {slot}. Send the calls through a ' +
      'queue that lets through at most {recommended} calls within {slot} and at most {perMinute} within a ' +
      'minute.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...heldPlaceholders(verdict, subject, policy.rules.BURST),
    value: wholeNumber(verdict.value),
    slot: secondsOf(SLOT_SECONDS * 1000),
    limit: wholeNumber(verdict.threshold),
    recommended: wholeNumber(recommendedCallsPerSlot(policy)),
    perMinute: wholeNumber(recommendedCallsPerMinute(policy)),
  }),
};

const writeRate: Guidance = {
  template: {
    da:
      'I mindst {minutes} af de {window} frem til {until} har jeres integration foretaget {value} ' +
      'eller flere skrivende kald (POST, PUT, PATCH og DELETE) pr. minut {org}. Grænsen går ved {limit} ' +
      'pr. minut. Læg de skrivende kald i en kø, og lad der gå mindst {recommended} fra det ene til ' +
      'det næste.',
    en:
      'In at least {minutes} of the {window} up to {until}, your integration made {value} or more ' +
      'calls per minute that write (POST, PUT, PATCH and DELETE) {org}. The limit is reached at {limit} ' +
      'per minute. Put the calls that write into a queue and leave at least {recommended} from one to ' +
      'the next.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...heldPlaceholders(verdict, subject, policy.rules.WRITE_RATE),
    value: wholeNumber(verdict.value),
    limit: wholeNumber(verdict.threshold),
    recommended: secondsOf(recommendedMsBetweenWrites(policy)),
  }),
};

const serverTime: Guidance = {
  template: {
    da:
      'I mindst {minutes} af de {window} frem til {until} har jeres kald {org} tilsammen optaget ' +
      'serveren i {value} eller mere pr. minut. Grænsen går ved {limit} pr. minut. Foretag kaldene ét ad ' +
      'gangen, og hold pauser imellem dem, så I højst bruger {recommended} pr. minut på at vente på svar. ' +
      'Et opslag bliver lettere, når I kun beder om de felter, I skal bruge, og kun om det, der er ændret.',
    en:
      'In at least {minutes} of the {window} up to {until}, your calls {org} together kept the server ' +
      'busy for {value} or more per minute. The limit is reached at {limit} per minute. Make the calls ' +
      'one at a time and pause between them, so that you spend at most {recommended} per minute ' +
      'waiting for answers. A request is lighter when you ask only for the fields that you need and only for what ' +
      'has changed.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...heldPlaceholders(verdict, subject, policy.rules.SERVER_TIME),
    value: secondsOf(verdict.value),
    limit: secondsOf(verdict.threshold),
    recommended: secondsOf(recommendedServerTimeMs(policy)),
  }),
};

const errorRatio: Guidance = {
  template: {
    da:
      'I løbet af de {window} frem til {until} blev {value} af jeres kald {org} afvist med status 400–499 ' +
      '(429 og kunder uden det rette abonnement er ikke talt med). Grænsen går ved {limit}, når der er ' +
      'mindst {sample} kald. Ret kaldet, før I sender det igen: fejlen forsvinder ikke ved et nyt forsøg. ' +
      'Er {recommended} af de seneste {sample} kald afvist, så stop de kald, der bliver afvist, og find årsagen, ' +
      'før I sender dem igen.',
    en:
      'In the {window} up to {until}, {value} of your calls {org} were refused with a status of 400 to 499 ' +
      '(429 and customers without the right plan are not counted). The limit is reached at {limit} when ' +
      'there are at least {sample} calls. Correct a call before you send it again: the error does not go ' +
      'away by itself. When {recommended} of the latest {sample} calls were refused, stop the calls that ' +
      'are refused, and find the cause before you send them again.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...sharePlaceholders(verdict, subject, policy.rules.ERROR_RATIO_4XX),
    limit: percent(verdict.threshold),
    recommended: wholeNumber(recommendedRefusals(policy)),
  }),
};

const throttledRatio: Guidance = {
  template: {
    da:
      'I løbet af de {window} frem til {until} fik {value} af jeres kald {org} svaret 429 (for mange ' +
      'kald). Grænsen går ved {limit}, når der er mindst {sample} kald. Vent efter et 429 det antal ' +
      'sekunder, der står i `Retry-After`, ellers et minut, og hold jer derefter på højst {recommended} ' +
      'kald pr. minut, jævnt fordelt.',
    en:
      'In the {window} up to {until}, {value} of your calls {org} were answered with 429 (too many ' +
      'calls). The limit is reached at {limit} when there are at least {sample} calls. After a 429 wait ' +
      'for the number of seconds in `Retry-After`, or else a minute, and then stay at or below ' +
      '{recommended} calls per minute, spread evenly.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...sharePlaceholders(verdict, subject, policy.rules.THROTTLED_RATIO),
    limit: verdict.threshold > 0 ? percent(verdict.threshold) : { da: 'det første', en: 'the first one' },
    recommended: wholeNumber(recommendedCallsPerMinute(policy)),
  }),
};

const pollingUnfiltered: Guidance = {
  template: {
    da:
      'Hele listen `GET {route}` er hentet uden filter {value} gange i løbet af de {window} frem til ' +
      '{until} {org}. Grænsen går ved {limit} gange. Gem tidspunktet for den seneste hentning, og ' +
      'send det med næste gang som `{filter}=YYYY-MM-DDTHH:mm:ssZ` (UTC), så får I kun det, der er ' +
      'ændret siden; lad der gå mindst {between} mellem hentningerne. Brug webhooks, hvor de findes. Har I brug ' +
      'for hele listen, så lad der gå mindst {recommended}.',
    en:
      'The whole list `GET {route}` was fetched without a filter {value} times in the {window} up to ' +
      '{until} {org}. The limit is reached at {limit} times. Store the time of the latest fetch and ' +
      'send it with the next one as `{filter}=YYYY-MM-DDTHH:mm:ssZ` (UTC), and you will receive only ' +
      'what has changed since; leave at least {between} between fetches. Use webhooks where they exist. If you ' +
      'need the whole list, leave at least {recommended}.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...sweepPlaceholders(verdict, subject, policy.rules.POLLING_UNFILTERED),
    filter: verbatim(filterableRoute(policy, subject.route)?.filter ?? 'changesSince'),
    recommended: minutes(recommendedMinutesBetweenSweeps(policy)),
    between: minutes(recommendedMinutesBetweenChanges(policy)),
  }),
};

const pollingTooOften: Guidance = {
  template: {
    da:
      'Ændringerne i listen `GET {route}` er hentet {value} gange i løbet af de {window} frem til {until} ' +
      '{org}. Det er rigtigt kun at hente det, der er ændret, men grænsen går ved {limit} gange. Brug ' +
      'webhooks, hvor de findes, eller lad der gå mindst {recommended} mellem hentningerne.',
    en:
      'The changes of the list `GET {route}` were fetched {value} times in the {window} up to {until} ' +
      '{org}. To fetch only what has changed is right, but the limit is reached at {limit} times. Use ' +
      'webhooks where they exist, or leave at least {recommended} between fetches.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...sweepPlaceholders(verdict, subject, policy.rules.POLLING_TOO_OFTEN),
    recommended: minutes(recommendedMinutesBetweenChanges(policy)),
  }),
};

const GUIDANCE: Record<RuleId, Guidance> = {
  RATE_MINUTE: rateMinute,
  BURST: burst,
  WRITE_RATE: writeRate,
  SERVER_TIME: serverTime,
  ERROR_RATIO_4XX: errorRatio,
  THROTTLED_RATIO: throttledRatio,
  POLLING_UNFILTERED: pollingUnfiltered,
  POLLING_TOO_OFTEN: pollingTooOften,
};

/** What the texts of all rules about minute after minute say. */
function heldPlaceholders(
  verdict: Verdict,
  subject: GuidanceSubject,
  { windowMinutes, thresholds }: HeldSettings<HeldThreshold>,
): Placeholders {
  return {
    minutes: wholeNumber(thresholds[verdict.severity]?.minutes ?? verdict.evidence.length),
    window: minutes(windowMinutes),
    until: instantText(verdict.windowEnd),
    org: agreementText(subject.agreementId),
  };
}

/** What the texts of all rules about a share of the calls say. */
function sharePlaceholders(
  verdict: Verdict,
  subject: GuidanceSubject,
  { windowMinutes, minCalls }: ShareSettings,
): Placeholders {
  return {
    window: minutes(windowMinutes),
    until: instantText(verdict.windowEnd),
    // Cut to 0.0 %, one call of thousands would read as none.
    value: verdict.value > 0 ? percent(verdict.value) : { da: 'under 0,1 %', en: 'less than 0.1%' },
    org: agreementText(subject.agreementId),
    sample: wholeNumber(minCalls),
  };
}

/** What the texts of the rules about fetching a list say. */
function sweepPlaceholders(
  verdict: Verdict,
  subject: GuidanceSubject,
  { windowMinutes }: SweepSettings,
): Placeholders {
  return {
    route: verbatim(subject.route),
    value: wholeNumber(verdict.value),
    window: minutes(windowMinutes),
    until: instantText(verdict.windowEnd),
    org: agreementText(subject.agreementId),
    limit: wholeNumber(verdict.threshold),
  };
}

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
