import { wholeNumber, type Bilingual } from '../guidance/text.js';

/** Writes what a rule measures as people say it: a figure with its unit. */

interface Unit {
  /** What stands after the figure, with the blank before it where the language has one. */
  readonly after: Bilingual;
  /** What the figure is divided by before it is written. */
  readonly divisor?: number;
  /** A single measurement can be held against the limit; of the others only their sum. */
  readonly isComparable: boolean;
}

const spaced = (da: string, en: string): Bilingual => ({ da: ` ${da}`, en: ` ${en}` });

const UNITS: Readonly<Record<string, Unit>> = {
  'calls per minute': { after: spaced('kald pr. minut', 'calls per minute'), isComparable: true },
  'calls in 5 seconds': { after: spaced('kald på 5 sekunder', 'calls in 5 seconds'), isComparable: true },
  'writes per minute': {
    after: spaced('skrivende kald pr. minut', 'writing calls per minute'),
    isComparable: true,
  },
  'ms of server time per minute': {
    after: spaced('sekunders servertid pr. minut', 'seconds of server time per minute'),
    divisor: 1000,
    isComparable: true,
  },
  'percent of calls': { after: { da: ' % af kaldene', en: '% of the calls' }, isComparable: true },
  'full fetches': { after: spaced('fulde hentninger', 'full fetches'), isComparable: false },
  'fetches of changes': {
    after: spaced('hentninger af ændringer', 'fetches of changes'),
    isComparable: false,
  },
};

/** A unit that is not in the table is written as the rule names it, and compared with nothing. */
function unitOf(name: string): Unit {
  return Object.hasOwn(UNITS, name) ? UNITS[name]! : { after: spaced(name, name), isComparable: false };
}

/** The figure with its unit: `17,5 % af kaldene`. */
export function quantity(value: number, unit: string): Bilingual {
  const { after } = unitOf(unit);
  const { da, en } = figure(value, unit);
  return { da: `${da}${after.da}`, en: `${en}${after.en}` };
}

/** The figure alone, as it stands beside its unit. */
export function figure(value: number, unit: string): Bilingual {
  const tenths = Math.round((value * 10) / (unitOf(unit).divisor ?? 1));
  const whole = wholeNumber(Math.trunc(tenths / 10));
  const tenth = tenths % 10;
  return tenth === 0 ? whole : { da: `${whole.da},${tenth}`, en: `${whole.en}.${tenth}` };
}

/** The unit alone, for the heading of figures. */
export function unitName(unit: string): Bilingual {
  const { da, en } = unitOf(unit).after;
  return { da: da.trim(), en: en.trim() };
}

export function isComparable(unit: string): boolean {
  return unitOf(unit).isComparable;
}
