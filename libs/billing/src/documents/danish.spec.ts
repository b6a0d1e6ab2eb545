import {
  copenhagenStamp,
  danishCount,
  danishDate,
  danishDecimal,
  danishPercent,
  danishQuarter,
} from './danish.js';
import { printable } from './printable.js';

describe('Danish figures', () => {
  it.each([
    ['0.00', '0,00'],
    ['999.99', '999,99'],
    ['1234.00', '1.234,00'],
    ['2500000.00', '2.500.000,00'],
    ['-1234.5678', '-1.234,5678'],
  ])('writes %s as %s', (given, written) => expect(danishDecimal(given)).toBe(written));

  it('refuses what is not a decimal', () => expect(() => danishDecimal('1,50')).toThrow(RangeError));

  it('writes counts, dates, quarters and rates', () => {
    expect(danishCount(1234567)).toBe('1.234.567');
    expect(danishDate('2026-10-05')).toBe('05.10.2026');
    expect(danishQuarter('2026-Q3')).toBe('3. kvartal 2026');
    expect(danishPercent(2500)).toBe('25\u00a0%');
    expect(danishPercent(2550)).toBe('25,5\u00a0%');
  });
});

describe('the local time of an SMS', () => {
  it('tells the two half past twos of an October night apart', () => {
    expect(copenhagenStamp(new Date('2026-10-25T00:30:00.000Z'))).toBe('2026-10-25 02:30:00.000+02:00');
    expect(copenhagenStamp(new Date('2026-10-25T01:30:00.000Z'))).toBe('2026-10-25 02:30:00.000+01:00');
  });

  it('begins a quarter at local midnight', () => {
    expect(copenhagenStamp(new Date('2026-06-30T22:00:00.007Z'))).toBe('2026-07-01 00:00:00.007+02:00');
  });
});

describe('what may be printed', () => {
  it('loses bidi overrides, zero-width and control characters, and halves of surrogate pairs', () => {
    expect(printable('Sø\u202en\u202c \u2066A\u2069/\u200bS\u0000\u0007\ud800')).toBe('Søn A/S');
  });

  it('becomes one line', () => expect(printable('  Ærø\r\nØl\t ApS ')).toBe('Ærø Øl ApS'));

  it('keeps no-break spaces, letters of Europe and markup as it is', () => {
    expect(printable('25\u00a0% Łódź–Café „Ö” <script>')).toBe('25\u00a0% Łódź–Café „Ö” <script>');
  });
});
