import { z } from 'zod';

/**
 * Building blocks of the schemas. PostgreSQL refuses NUL and lone surrogates in text and jsonb, and a control character in
 * a name breaks log lines and PDFs, so no text field accepts them.
 */

/** Text without control characters and lone surrogates, `min` to `max` code points (an emoji is one). */
export const text = (max: number, min = 1) =>
  z
    .string()
    .min(min)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'holds a control character or half a surrogate pair');

/** An identifier of the platform: no blank, no delimiter of ours (`|` joins keys), printable ASCII. */
export const identifier = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[!-{}~]+$/, 'holds a character that an identifier may not have');

/** RFC 3339 instant with `Z` or an offset; decides by instant, not by the date as written. */
export const instant = z.iso.datetime({ offset: true });

/** Whole number from zero to what a JavaScript number holds exactly. */
export const count = z.int().min(0);

export const hash = (length: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`), 'is not lower-case hex');

/** ISO 3166-1 alpha-2. */
export const country = z.string().regex(/^[A-Z]{2}$/, 'is not a two-letter country code');

/** A decimal amount in kroner as text, `1234.50`. */
export const amount = z.string().regex(/^-?\d{1,15}\.\d{2}$/, 'is not an amount with two decimals');

/** `2026-Q3`. */
export const quarterName = z.string().regex(/^20\d\d-Q[1-4]$/, 'is not a quarter such as 2026-Q3');
