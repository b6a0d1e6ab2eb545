/** Reads a file of partners as people have it: by RFC 4180, with the separator, the headings and the letters of a Danish spreadsheet. */
import { withoutGuard } from '@taxameter/platform';
import { CsvError, parse } from 'csv-parse/sync';
import type { Mistake } from '../partner/partner.js';
import { COLUMNS, columnOf, type Column } from './partner-csv.js';

/** What a line says, column by column; an empty cell says null, and a column that the file lacks says nothing. */
export type Cells = Partial<Record<Column, string | null>>;

export interface CsvLine {
  /** Where it begins in the file, the heading being line 1. */
  readonly line: number;
  readonly cells: Cells;
  readonly mistakes: readonly Mistake[];
}

export interface PartnerFile {
  readonly encoding: 'utf-8' | 'windows-1252';
  readonly lines: readonly CsvLine[];
}

/** The file cannot be used at all, and nothing of it is. */
export class FileRefused extends Error {
  override readonly name = 'FileRefused';
}

export const MOST_BYTES = 32 * 1024 * 1024;
export const MOST_LINES = 100_000;
const MOST_BYTES_OF_LINE = 64 * 1024;

/**
 * @param bytes the whole file
 * @throws FileRefused in one sentence: too large, not text, not CSV, or with headings that name no column
 */
export function readPartnerCsv(bytes: Uint8Array): PartnerFile {
  if (bytes.length > MOST_BYTES)
    throw new FileRefused(`the file is larger than ${MOST_BYTES / 1024 / 1024} MB: split it`);
  const { text, encoding } = decode(bytes);
  const [heading, ...records] = recordsOf(text);
  if (!heading)
    throw new FileRefused(`the file is empty: its first line names columns (${COLUMNS.join(', ')})`);
  if (records.length > MOST_LINES) {
    throw new FileRefused(`the file has more than ${MOST_LINES} lines: split it`);
  }
  const columns = columnsOf(heading.cells);
  return { encoding, lines: records.map(({ line, cells }) => lineOf(line, cells, columns)) };
}

/** UTF-8 where it is that; else Windows-1252, which a Danish spreadsheet writes and in which every byte is a letter. */
function decode(bytes: Uint8Array): { text: string; encoding: PartnerFile['encoding'] } {
  if (bytes.includes(0)) {
    throw new FileRefused(
      'the file is no CSV in UTF-8 or Windows-1252: save it as "CSV UTF-8" and try again',
    );
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'utf-8' };
  } catch {
    return { text: new TextDecoder('windows-1252').decode(bytes), encoding: 'windows-1252' };
  }
}

interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

function recordsOf(text: string): CsvRecord[] {
  let parsed: { info: { lines: number }; record: string[] }[];
  try {
    parsed = parse(text, {
      bom: true,
      delimiter: separatorOf(text),
      info: true,
      max_record_size: MOST_BYTES_OF_LINE,
      relax_column_count: true,
    }) as unknown as typeof parsed;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error['lines'] === 'number' ? ` at line ${error['lines']}` : '';
    throw new FileRefused(
      `the file is not CSV by RFC 4180${line} (${error.code}): is a quotation mark missing?`,
    );
  }
  const records: CsvRecord[] = [];
  let line = 1;
  for (const { info, record } of parsed) {
    if (record.some((cell) => cell.trim() !== '')) records.push({ line, cells: record });
    // `lines` is where the record ended: a cell in quotes may hold line breaks.
    line = info.lines + 1;
  }
  return records;
}

/** The sign that separates the headings: semicolon in Danish spreadsheets, comma by RFC 4180, or tab. */
function separatorOf(text: string): string {
  const heading = text.split(/[\r\n]/, 1)[0] ?? '';
  const countOf = (sign: string) => heading.split(sign).length;
  return [';', '\t', ','].reduce((best, sign) => (countOf(sign) > countOf(best) ? sign : best), ',');
}

/** @throws FileRefused when a heading names no column, or two name the same */
function columnsOf(headings: readonly string[]): Column[] {
  const columns = headings.map((heading) => {
    const column = columnOf(heading);
    if (column) return column;
    throw new FileRefused(`the heading "${heading.slice(0, 60)}" names no column: ${COLUMNS.join(', ')}`);
  });
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice) throw new FileRefused(`two headings name the column ${twice}`);
  if (!columns.includes('partnerId') && !columns.includes('cvr')) {
    throw new FileRefused(
      'no heading names the column partnerId or cvr: a line must say which partner it is about',
    );
  }
  return columns;
}

function lineOf(line: number, values: readonly string[], columns: readonly Column[]): CsvLine {
  // A spreadsheet leaves out empty cells at the end, or adds some.
  const surplus = values.slice(columns.length).filter((value) => value.trim() !== '').length;
  const mistakes: Mistake[] = [];
  if (surplus > 0) {
    const reason = `has ${surplus} more than the heading: a cell that holds the separator must be in quotation marks`;
    mistakes.push({ field: 'cells', rule: 'columns', reason });
  }
  const cells: Cells = {};
  for (const [index, column] of columns.entries()) {
    const value = understood(column, withoutGuard((values[index] ?? '').trim()));
    cells[column] = value === '' ? null : value;
  }
  return { line, cells, mistakes };
}

const WORDS: Partial<Record<Column, Readonly<Record<string, string>>>> = {
  language: { dansk: 'da', danish: 'da', engelsk: 'en', english: 'en' },
  delivery: {
    ...{ mail: 'email', 'e-mail': 'email' },
    ...{ ean: 'e_invoice', 'e-faktura': 'e_invoice', efaktura: 'e_invoice', 'e-invoice': 'e_invoice' },
    ...{ begge: 'both' },
  },
};

/** Numbers are written with blanks and words in Danish; a name stands as it is. */
function understood(column: Column, value: string): string {
  switch (column) {
    case 'cvr':
    case 'gln':
      return value.replace(/\s/g, '');
    case 'vatNumber':
      return value.replace(/[\s.-]/g, '').toUpperCase();
    case 'country':
      return value.toUpperCase();
    case 'language':
    case 'delivery': {
      const word = value.toLowerCase();
      return WORDS[column]?.[word] ?? word;
    }
    default:
      return value;
  }
}
