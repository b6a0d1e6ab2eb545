import { ZONE } from '@taxameter/contracts';
import { HOUR_MS, type Window } from '../counters/window.js';
import { UnusableQuery } from './usage-range.js';

/** Days and offsets of zones other than Copenhagen, for which nothing is counted by the day: their days are whole hours. */

const DAY_MS = 86_400_000;
/** From the earliest to the latest clock on Earth: UTC+14 and UTC-12, and an hour for a midnight that is skipped. */
const WIDEST_OFFSET_HOURS = 15;

const formats = new Map<string, Intl.DateTimeFormat>();
/** About 600 zones exist; spelled in other cases there would be no end. */
const MOST_FORMATS = 1_000;

/** @throws UnusableQuery when there is no zone of that name */
export function checkTimeZone(zone: string): void {
  try {
    formatOf(zone);
  } catch {
    throw new UnusableQuery('timeZone', `is not a zone such as ${ZONE}, UTC or America/New_York`);
  }
}

/** RFC 3339 with the offset of the zone at that instant: `2026-10-05T09:00:00+02:00`; without a zone in UTC. */
export function instantIn(zone: string | null, instant: Date): string {
  if (zone === null) return instant.toISOString();
  const minutes = offsetMinutes(zone, instant);
  const local = new Date(instant.getTime() + minutes * 60_000).toISOString().slice(0, 19);
  const [hour, minute] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${local}${minutes < 0 ? '-' : '+'}${pad(hour)}:${pad(minute)}`;
}

/** The calendar day of the zone in which an instant lies: `2026-10-05`. */
export function dateIn(zone: string, instant: Date): string {
  return instantIn(zone, instant).slice(0, 10);
}

/**
 * The day of that date: from its first instant, which is 01:00 where the clock skips midnight.
 * @throws RangeError when the zone has no such day, or its midnight is not on a whole hour of UTC
 */
export function dayIn(zone: string, date: string): Window {
  return { key: date, start: startOfDay(zone, date), end: startOfDay(zone, dateAfter(zone, date)) };
}

/**
 * The days of a range that begins and ends with a day.
 * @throws UnusableQuery when the zone has other offsets than whole hours: its days cannot be summed from hours exactly
 */
export function daysIn(zone: string, start: Date, end: Date): Window[] {
  const days: Window[] = [];
  refuseBrokenOffset(zone, start);
  for (let at = start; at < end; at = days.at(-1)!.end) {
    const key = dateIn(zone, at);
    const day = { key, start: at, end: startOfDay(zone, dateAfter(zone, key)) };
    refuseBrokenOffset(zone, day.end);
    days.push(day);
  }
  return days;
}

/** @throws UnusableQuery */
export function refuseBrokenOffset(zone: string, instant: Date): void {
  if (offsetMinutes(zone, instant) % 60 === 0) return;
  throw new UnusableQuery(
    'timeZone',
    `has an offset that is not of whole hours, so its days cannot be summed from hours: take granularity=hour, or a day of ${ZONE}`,
  );
}

function startOfDay(zone: string, date: string): Date {
  const midnightMs = Date.parse(`${date}T00:00:00Z`);
  const firstHourFrom = (hours: number, until: number) => {
    for (let hour = hours; hour <= until; hour += 1) {
      const candidate = new Date(midnightMs + hour * HOUR_MS);
      if (dateIn(zone, candidate) === date) return { candidate, isFirst: hour > hours };
    }
    return null;
  };
  // Asking the calendar costs microseconds, so it is asked about where midnight ought to be; only a zone that moved over
  // the date line is searched.
  const expected = -Math.round(offsetMinutes(zone, new Date(midnightMs)) / 60);
  const near = firstHourFrom(expected - 2, expected + 2);
  const found = near?.isFirst ? near : firstHourFrom(-WIDEST_OFFSET_HOURS, WIDEST_OFFSET_HOURS);
  if (!found) throw new RangeError(`"${date}" is not a day of the calendar in ${zone}`);
  return found.candidate;
}

/** A zone that moved over the date line has left out a day. */
function dateAfter(zone: string, date: string): string {
  const next = new Date(Date.parse(`${date}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
  try {
    startOfDay(zone, next);
    return next;
  } catch {
    return new Date(Date.parse(`${next}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
  }
}

function offsetMinutes(zone: string, instant: Date): number {
  const part: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(instant)) part[type] = Number(value);
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = part;
  const wholeSecondMs = Math.floor(instant.getTime() / 1_000) * 1_000;
  return (Date.UTC(year, month - 1, day, hour, minute, second) - wholeSecondMs) / 60_000;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  if (formats.size >= MOST_FORMATS) formats.clear();
  formats.set(zone, format);
  return format;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
