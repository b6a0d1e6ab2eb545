/**
 * What of a text from outside may be printed: a name must not turn the direction of a line or hide characters in it.
 */

/**
 * One line of visible text: NFC, without control characters, format characters (bidi overrides and isolates, zero-width
 * characters, soft hyphens) and halves of surrogate pairs; any run of blanks and line breaks becomes one space.
 * No-break spaces stay, since they are part of Danish figures.
 */
export function printable(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[\t\n\v\f\r\u2028\u2029 ]+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '')
    .trim();
}
