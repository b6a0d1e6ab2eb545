/** The long texts under `--help` of the commands on partners: the format, what is left alone, and examples. */
import { MOST_LINES } from './read-partner-csv.js';
import { COLUMNS } from './partner-csv.js';

const columns = COLUMNS.join(', ').replace(/(.{1,96})(?:\s|$)/g, '    $1\n');

export const PARTNERS_IMPORT_HELP = `
The first line names columns, in any order; Danish headings are understood too (navn, CVR-nr., EAN/GLN, adresse,
postnr., by, land, e-mail, rekvisition, sprog, levering …):
${columns}
Separated by comma, semicolon or tab; UTF-8, or else Windows-1252; at most ${MOST_LINES} lines.

  A line is about the partner in partnerId; without one, about the partner with its CVR number, or a new one (cvr-NUMBER).
  A column that the file does not have is left as it is. An empty cell means "not known".
  A line is done wholly or not at all. A refused one names field and rule, and stops no other.
  Only what differs is sent, so the same file may be imported again. Nothing is ever deleted. Contacts are not in the file.

Exit code
  0 every line is done   1 a line was refused, or Taxameter cannot be reached   2 wrong use, or a file that cannot be used

Example
  taxameter partners import partnere.csv --dry-run
`;

export const PARTNERS_EXPORT_HELP = `
A cell that a spreadsheet would take for a formula begins with an apostrophe, which "partners import" takes off again.

Exit code
  0 done   1 refused, or Taxameter cannot be reached   2 wrong use

Example
  taxameter partners export --out partnere.csv
`;
