/** Instants and severities within sentences for people. */
import { copenhagenTime, ZONE, type Severity } from '@taxameter/contracts';
import type { Bilingual } from '../guidance/text.js';

const format = (locale: string, more: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: ZONE, ...more });

const DAY = { da: format('da-DK', {}), en: format('en-GB', {}) };
const MOMENT = { da: format('da-DK', { timeStyle: 'short' }), en: format('en-GB', { timeStyle: 'short' }) };

/** A deadline by Copenhagen's clocks: the midnight with which a day ends is told as that day. */
export function lastMoment(deadline: string): Bilingual {
  const end = new Date(deadline);
  const { hour, minute, second } = copenhagenTime(end);
  const isMidnight = hour === 0 && minute === 0 && second === 0;
  const words = isMidnight ? DAY : MOMENT;
  const told = isMidnight ? new Date(end.getTime() - 1) : end;
  return { da: words.da.format(told), en: words.en.format(told) };
}

/** The day in Copenhagen on which something begins. */
export function firstDay(instant: string): Bilingual {
  const at = new Date(instant);
  return { da: DAY.da.format(at), en: DAY.en.format(at) };
}

export function moment(instant: string): Bilingual {
  const at = new Date(instant);
  return { da: MOMENT.da.format(at), en: MOMENT.en.format(at) };
}

export const SEVERITY_WORDS: Readonly<Record<Severity, Bilingual>> = {
  info: { da: 'til orientering', en: 'for information' },
  warning: { da: 'advarsel', en: 'warning' },
  error: { da: 'alvorlig', en: 'serious' },
  critical: { da: 'kritisk', en: 'critical' },
};
