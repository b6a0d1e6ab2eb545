import { heldPlaceholders, sweepPlaceholders, type Guidance } from './placeholders.js';
import {
  recommendedBlockedCalls,
  recommendedCallsAtOnce,
  recommendedMinutesToKeep,
  recommendedRecordsPerMinute,
  recommendedWaitMs,
} from './recommendations.js';
import { minutes, secondsOf, verbatim, wholeNumber } from './text.js';

/** Texts on how an integration reads and waits: one cause, one cure, its own window. */

export const ignores429: Guidance = {
  template: {
    da:
      'I løbet af de {window} frem til {until} foretog I {value} kald {org}, mens et tidligere svar med status 429 (for mange kald) ' +
      'bad jer vente. Grænsen går ved {limit} kald. Kald, der allerede var på vej, da svaret kom, er ikke talt med. Vent det antal ' +
      'sekunder, der står i `Retry-After`, ellers {wait}, før I foretager det næste kald for aftalen. Får I 429 igen, så fordobl ' +
      'ventetiden, og læg en lille tilfældig forskydning til.',
    en:
      'In the {window} up to {until}, you made {value} calls {org} while an earlier answer with status 429 (too many calls) asked ' +
      'you to wait. The limit is reached at {limit} calls. Calls that were already on their way when the answer came are not ' +
      'counted. Wait for the number of seconds in `Retry-After`, or else {wait}, before you make the next call for the agreement. ' +
      'If you get 429 again, double the wait, and add a little at random.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...sweepPlaceholders(verdict, subject, policy.rules.IGNORES_429),
    wait: secondsOf(recommendedWaitMs(policy)),
  }),
};

export const concurrency: Guidance = {
  template: {
    da:
      'I mindst {minutes} af de {window} frem til {until} havde jeres integration {value} eller flere samtidige kald i gang {org}. ' +
      'Grænsen går ved {limit} på én gang. Send kaldene gennem en kø, der højst har {recommended} i gang ad gangen og først ' +
      'begynder på det næste, når et af dem er besvaret.',
    en:
      'In at least {minutes} of the {window} up to {until}, your integration had {value} or more calls in progress at the same time ' +
      '{org}. The limit is reached at {limit} at once. Send the calls through a queue that has at most {recommended} in progress ' +
      'at a time and starts the next one only when one of them has been answered.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...heldPlaceholders(verdict, subject, policy.rules.CONCURRENCY),
    value: wholeNumber(verdict.value),
    limit: wholeNumber(verdict.threshold),
    recommended: wholeNumber(recommendedCallsAtOnce(policy)),
  }),
};

export const nPlusOne: Guidance = {
  template: {
    da:
      'I mindst {minutes} af de {window} frem til {until} hentede I {value} eller flere forskellige enkeltposter pr. minut {org} ' +
      'lige efter listen `GET {route}`. Grænsen går ved {limit} pr. minut. Bed om de felter, I mangler, med `fields=` på listekaldet, ' +
      'og hent kun de poster enkeltvis, der er ændret, højst {recommended} pr. minut.',
    en:
      'In at least {minutes} of the {window} up to {until}, you fetched {value} or more different records one by one per minute {org} ' +
      'right after the list `GET {route}`. The limit is reached at {limit} per minute. Ask for the fields that you need with ' +
      '`fields=` on the list, and fetch only records that have changed by themselves, at most {recommended} per minute.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...heldPlaceholders(verdict, subject, policy.rules.N_PLUS_ONE),
    route: verbatim(subject.route),
    value: wholeNumber(verdict.value),
    limit: wholeNumber(verdict.threshold),
    recommended: wholeNumber(recommendedRecordsPerMinute(policy)),
  }),
};

export const smallPages: Guidance = {
  template: {
    da:
      'I løbet af de {window} frem til {until} har I bladret gennem {value} sider af listen `GET {route}` {org} med højst {small} poster ' +
      'på hver. Grænsen går ved {limit} sider. Sæt `pageSize={pageSize}`, så får I de samme poster med langt færre kald.',
    en:
      'In the {window} up to {until}, you read {value} pages of the list `GET {route}` {org} with at most {small} records on each. The ' +
      'limit is reached at {limit} pages. Set `pageSize={pageSize}`, and you will get the same records with far fewer calls.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...sweepPlaceholders(verdict, subject, policy.rules.SMALL_PAGES),
    small: wholeNumber(policy.rules.SMALL_PAGES.smallPageSize),
    pageSize: verbatim(String(policy.maxPageSize)),
  }),
};

export const duplicateReads: Guidance = {
  template: {
    da:
      'Det samme opslag på `GET {route}` er foretaget {value} gange i løbet af de {window} frem til {until} {org}, hver gang med uændret ' +
      'svar. Grænsen går ved {limit} gange. Gem svaret hos jer selv i mindst {recommended}, før I spørger igen; det gælder især ' +
      'kontoplan, momskoder og indstillinger.',
    en:
      'The same request to `GET {route}` was made {value} times in the {window} up to {until} {org}, each time with the same answer. ' +
      'The limit is reached at {limit} times. Keep the answer for at least {recommended} before you ask again, above all the chart ' +
      'of accounts, VAT codes and settings.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...sweepPlaceholders(verdict, subject, policy.rules.DUPLICATE_READS),
    recommended: minutes(recommendedMinutesToKeep(policy)),
  }),
};

export const ignoresBlock: Guidance = {
  template: {
    da:
      'Jeres integration er spærret, men har i mindst {minutes} af de {window} frem til {until} foretaget {value} eller flere ' +
      'kald pr. minut {org}, som spærringen afviste. Grænsen går ved {limit} pr. minut. Stop kaldene, indtil spærringen er ' +
      'ophævet: svaret siger hvorfor og har et link, hvor I kan svare os. Vil I se, om den er ophævet, så prøv med højst {recommended} kald ' +
      'pr. minut.',
    en:
      'Your integration is blocked, but in at least {minutes} of the {window} up to {until} it made {value} or more calls per minute ' +
      '{org} that the block refused. The limit is reached at {limit} per minute. Stop the calls until the block is lifted: the ' +
      'answer says why, with a link to where you can reply to us. To see whether it is lifted, try with at most {recommended} calls ' +
      'per minute.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...heldPlaceholders(verdict, subject, policy.rules.IGNORES_BLOCK),
    value: wholeNumber(verdict.value),
    limit: wholeNumber(verdict.threshold),
    recommended: wholeNumber(recommendedBlockedCalls(policy)),
  }),
};
