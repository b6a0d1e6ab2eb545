import { SLOT_SECONDS } from '../signals/minute.js';
import { heldPlaceholders, sumPlaceholders, type Guidance } from './placeholders.js';
import {
  recommendedCallsAtOnce,
  recommendedCallsPerMinute,
  recommendedCallsPerSlot,
  recommendedMsBetweenWrites,
} from './recommendations.js';
import { secondsOf, verbatim, wholeNumber } from './text.js';

/** Texts on how many calls there are: one cause, one cure, its own window. */

export const rateMinute: Guidance = {
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

export const burst: Guidance = {
  template: {
    da:
      'I mindst {minutes} af de {window} frem til {until} har jeres integration foretaget {value} kald ' +
      'eller flere på {slot} {org}. Grænsen går ved {limit} kald på {slot}. Send kaldene gennem en kø, der ' +
      'højst lader {recommended} kald igennem på {slot} og højst {perMinute} på et minut, og som højst har {atOnce} i gang ad gangen.',
    en:
      'In at least {minutes} of the {window} up to {until}, your integration made {value} calls or more ' +
      'within {slot} {org}. The limit is reached at {limit} calls within {slot}. Send the calls through a ' +
      'queue that lets through at most {recommended} calls within {slot} and at most {perMinute} within a ' +
      'minute, and has at most {atOnce} in progress at a time.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...heldPlaceholders(verdict, subject, policy.rules.BURST),
    value: wholeNumber(verdict.value),
    slot: secondsOf(SLOT_SECONDS * 1000),
    limit: wholeNumber(verdict.threshold),
    recommended: wholeNumber(recommendedCallsPerSlot(policy)),
    perMinute: wholeNumber(recommendedCallsPerMinute(policy)),
    atOnce: wholeNumber(recommendedCallsAtOnce(policy)),
  }),
};

export const writeRate: Guidance = {
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

export const rateDay: Guidance = {
  template: {
    da:
      'I løbet af de {window} frem til {until} har jeres integration foretaget {value} kald {org}. Grænsen går ved {limit} ' +
      'kald på et døgn. Hent kun det, der er ændret, med `changesSince`, og hold jer over hele døgnet på højst {recommended} kald ' +
      'pr. minut i gennemsnit; læg store synkroniseringer om natten.',
    en:
      'In the {window} up to {until}, your integration made {value} calls {org}. The limit is reached at {limit} calls in 24 ' +
      'hours. Fetch only what has changed with `changesSince`, and stay at or below {recommended} calls per minute on average over ' +
      'the whole day; run large synchronisations at night.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...sumPlaceholders(verdict, subject, policy.rules.RATE_DAY),
    recommended: wholeNumber(recommendedCallsPerMinute(policy)),
  }),
};

export const rateIntegration: Guidance = {
  template: {
    da:
      'I mindst {minutes} af de {window} frem til {until} har jeres integration foretaget {value} kald eller flere pr. minut på alle ' +
      'aftaler tilsammen, med mindst {pairCalls} på en enkelt aftale. Grænsen går ved {limit} kald pr. minut og vokser med antallet af aftaler, I ' +
      'bruger. Fordel jobs for de enkelte aftaler over hele timen, og hold jer på højst {recommended} kald pr. minut for hver aftale.',
    en:
      'In at least {minutes} of the {window} up to {until}, your integration made {value} or more calls per minute over all ' +
      'agreements, with {pairCalls} or more on a single one. The limit is reached at {limit} calls per minute and grows with the number of agreements ' +
      'that you use. Spread the jobs of the agreements over the whole hour, and stay at or below {recommended} calls per minute for each agreement.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...heldPlaceholders(verdict, subject, policy.rules.RATE_INTEGRATION),
    value: wholeNumber(verdict.value),
    limit: wholeNumber(verdict.threshold),
    pairCalls: wholeNumber(policy.rules.RATE_INTEGRATION.pairCalls),
    recommended: wholeNumber(recommendedCallsPerMinute(policy)),
  }),
};
