import { fields } from '@taxameter/contracts';
import type { FieldError } from './problem.js';

/** PostgreSQL has no year 0, and in UTC there is no four-digit year for what an offset moves beyond 9999. */
const EARLIEST_MS = Date.parse('0001-01-01T00:00:00Z');
const LATEST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Each text of an input that passes its schema and that PostgreSQL refuses all the same, which would be our failure (500) and
 * not the caller's (400): NUL, in text and in jsonb, and an instant whose year it cannot keep.
 */
export function unstorableFields(value: unknown, path: readonly string[] = []): FieldError[] {
  if (typeof value === 'string') {
    const reason = whyUnstorable(value);
    return reason === null ? [] : [{ field: path.join('.'), reason }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(name.includes('\0') ? [{ field: path.join('.'), reason: 'has a name that holds NUL' }] : []),
    ...unstorableFields(inner, [...path, name]),
  ]);
}

function whyUnstorable(text: string): string | null {
  if (text.includes('\0')) return 'holds NUL';
  // Only these can be out of range; the schema of an instant is dear to apply to every text.
  if (!/^(?:000|9999)/.test(text) || !fields.instant.safeParse(text).success) return null;
  const timeMs = Date.parse(text);
  return timeMs >= EARLIEST_MS && timeMs <= LATEST_MS ? null : 'is not an instant of the years 1 to 9999';
}
