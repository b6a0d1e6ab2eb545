import { validateEvent } from '@taxameter/contracts';
import type { LogFormat } from './logged-call.js';

/** Decides which format a log has, by its first lines. */

export type Recognised =
  | { readonly format: LogFormat | 'cloudevents'; readonly readable: number; readonly of: number }
  | { readonly format: null; readonly of: number };

/** Lines that are looked at, and that the hash key is derived from when none is given. */
export const HEAD_LINES = 50;

/** The format that reads most of the lines; the earlier one when two read equally many. */
export function recogniseFormat(lines: readonly string[], formats: readonly LogFormat[]): Recognised {
  const filled = lines.filter((line) => line.trim() !== '');
  const scores: { format: LogFormat | 'cloudevents'; readable: number }[] = [
    { format: 'cloudevents', readable: filled.filter(isEventLine).length },
    ...formats.map((format) => ({
      format,
      readable: filled.filter((line) => !('unreadable' in format.read(line))).length,
    })),
  ];
  const best = scores.reduce((first, next) => (next.readable > first.readable ? next : first));
  return best.readable === 0
    ? { format: null, of: filled.length }
    : { format: best.format, readable: best.readable, of: filled.length };
}

/** A CloudEvent even when it breaks its schema: such a line is to be reported, not read as a log. */
function isEventLine(line: string): boolean {
  try {
    const verdict = validateEvent(JSON.parse(line));
    return verdict.ok || (verdict.reason === 'breaks_schema' && verdict.field !== 'type');
  } catch {
    return false;
  }
}
