import { ZONE, type Breach } from '@taxameter/contracts';
import { wholeNumber, type Bilingual } from '../guidance/text.js';

/** Says in Danish time when something was measured. */

const MINUTE_MS = 60_000;

const inZone = (locale: string, options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(locale, { timeZone: ZONE, ...options });
const DAY = { da: inZone('da-DK', { dateStyle: 'long' }), en: inZone('en-GB', { dateStyle: 'long' }) };
const CLOCK = { da: inZone('da-DK', { timeStyle: 'short' }), en: inZone('en-GB', { timeStyle: 'short' }) };

/** `09.15` and `09:15`. */
export function clock(instant: string): Bilingual {
  const at = new Date(instant);
  return { da: CLOCK.da.format(at), en: CLOCK.en.format(at) };
}

/** From one instant to another; the day is named once when it is the same. */
export function span(start: string, end: string): Bilingual {
  const [from, to] = [moment(start), moment(end)];
  const [fromDay, toDay] = [DAY.da.format(new Date(start)), DAY.da.format(new Date(end))];
  const until = fromDay === toDay ? clock(end) : to;
  const dash = fromDay === toDay ? '–' : ' – ';
  return { da: `${from.da}${dash}${until.da}`, en: `${from.en}${dash}${until.en}` };
}

/** `5. oktober 2026 kl. 09.15` and `5 October 2026, 09:15`. */
export function moment(instant: string): Bilingual {
  const at = new Date(instant);
  const { da, en } = clock(instant);
  return { da: `${DAY.da.format(at)} kl. ${da}`, en: `${DAY.en.format(at)}, ${en}` };
}

/** How many measurements there are, called after how long each of them is. */
export function measurements(evidence: Breach['evidence']): Bilingual {
  const lengths = new Set(
    evidence.map(({ windowStart, windowEnd }) => Date.parse(windowEnd) - Date.parse(windowStart)),
  );
  const [length] = lengths.size === 1 ? lengths : [];
  const one = evidence.length === 1;
  const count = wholeNumber(evidence.length);
  const name = (da: string, en: string) => ({ da: `${count.da} ${da}`, en: `${count.en} ${en}` });
  if (length === MINUTE_MS) return one ? name('minut', 'minute') : name('minutter', 'minutes');
  if (length === 60 * MINUTE_MS) return one ? name('time', 'hour') : name('timer', 'hours');
  return one ? name('måling', 'measurement') : name('målinger', 'measurements');
}
