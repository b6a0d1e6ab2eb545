/**
 * Decides whether a path segment names one thing (an id, a date, a name) or a kind of thing, which a route
 * keeps.
 */

export type SegmentKind = 'literal' | 'identifier' | 'date' | 'value';

const UUID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/i;
const DATE = /^\d{4}-\d\d(?:-\d\d(?:T.*)?)?$/i;
const LONGEST_LITERAL = 64;

/** `v1`, `v2.1`: part of the route, never an identifier. */
export function isVersion(segment: string): boolean {
  return /^v\d{1,3}(?:\.\d{1,3}){0,2}$/i.test(segment);
}

/**
 * @param segment decoded. `value` is free text (a name, a search word, bytes): as identifying as an id, so
 *   never kept.
 */
export function kindOfSegment(segment: string): SegmentKind {
  if (isVersion(segment)) return 'literal';
  if (DATE.test(segment)) return 'date';
  if (isIdentifier(segment)) return 'identifier';
  const prefixed = /^[a-z]{2,6}[_-](.+)$/i.exec(segment)?.[1];
  // Six digits and more: `sha-256` and `iso-9001` are words.
  if (prefixed && (/^\d{6,}$/.test(prefixed) || (!/^\d+$/.test(prefixed) && isIdentifier(prefixed)))) {
    return 'identifier';
  }
  if (segment.length > LONGEST_LITERAL || !/^[\w.~!$'()*+,:-]+$/.test(segment)) return 'value';
  return 'literal';
}

function isIdentifier(segment: string): boolean {
  if (/^[+-]?\d+$/.test(segment) || UUID.test(segment) || ULID.test(segment)) return true;
  if (segment.includes('@') || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(segment)) return true;
  if (/^[0-9a-f]{12,}$/i.test(segment) && /\d/.test(segment)) return true;
  return isToken(segment);
}

/**
 * Random-looking: long, digits and letters mixed. Words joined by hyphens (`report-2026-by-customer`) are
 * none.
 */
function isToken(segment: string): boolean {
  if (/^eyJ[\w-]+\./.test(segment)) return true;
  if (segment.length < 20 || !/^[\w=-]+$/.test(segment)) return false;
  const digits = segment.replace(/\D/g, '').length;
  const isMixedCase = /[a-z]/.test(segment) && /[A-Z]/.test(segment);
  return digits >= 2 && (isMixedCase || !/[-_]/.test(segment));
}
