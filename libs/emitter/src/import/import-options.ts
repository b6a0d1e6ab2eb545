import { combinedFormat } from '../formats/combined.js';
import { jsonLinesFormat, parseMapping } from '../formats/json-lines.js';
import { DURATION_UNITS, isoTimeMs, zoneOffsetMs } from '../formats/logged-call.js';
import type { DurationUnit, LogFormat } from '../formats/logged-call.js';
import { openstackFormat } from '../formats/openstack.js';
import { recogniseFormat } from '../formats/recognise.js';
import { parseOperations } from '../routes/operation.js';
import type { Operations } from '../routes/operation.js';
import { parseRoutePattern } from '../routes/route-template.js';
import type { RoutePattern } from '../routes/route-template.js';
import type { Door } from '../send/post-batch.service.js';
import { parseSelector } from './select-party.js';

/** What an import can be told, and what of it cannot work. */

export interface ImportOptions {
  /** Path of the log, plain or gzip; with `input` only its name. */
  readonly file: string;
  /** Standard input, for `-`. */
  readonly input?: AsyncIterable<string | Uint8Array>;
  /** Where events go; null for a dry run. */
  readonly door: Door | null;
  readonly format?: string;
  readonly source?: string;
  readonly integration?: string;
  readonly agreement?: string;
  readonly map?: string;
  readonly routes?: readonly string[];
  readonly operations?: readonly string[];
  readonly timeZone?: string;
  readonly durationUnit?: string;
  /** ISO instant on which the earliest call is to fall. */
  readonly shiftTo?: string;
  readonly hashKey?: string;
}

export interface ParsedOptions {
  readonly formats: readonly LogFormat[];
  readonly source: string;
  readonly integration: string | null;
  readonly agreement: string | null;
  readonly patterns: readonly RoutePattern[];
  readonly operations: Operations;
  readonly shiftToMs: number | null;
  readonly hashKey: string | null;
}

/** Wrong use: options or a file that cannot work. The message says what would. */
export class ImportRefused extends Error {
  override readonly name = 'ImportRefused';
}

/** @throws ImportRefused */
export function parseImportOptions(options: ImportOptions): ParsedOptions {
  try {
    const naiveOffsetMs = zoneOffsetMs(options.timeZone ?? 'Z');
    for (const selector of [options.integration, options.agreement]) {
      if (selector !== undefined) parseSelector(selector, () => '');
    }
    return {
      formats: [
        openstackFormat(naiveOffsetMs),
        combinedFormat(durationUnitOf(options.durationUnit)),
        jsonLinesFormat(parseMapping(options.map ?? ''), naiveOffsetMs),
      ],
      source: sourceOf(options),
      integration: options.integration ?? null,
      agreement: options.agreement ?? null,
      patterns: (options.routes ?? []).map(parseRoutePattern),
      operations: parseOperations(options.operations ?? []),
      shiftToMs: options.shiftTo === undefined ? null : instantMs(options.shiftTo),
      hashKey: options.hashKey ?? null,
    };
  } catch (error) {
    if (error instanceof RangeError) throw new ImportRefused(error.message);
    throw error;
  }
}

/** @throws ImportRefused for a name that is no format, or when no line tells */
export function chooseFormat(
  head: readonly string[],
  wanted: string,
  { formats }: Pick<ParsedOptions, 'formats'>,
): { format: LogFormat | 'cloudevents'; because: string } {
  if (wanted === 'cloudevents') return { format: 'cloudevents', because: 'as told' };
  if (wanted !== 'auto') {
    const format = formats.find(({ name }) => name === wanted);
    if (format) return { format, because: 'as told' };
    const names = ['auto', ...formats.map(({ name }) => name), 'cloudevents'].join(', ');
    throw new ImportRefused(`format "${wanted}" is not known; known are ${names}`);
  }
  const recognised = recogniseFormat(head, formats);
  if (recognised.format) {
    const because = `reads ${recognised.readable} of the first ${recognised.of} lines`;
    return { format: recognised.format, because };
  }
  if (recognised.of === 0) return { format: formats[0]!, because: 'there are no lines to tell' };
  const reasons = formats.map((format) => {
    const reading = format.read(head.find((line) => line.trim() !== '')!);
    return `  ${format.name}: ${'unreadable' in reading ? reading.unreadable : 'readable'}`;
  });
  throw new ImportRefused(
    `none of the first ${recognised.of} lines can be read. The first one, as\n${reasons.join('\n')}\n` +
      'Name the format with --format, and for JSON the fields with --map.',
  );
}

function durationUnitOf(unit: string | undefined): DurationUnit | null {
  if (unit === undefined) return null;
  if (!(DURATION_UNITS as string[]).includes(unit)) {
    throw new RangeError(`duration unit "${unit}" is not known; known are ${DURATION_UNITS.join(', ')}`);
  }
  return unit as DurationUnit;
}

function instantMs(text: string): number {
  const hasZone = /(z|[+-]\d\d:?\d\d)$/i.test(text);
  const timeMs = hasZone ? isoTimeMs(text, 0) : null;
  if (timeMs === null) throw new RangeError(`"${text}" is not an instant such as 2026-05-16T08:00:00Z`);
  return timeMs;
}

/** The file's name without folders and `.gz`, so that a log and its gzip are the same calls. */
function sourceOf({ file, input, source }: ImportOptions): string {
  if (source !== undefined) {
    if (!/^[!-~]{1,256}$/.test(source)) throw new RangeError(`source "${source}" has blanks or is too long`);
    return source;
  }
  const name = input ? 'stdin' : file.split(/[\\/]/).pop()!.replace(/\.gz$/i, '');
  return `/import/${name.replace(/[^\w.-]/g, '_').slice(0, 200)}`;
}
