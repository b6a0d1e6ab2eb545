import type { Policy } from '../policy/policy.js';
import { sumPlaceholders, type Guidance } from './placeholders.js';
import { recommendedMinutesBetweenRepeats, recommendedSmsPerHour } from './recommendations.js';
import { agreementText, instantText, minutes, wholeNumber, type Bilingual } from './text.js';

/** Texts on SMS: one cause, one cure, its own window. */

export const smsForeign: Guidance = {
  template: {
    da:
      'I løbet af de {window} frem til {until} har jeres integration sendt {value} SMS til modtagere uden for de lande, som vilkårene ' +
      'tillader: {countries}. Grænsen går ved {limit}. Kontrollér landekoden, før I sender, og afvis numre fra andre lande. Hver ' +
      'afsendt SMS koster {price}.',
    en:
      'In the {window} up to {until}, your integration sent {value} SMS to recipients outside the countries that the terms allow: ' +
      '{countries}. The limit is reached at {limit}. Check the country code before you send, and refuse numbers from other ' +
      'countries. Every SMS sent costs {price}.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...sumPlaceholders(verdict, subject, policy.rules.SMS_FOREIGN),
    countries: countriesText(policy),
    price: policy.smsPriceText,
  }),
};

export const smsRepeat: Guidance = {
  template: {
    da:
      'I løbet af de {window} frem til {until} har jeres integration sendt det samme bilag til den samme modtager {value} gange som ' +
      'SMS {org}. Grænsen går ved {limit} gange. Hver afsendt SMS koster {price}. Kontrollér, at et fejlsvar eller et manglende ' +
      'svar ikke udløser afsendelsen på ny, og lad der gå mindst {recommended}, før I sender det samme til den samme igen.',
    en:
      'In the {window} up to {until}, your integration sent the same voucher to the same recipient {value} times by SMS {org}. The ' +
      'limit is reached at {limit} times. Every SMS sent costs {price}. Make sure that an error or a missing answer does not ' +
      'trigger the sending anew, and leave at least {recommended} before you send the same to the same recipient again.',
  },
  placeholders: (verdict, subject, policy) => ({
    value: wholeNumber(verdict.value),
    window: minutes(policy.rules.SMS_REPEAT.windowMinutes),
    until: instantText(verdict.windowEnd),
    org: agreementText(subject.agreementId),
    limit: wholeNumber(verdict.threshold),
    price: policy.smsPriceText,
    recommended: minutes(recommendedMinutesBetweenRepeats(policy)),
  }),
};

export const smsSpike: Guidance = {
  template: {
    da:
      'I timen frem til {until} har jeres integration sendt {value} SMS. Det er usædvanligt mange: Grænsen går ved {limit}, regnet ud ' +
      'fra, hvad I plejer at sende på den tid af døgnet og på den dag i måneden. Hver afsendt SMS koster {price}. Kontrollér, at et ' +
      'fejlsvar ikke udløser gentagne afsendelser. Skal I sende mange på én gang, så aftal det med os på forhånd, eller hold jer på ' +
      'højst {recommended} i timen.',
    en:
      'In the hour up to {until}, your integration sent {value} SMS. That is unusually many: the limit is reached at {limit}, worked ' +
      'out from what you usually send at that time of day and on that day of the month. Every SMS sent costs {price}. Make sure that ' +
      'an error does not trigger repeated sendings. If you have many to send at once, agree it with us beforehand, or stay at or ' +
      'below {recommended} an hour.',
  },
  placeholders: (verdict, _subject, policy) => ({
    value: wholeNumber(verdict.value),
    until: instantText(verdict.windowEnd),
    limit: wholeNumber(verdict.threshold),
    price: policy.smsPriceText,
    recommended: wholeNumber(recommendedSmsPerHour(policy)),
  }),
};

const NAMES = {
  da: new Intl.DisplayNames('da', { type: 'region' }),
  en: new Intl.DisplayNames('en', { type: 'region' }),
};

/** The countries allowed, by name: `Danmark, Færøerne`. */
function countriesText({ allowedSmsCountries }: Policy): Bilingual {
  const listed = (language: keyof Bilingual) =>
    allowedSmsCountries.map((country) => NAMES[language].of(country) ?? country).join(', ');
  return { da: listed('da'), en: listed('en') };
}
