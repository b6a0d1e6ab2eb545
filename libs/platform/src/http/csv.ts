/** CSV by RFC 4180, safe to open in a spreadsheet. */

export type Cell = string | number | null | undefined;

/** One record with its CRLF. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(cellText).join(',')}\r\n`;
}

/**
 * Whether a client prefers CSV to JSON: names it, and JSON not with more weight. A browser names neither, so it gets JSON.
 * @param accept the header `Accept` (RFC 9110 12.5.1)
 */
export function wantsCsv(accept: string | undefined): boolean {
  const csv = weightOf('text/csv', accept ?? '');
  return csv > 0 && csv >= weightOf('application/json', accept ?? '');
}

function weightOf(type: string, accept: string): number {
  for (const range of accept.split(',')) {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (name !== type) continue;
    const quality = parameters.find((parameter) => parameter.startsWith('q='));
    return quality === undefined ? 1 : Number(quality.slice(2)) || 0;
  }
  return 0;
}

function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  const text = withoutFormula(String(cell));
  // A Danish spreadsheet separates by semicolon: one inside a cell must not make two of it there either.
  return /[",;\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A spreadsheet runs what begins like this, and names come from outside. */
function withoutFormula(text: string): string {
  const isNumber = /^[+-]?\d+(\.\d+)?$/.test(text);
  return GUARDABLE.test(text) && !isNumber ? `'${text}` : text;
}

/** What looks guarded already is guarded once more, so that a reader takes off exactly what was put on. */
const GUARDABLE = /^'*[=+\-@\t\r]/;

/** A cell as it was before `csvLine` guarded it from being run. */
export function withoutGuard(cell: string): string {
  return /^'/.test(cell) && GUARDABLE.test(cell) ? cell.slice(1) : cell;
}
