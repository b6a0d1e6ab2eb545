import { sharePlaceholders, sumPlaceholders, type Guidance } from './placeholders.js';
import { recommendedCallsPerMinute, recommendedRefusals } from './recommendations.js';
import { percent, wholeNumber } from './text.js';

/** Texts on calls that are refused, or should be: one cause, one cure, its own window. */

export const errorRatio: Guidance = {
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

export const throttledRatio: Guidance = {
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

export const legacyAuth: Guidance = {
  template: {
    da:
      'I løbet af de {window} frem til {until} har jeres integration foretaget {value} kald uden bearer token. Grænsen går ved ' +
      '{limit}. Vilkårene kræver, at alle kald bærer et access token i headeren `Authorization: Bearer …`; hent det med OAuth 2, og ' +
      'hold op med at sende API-nøgler og adgangskoder.',
    en:
      'In the {window} up to {until}, your integration made {value} calls without a bearer token. The limit is reached at {limit}. ' +
      'The terms ask for an access token on every call, in the header `Authorization: Bearer …`; get it by OAuth 2, and stop ' +
      'sending API keys and passwords.',
  },
  placeholders: (verdict, subject, policy) => sumPlaceholders(verdict, subject, policy.rules.LEGACY_AUTH),
};
