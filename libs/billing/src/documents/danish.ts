/**
 * How figures, dates and times are written in Danish documents.
 */
import { copenhagenTime } from '@taxameter/contracts';

const NO_BREAK_SPACE = '\u00a0';

/** "1234.00" → "1.234,00". Works on the text, so that no amount passes through a float; a negative keeps its sign. */
export function danishDecimal(decimal: string): string {
  const [, sign = '', whole = '', fraction] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(decimal) ?? [];
  if (whole === '') throw new RangeError(`"${decimal}" is not a decimal number`);
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '.');
  return fraction === undefined ? sign + grouped : `${sign}${grouped},${fraction}`;
}

/** 1234 → "1.234". */
export function danishCount(count: number): string {
  return danishDecimal(String(count));
}

/** "2026-10-05" → "05.10.2026". */
export function danishDate(date: string): string {
  return date.split('-').reverse().join('.');
}

/** 2500 basis points → "25 %", with the space that does not break. */
export function danishPercent(basisPoints: number): string {
  const percent = (basisPoints / 100).toString().replace('.', ',');
  return `${percent}${NO_BREAK_SPACE}%`;
}

/** "2026-Q3" → "3. kvartal 2026". */
export function danishQuarter(quarter: string): string {
  const [year, number] = quarter.split('-Q');
  return `${number}. kvartal ${year}`;
}

/**
 * The wall clock in Copenhagen with its offset, `2026-10-25 02:30:00.000+02:00`: in the night when the clock is set back, only
 * the offset tells the two half past twos apart.
 */
export function copenhagenStamp(instant: Date): string {
  const { year, month, day, hour, minute, second, offsetMinutes } = copenhagenTime(instant);
  const date = `${year}-${two(month)}-${two(day)}`;
  const milliseconds = String(instant.getTime() - Math.floor(instant.getTime() / 1000) * 1000);
  const time = `${two(hour)}:${two(minute)}:${two(second)}.${milliseconds.padStart(3, '0')}`;
  return `${date} ${time}+${two(offsetMinutes / 60)}:00`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
