import { filterableRoute } from '../policy/policy.js';
import { sumPlaceholders, sweepPlaceholders, type Guidance } from './placeholders.js';
import { recommendedMinutesBetweenChanges, recommendedMinutesBetweenSweeps } from './recommendations.js';
import { days, minutes, verbatim } from './text.js';

/** Texts on lists that are fetched too often: one cause, one cure, its own window. */

export const pollingUnfiltered: Guidance = {
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

export const pollingTooOften: Guidance = {
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

export const staleChangesSince: Guidance = {
  template: {
    da:
      'I løbet af de {window} frem til {until} er listen `GET {route}` hentet {value} gange {org} med et tidspunkt i `{filter}`, der ' +
      'ligger mere end {maxAge} tilbage. Grænsen går ved {limit} gange. Gem tidspunktet, hver gang en hentning er lykkedes, og send det med den ' +
      'næste, så I ikke henter de samme ændringer igen og igen.',
    en:
      'In the {window} up to {until}, the list `GET {route}` was fetched {value} times {org} with a time in `{filter}` that lies more ' +
      'than {maxAge} back. The limit is reached at {limit} times. Store the time whenever a fetch has succeeded, and send it with the next ' +
      'one, so that you do not fetch the same changes again and again.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...sumPlaceholders(verdict, subject, policy.rules.STALE_CHANGES_SINCE),
    route: verbatim(subject.route),
    filter: verbatim(filterableRoute(policy, subject.route)?.filter ?? 'changesSince'),
    maxAge: days(policy.rules.STALE_CHANGES_SINCE.maxAgeSeconds),
  }),
};
