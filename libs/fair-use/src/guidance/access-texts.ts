import { hours, minutes, percent, wholeNumber } from './text.js';
import { sharePlaceholders, sumPlaceholders, type Guidance } from './placeholders.js';
import {
  recommendedMinutesAfterRefusal,
  recommendedMissingScopes,
  recommendedRejectedSms,
} from './recommendations.js';

/** Texts on calls that the integration may not make, or that say nothing: one cause, one cure, its own window. */

export const scopeMismatch: Guidance = {
  template: {
    da:
      'I løbet af de {window} frem til {until} blev {value} af jeres integrations kald afvist med 403, fordi jeres access token ' +
      'mangler en rettighed (scope). Grænsen går ved {limit} kald. Bed om rettigheden, når kunden giver adgang, hvis integrationen har ' +
      'brug for den, og fjern ellers kaldet. Er {recommended} kald afvist af den grund inden for et døgn, så send ikke flere af dem, ' +
      'før rettigheden er på plads.',
    en:
      'In the {window} up to {until}, {value} of your integration’s calls were refused with 403 because your access token lacks a ' +
      'scope. The limit is reached at {limit} calls. Ask for the scope when the customer grants access if the integration needs ' +
      'it, and remove the call if it does not. When {recommended} calls were refused for that within a day, send no more of ' +
      'them until the scope is there.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...sumPlaceholders(verdict, subject, policy.rules.SCOPE_MISMATCH),
    recommended: wholeNumber(recommendedMissingScopes(policy)),
  }),
};

export const authFailures: Guidance = {
  template: {
    da:
      'I løbet af de {window} frem til {until} blev {value} af jeres integrations kald afvist med 401 eller 403, når det første på ' +
      'hver aftale ikke tælles med. Grænsen går ved {limit} og vokser med antallet af aftaler, I bruger. Forny access token, før det udløber ' +
      '(efter ca. en time), og stop kald til aftaler, hvor kunden har trukket adgangen tilbage. Afvises et kald til en aftale, så lad der gå ' +
      'mindst {recommended}, før I prøver den aftale igen.',
    en:
      'In the {window} up to {until}, {value} of your integration’s calls were refused with 401 or 403, not counting the first one ' +
      'on each agreement. The limit is reached at {limit} and grows with the number of agreements that you use. Renew the access token ' +
      'before it expires (after about an hour), and stop calling agreements whose customer has withdrawn access. When a call for an agreement ' +
      'is refused, leave at least {recommended} before you try that agreement again.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...sumPlaceholders(verdict, subject, policy.rules.AUTH_FAILURES),
    window: minutes(policy.rules.AUTH_FAILURES.windowMinutes),
    recommended: minutes(recommendedMinutesAfterRefusal(policy)),
  }),
};

export const smsInvalid: Guidance = {
  template: {
    da:
      'I løbet af de {window} frem til {until} blev {value} af de SMS’er, som jeres integration ville sende, afvist som ugyldige. ' +
      'Grænsen går ved {limit}, når der er mindst {sample} forsøg. Kontrollér nummer og tekst, før I sender, og send ikke en afvist SMS ' +
      'igen uændret. Er {recommended} af de seneste {sample} afvist, så hold op med at sende, indtil årsagen er fundet.',
    en:
      'In the {window} up to {until}, {value} of the SMS that your integration meant to send were rejected as invalid. The limit is ' +
      'reached at {limit} when there are at least {sample} attempts. Check number and text before you send, and do not send a ' +
      'rejected SMS again unchanged. When {recommended} of the latest {sample} were rejected, stop sending until the cause is found.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...sharePlaceholders(verdict, subject, policy.rules.SMS_INVALID),
    window: hours(policy.rules.SMS_INVALID.windowMinutes),
    limit: percent(verdict.threshold),
    recommended: wholeNumber(recommendedRejectedSms(policy)),
  }),
};
