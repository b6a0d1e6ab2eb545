import { validateEvent } from '@taxameter/contracts';
import type { CloudEvent } from '@taxameter/contracts';
import { EventSender } from '../send/event-sender.service.js';
import type { Door } from '../send/post-batch.service.js';
import type { LogFormat, Unreadable } from '../formats/logged-call.js';
import { HEAD_LINES } from '../formats/recognise.js';
import { makeIdOf } from './event-ids.js';
import { deriveHashKey, keyedHash, sha256Hex } from './hashes.service.js';
import { ImportTally } from './import-report.js';
import type { ImportReport, LineProblem } from './import-report.js';
import { LONGEST_LINE, readLines, withHead } from './log-lines.service.js';
import type { LineBatches } from './log-lines.service.js';
import { ImportRefused, chooseFormat, parseImportOptions } from './import-options.js';
import type { ImportOptions, ParsedOptions } from './import-options.js';
import { toEvent } from './to-event.js';
import { parseSelector } from './select-party.js';

/** Imports a file of lines into Taxameter: reads, translates, sends, and accounts for every line. */

export interface ImportProgress {
  /** Once, when the format is known and before the first event is sent. */
  readonly onStart?: (about: { readonly format: string; readonly because: string }) => void;
  /** About once per chunk read and once per answer of the door. */
  readonly onProgress?: (figures: { readonly lines: number; readonly accepted: number }) => void;
  /** Every line that did not become an accepted event; nothing is dropped in silence. */
  readonly onProblem?: (problem: LineProblem) => void;
}

/**
 * Imports an access log, or with format `cloudevents` a file of ready events.
 * @param options `door` null is a dry run: everything but the sending
 * @throws ImportRefused for options or a file that cannot work, before anything is sent
 * @throws SendingFailed when the door refuses or stays away; what it accepted stays, and a second import
 *   repeats the ids
 */
export async function importAccessLog(
  options: ImportOptions,
  progress: ImportProgress = {},
): Promise<ImportReport> {
  const parsed = parseImportOptions(options);
  const opened = await open(options);
  try {
    const { format, because } = chooseFormat(opened.head, options.format ?? 'auto', parsed);
    const name = format === 'cloudevents' ? format : format.name;
    progress.onStart?.({ format: name, because });
    const { translate, source, shiftMs } =
      format === 'cloudevents'
        ? eventTranslation(parsed)
        : await logTranslation(format, parsed, opened.head, options);
    const tally = await run(opened.all, translate, options.door, progress);
    return tally.report({ file: options.file, source, format: name, dryRun: options.door === null, shiftMs });
  } finally {
    opened.close();
  }
}

/** Sends a file with one CloudEvent a line as it is. @throws as importAccessLog */
export function importEvents(
  options: Pick<ImportOptions, 'file' | 'input' | 'door'>,
  progress: ImportProgress = {},
): Promise<ImportReport> {
  return importAccessLog({ ...options, format: 'cloudevents' }, progress);
}

async function open(options: ImportOptions) {
  try {
    return await withHead(readLines(options.input ?? options.file), HEAD_LINES);
  } catch (error) {
    throw new ImportRefused(`${options.file} cannot be read: ${(error as Error).message}`);
  }
}

type Translate = (line: string) => CloudEvent | Unreadable;

interface Translator {
  readonly translate: Translate;
  readonly source: string | null;
  readonly shiftMs: number;
}

async function logTranslation(
  format: LogFormat,
  parsed: ParsedOptions,
  head: readonly string[],
  options: ImportOptions,
): Promise<Translator> {
  const hash = keyedHash(parsed.hashKey ?? deriveHashKey(head));
  const shiftMs = await shiftOf(format, parsed.shiftToMs, head, options);
  const translation = {
    source: parsed.source,
    format,
    integration: parseSelector(parsed.integration ?? format.integration, hash),
    agreement: parseSelector(parsed.agreement ?? format.agreement, hash),
    patterns: parsed.patterns,
    operations: parsed.operations,
    hash,
    shiftMs,
  };
  const idOf = makeIdOf(sha256Hex);
  const translate: Translate = (line) => {
    const call = format.read(line);
    return 'unreadable' in call ? call : checked(toEvent(call, idOf(call, shiftMs), translation));
  };
  return { translate, source: parsed.source, shiftMs };
}

function eventTranslation({ shiftToMs }: ParsedOptions): Translator {
  if (shiftToMs !== null) throw new ImportRefused('ready events keep their times: --shift-to is for logs');
  return { translate: translateEventLine, source: null, shiftMs: 0 };
}

function translateEventLine(line: string): CloudEvent | Unreadable {
  try {
    return checked(JSON.parse(line));
  } catch {
    return { unreadable: 'is not JSON' };
  }
}

function checked(value: unknown): CloudEvent | Unreadable {
  const verdict = validateEvent(value);
  return verdict.ok ? verdict.event : { unreadable: `${verdict.field || 'event'}: ${verdict.detail}` };
}

async function run(lines: LineBatches, translate: Translate, door: Door | null, progress: ImportProgress) {
  const tally = new ImportTally();
  const problem = (line: number, kind: LineProblem['kind'], reason: string) => {
    tally[kind] += 1;
    progress.onProblem?.({ line, kind, reason });
  };
  const sender =
    door &&
    new EventSender(door, ({ accepted, refused }) => {
      tally.accepted += accepted;
      for (const { line, field, reason } of refused)
        problem(line, 'refused', `${field || 'event'}: ${reason}`);
      progress.onProgress?.(tally);
    });
  for await (const batch of lines) {
    for (const line of batch) {
      tally.lines += 1;
      if (line.trim() === '') {
        tally.blank += 1;
        continue;
      }
      const event =
        line.length > LONGEST_LINE
          ? { unreadable: `is longer than ${LONGEST_LINE} characters` }
          : translate(line);
      if ('unreadable' in event) problem(tally.lines, 'unreadable', event.unreadable);
      else {
        tally.addEvent(event);
        await sender?.add(event, tally.lines);
      }
    }
    progress.onProgress?.(tally);
  }
  await sender?.finish();
  return tally;
}

/** Lines may be out of order, so a file is read once in advance; standard input has only its first lines. */
async function shiftOf(
  format: LogFormat,
  shiftToMs: number | null,
  head: readonly string[],
  { file, input }: ImportOptions,
): Promise<number> {
  if (shiftToMs === null) return 0;
  let earliestMs = Infinity;
  const look = (line: string): boolean => {
    const call = line.length > LONGEST_LINE ? null : format.read(line);
    if (!call || 'unreadable' in call) return false;
    earliestMs = Math.min(earliestMs, call.timeMs);
    return true;
  };
  if (input) head.find(look);
  else for await (const batch of readLines(file)) batch.forEach(look);
  return earliestMs === Infinity ? 0 : shiftToMs - earliestMs;
}
