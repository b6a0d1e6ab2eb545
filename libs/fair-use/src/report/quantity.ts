import { wholeNumber, type Bilingual } from '../guidance/text.js';

/** Writes what a rule measures as people say it: a figure with its unit. */

interface Unit {
  /** What stands after the figure, with the blank before it where the language has one. */
  readonly after: Bilingual;
  /** The same after 1; absent: it is no other. */
  readonly one?: Bilingual;
  /** What the figure is divided by before it is written. */
  readonly divisor?: number;
  /** A single measurement can be held against the limit; of the others only their sum. */
  readonly isComparable: boolean;
}

const spaced = (da: string, en: string): Bilingual => ({ da: ` ${da}`, en: ` ${en}` });

const UNITS: Readonly<Record<string, Unit>> = {
  'calls per minute': {
    after: spaced('kald pr. minut', 'calls per minute'),
    one: spaced('kald pr. minut', 'call per minute'),
    isComparable: true,
  },
  'calls in 5 seconds': {
    after: spaced('kald på 5 sekunder', 'calls in 5 seconds'),
    one: spaced('kald på 5 sekunder', 'call in 5 seconds'),
    isComparable: true,
  },
  'writes per minute': {
    after: spaced('skrivende kald pr. minut', 'writing calls per minute'),
    one: spaced('skrivende kald pr. minut', 'writing call per minute'),
    isComparable: true,
  },
  'ms of server time per minute': {
    after: spaced('sekunders servertid pr. minut', 'seconds of server time per minute'),
    divisor: 1000,
    one: spaced('sekunds servertid pr. minut', 'second of server time per minute'),
    isComparable: true,
  },
  'percent of calls': { after: { da: ' % af kaldene', en: '% of the calls' }, isComparable: true },
  'full fetches': {
    after: spaced('fulde hentninger', 'full fetches'),
    one: spaced('fuld hentning', 'full fetch'),
    isComparable: false,
  },
  'fetches of changes': {
    after: spaced('hentninger af ændringer', 'fetches of changes'),
    one: spaced('hentning af ændringer', 'fetch of changes'),
    isComparable: false,
  },
  'SMS to other countries': {
    after: spaced('SMS til andre lande', 'SMS to other countries'),
    isComparable: false,
  },
  'times the same SMS': {
    after: spaced('gange den samme SMS', 'times the same SMS'),
    one: spaced('gang den samme SMS', 'time the same SMS'),
    isComparable: false,
  },
  'SMS in an hour': { after: spaced('SMS på en time', 'SMS in an hour'), isComparable: true },
  'calls in 24 hours': {
    after: spaced('kald på et døgn', 'calls in 24 hours'),
    one: spaced('kald på et døgn', 'call in 24 hours'),
    isComparable: false,
  },
  'calls without a bearer token': {
    after: spaced('kald uden bearer token', 'calls without a bearer token'),
    one: spaced('kald uden bearer token', 'call without a bearer token'),
    isComparable: false,
  },
  'calls without the scope': {
    after: spaced('kald uden rettigheden', 'calls without the scope'),
    one: spaced('kald uden rettigheden', 'call without the scope'),
    isComparable: false,
  },
  'fetches of old changes': {
    after: spaced('hentninger af gamle ændringer', 'fetches of old changes'),
    one: spaced('hentning af gamle ændringer', 'fetch of old changes'),
    isComparable: false,
  },
  'refused calls': {
    after: spaced('afviste kald', 'refused calls'),
    one: spaced('afvist kald', 'refused call'),
    isComparable: false,
  },
  'calls per minute of all agreements': {
    after: spaced('kald pr. minut på alle aftaler', 'calls per minute of all agreements'),
    one: spaced('kald pr. minut på alle aftaler', 'call per minute of all agreements'),
    isComparable: true,
  },
  'calls during a wait': {
    after: spaced('kald i ventetiden', 'calls during a wait'),
    one: spaced('kald i ventetiden', 'call during a wait'),
    isComparable: false,
  },
  'single records per minute': {
    after: spaced('enkeltposter pr. minut', 'single records per minute'),
    one: spaced('enkeltpost pr. minut', 'single record per minute'),
    isComparable: true,
  },
  'small pages': {
    after: spaced('små sider', 'small pages'),
    one: spaced('lille side', 'small page'),
    isComparable: false,
  },
  'equal answers': {
    after: spaced('ens svar', 'equal answers'),
    one: spaced('ens svar', 'equal answer'),
    isComparable: false,
  },
  'blocked calls per minute': {
    after: spaced('spærrede kald pr. minut', 'blocked calls per minute'),
    one: spaced('spærret kald pr. minut', 'blocked call per minute'),
    isComparable: true,
  },
  'calls at once': {
    after: spaced('samtidige kald', 'calls at once'),
    one: spaced('kald ad gangen', 'call at once'),
    isComparable: true,
  },
  'percent of SMS': { after: { da: ' % af SMS’erne', en: '% of the SMS' }, isComparable: true },
};

/** Whether a unit has its words in both languages. */
export function isKnownUnit(unit: string): boolean {
  return Object.hasOwn(UNITS, unit);
}

/** A unit that is not in the table is written as the rule names it, and compared with nothing. */
function unitOf(name: string): Unit {
  return Object.hasOwn(UNITS, name) ? UNITS[name]! : { after: spaced(name, name), isComparable: false };
}

/** The figure with its unit: `17,5 % af kaldene`. */
export function quantity(value: number, unit: string): Bilingual {
  const { da, en } = figure(value, unit);
  const { after: several, one = several } = unitOf(unit);
  const after = en === '1' ? one : several;
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
