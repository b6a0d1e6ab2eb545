/**
 * Calendar quarters and days in Europe/Copenhagen. All calendar arithmetic of the project is here: everything else
 * handles UTC instants and half-open intervals. A UTC quarter would put one or two hours of SMS into the wrong quarter.
 */

export const ZONE = 'Europe/Copenhagen';

const HOUR_MS = 3_600_000;

const localParts = new Intl.DateTimeFormat('en-GB', {
  timeZone: ZONE,
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** What the clock on a wall in Copenhagen showed at an instant; `offsetMinutes` is +60 in winter, +120 in summer. */
export interface CopenhagenTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly offsetMinutes: number;
}

export function copenhagenTime(instant: Date): CopenhagenTime {
  const part: Record<string, number> = {};
  for (const { type, value } of localParts.formatToParts(instant)) part[type] = Number(value);
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = part;
  const asIfUtc = Date.UTC(year, month - 1, day, hour, minute, second);
  const wholeSecond = Math.floor(instant.getTime() / 1000) * 1000;
  return { year, month, day, hour, minute, second, offsetMinutes: (asIfUtc - wholeSecond) / 60_000 };
}

/** The local calendar day, `2026-10-25`. That day has 25 hours. */
export function copenhagenDate(instant: Date): string {
  const { year, month, day } = copenhagenTime(instant);
  return `${year}-${pad(month)}-${pad(day)}`;
}

/** The instant of local midnight at which a calendar day begins. Midnight is never skipped or doubled in Denmark. */
export function startOfCopenhagenDay(year: number, month: number, day: number): Date {
  const midnightUtc = Date.UTC(year, month - 1, day);
  for (const hours of [1, 2]) {
    const candidate = new Date(midnightUtc - hours * HOUR_MS);
    if (copenhagenTime(candidate).offsetMinutes === hours * 60) return candidate;
  }
  throw new RangeError(`no midnight in ${ZONE} on ${year}-${month}-${day}`);
}

/**
 * The instants at which an hour by the clock on the wall begins, on a calendar day: one; none where clocks go forward over it; two where
 * they go back over it.
 */
export function startsOfCopenhagenHour(year: number, month: number, day: number, hour: number): Date[] {
  const asIfUtc = Date.UTC(year, month - 1, day, hour);
  return [2, 1]
    .map((offsetHours) => ({ offsetHours, instant: new Date(asIfUtc - offsetHours * HOUR_MS) }))
    .filter(({ offsetHours, instant }) => copenhagenTime(instant).offsetMinutes === offsetHours * 60)
    .map(({ instant }) => instant);
}

/** A quarter of a year as the half-open interval [start, end) of UTC instants. */
export class Quarter {
  readonly start: Date;
  readonly end: Date;

  private constructor(
    readonly year: number,
    readonly number: 1 | 2 | 3 | 4,
  ) {
    this.start = startOfCopenhagenDay(year, 3 * number - 2, 1);
    this.end =
      number === 4 ? startOfCopenhagenDay(year + 1, 1, 1) : startOfCopenhagenDay(year, 3 * number + 1, 1);
  }

  /** The quarter to which an instant belongs: exactly one. */
  static of(instant: Date): Quarter {
    const { year, month } = copenhagenTime(instant);
    return cached(year, Math.ceil(month / 3));
  }

  /**
   * "2026-Q3" → the third quarter of 2026.
   * @throws RangeError when the text has another form
   */
  static parse(text: string): Quarter {
    const match = /^(20\d\d)-Q([1-4])$/.exec(text);
    if (!match) throw new RangeError(`"${text}" is not a quarter: write it as 2026-Q3`);
    return cached(Number(match[1]), Number(match[2]));
  }

  static at(year: number, number: number): Quarter {
    return Quarter.parse(`${year}-Q${number}`);
  }

  /** @internal used by the cache only */
  static create(year: number, number: 1 | 2 | 3 | 4): Quarter {
    return new Quarter(year, number);
  }

  contains(instant: Date): boolean {
    return instant >= this.start && instant < this.end;
  }

  next(): Quarter {
    return this.number === 4 ? Quarter.at(this.year + 1, 1) : Quarter.at(this.year, this.number + 1);
  }

  previous(): Quarter {
    return this.number === 1 ? Quarter.at(this.year - 1, 4) : Quarter.at(this.year, this.number - 1);
  }

  /** First and last local calendar day, both inside: `2026-07-01` and `2026-09-30`. */
  firstDay(): string {
    return copenhagenDate(this.start);
  }

  lastDay(): string {
    return copenhagenDate(new Date(this.end.getTime() - 1));
  }

  toString(): string {
    return `${this.year}-Q${this.number}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

// Quarter.of runs for every SMS, and building one costs several Intl calls (about 20 µs), so each is built once.
const quarters = new Map<string, Quarter>();

function cached(year: number, number: number): Quarter {
  const key = `${year}-${number}`;
  const known = quarters.get(key);
  if (known) return known;
  const quarter = Quarter.create(year, number as 1 | 2 | 3 | 4);
  quarters.set(key, quarter);
  return quarter;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
