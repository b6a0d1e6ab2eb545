import { FileRefused, MOST_LINES, readPartnerCsv } from './read-partner-csv.js';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const read = (text: string) => readPartnerCsv(bytesOf(text));
const refusalOf = (bytes: Uint8Array) => {
  try {
    readPartnerCsv(bytes);
    return null;
  } catch (error) {
    if (error instanceof FileRefused) return error.message;
    throw error;
  }
};

describe('a file of partners', () => {
  it('is read with Danish headings, semicolons, a byte order mark and Danish words', () => {
    const { lines, encoding } = read(
      '\uFEFFPartner;Navn;CVR-nr.;EAN/GLN;Momsnr.;Adresse;Postnr.;By;Land;E-mail;Rekvisition;Sprog;Levering\r\n' +
        'par_a;Påmindelse & Søn A/S;12 34 56 74;5790 000 000 005;dk-12.345.674;Åvej 1;8000;Aarhus C;dk;a@b.example;R-1;Dansk;Begge\r\n',
    );
    expect(encoding).toBe('utf-8');
    expect(lines).toEqual([
      {
        line: 2,
        mistakes: [],
        cells: {
          ...{ partnerId: 'par_a', name: 'Påmindelse & Søn A/S', cvr: '12345674', gln: '5790000000005' },
          ...{
            vatNumber: 'DK12345674',
            street: 'Åvej 1',
            postalCode: '8000',
            city: 'Aarhus C',
            country: 'DK',
          },
          ...{ email: 'a@b.example', orderNumber: 'R-1', language: 'da', delivery: 'both' },
        },
      },
    ]);
  });

  it.each([
    ['comma', 'partnerId,name\npar_a,"A, B"\n'],
    ['semicolon', 'partnerId;name\r\npar_a;"A, B"'],
    ['semicolon and no quotation mark', 'partnerId;name\r\npar_a;A, B'],
    ['tab', 'partnerId\tname\npar_a\tA, B\n'],
  ])('is read with %s between the cells', (_separator, text) => {
    expect(read(text).lines).toMatchObject([{ cells: { partnerId: 'par_a', name: 'A, B' } }]);
  });

  it('in Windows-1252 is read as such, and says so', () => {
    const bytes = Uint8Array.from(
      Array.from('cvr;navn\n12345674;Søn på Ærø\n', (sign) => sign.charCodeAt(0)),
    );
    expect(readPartnerCsv(bytes)).toMatchObject({
      encoding: 'windows-1252',
      lines: [{ cells: { name: 'Søn på Ærø' } }],
    });
  });

  it('names the line on which each record begins, over blank lines and cells of several lines', () => {
    const { lines } = read('partnerId,name\npar_a,"A\nB"\n\n,\npar_b,B\n');
    expect(lines.map(({ line, cells }) => [line, cells.partnerId])).toEqual([
      [2, 'par_a'],
      [6, 'par_b'],
    ]);
  });

  it('tells an empty cell from a column that it does not have', () => {
    expect(read('partnerId,email\npar_a,\npar_b\n').lines.map(({ cells }) => cells)).toEqual([
      { partnerId: 'par_a', email: null },
      { partnerId: 'par_b', email: null },
    ]);
  });

  it('has a mistake on a line with more cells than headings, unless those are empty', () => {
    const [first, second] = read('partnerId,name\npar_a,A,B\npar_b,B,,\n').lines;
    expect(first!.mistakes).toMatchObject([{ field: 'cells', rule: 'columns' }]);
    expect(second!.mistakes).toEqual([]);
  });

  it.each([
    ['', 'is empty'],
    ['partnerId,farve\npar_a,rød\n', '"farve" names no column'],
    ['cvr,CVR-nr.\n1,2\n', 'two headings name the column cvr'],
    ['navn\nA\n', 'partnerId or cvr'],
    ['partnerId,name\npar_a,"A\npar_b,B\n', 'is a quotation mark missing?'],
    [`partnerId\n${'p\n'.repeat(MOST_LINES + 1)}`, `more than ${MOST_LINES} lines`],
    [`partnerId,name\npar_a,${'x'.repeat(70_000)}\n`, 'CSV_MAX_RECORD_SIZE'],
  ])('is refused as a whole, case %#: %j', (text, message) => {
    expect(refusalOf(bytesOf(text))).toContain(message);
  });

  it('in UTF-16 is refused with what to do', () => {
    expect(refusalOf(Buffer.from('\uFEFFcvr;navn\n', 'utf16le'))).toContain('save it as "CSV UTF-8"');
  });

  it('of more bytes than the limit is refused before it is read', () => {
    expect(refusalOf(new Uint8Array(33 * 1024 * 1024))).toContain('larger than 32 MB');
  });
});
