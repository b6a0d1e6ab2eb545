import { csvLine, wantsCsv, withoutGuard } from './csv.js';

describe('a line of CSV', () => {
  it('quotes what would end a cell, also where semicolons separate, and leaves the rest as it is', () => {
    expect(csvLine(['plain', 'a,b', 'a;b', 'say "hi"', 'two\r\nlines', ' spaced ', 0, null, undefined])).toBe(
      'plain,"a,b","a;b","say ""hi""","two\r\nlines", spaced ,0,,\r\n',
    );
  });

  it.each(['=1+1', '+45 12', '-cmd', '@sum', '\tx', '=1;2', '-', '--1', '+1e5x', '-1.'])(
    'never lets %j begin a cell, so that no spreadsheet runs it',
    (text) => {
      expect(csvLine([text]).replace(/^"/, '')).toMatch(/^'/);
    },
  );

  it('guards a carriage return inside the quotes', () => {
    expect(csvLine(['\r=1'])).toBe('"\'\r=1"\r\n');
  });

  it.each(['-1', '+4512345678', '-0.5', 'a=1', '/v1/x', "'x"])('leaves %j alone', (text) => {
    expect(csvLine([text])).toBe(`${text}\r\n`);
  });
});

describe('a cell without its guard', () => {
  it.each(['=1+1', "'=1", "''@x", '-cmd', "'x", 'plain', '-5', '+4512345678', "o'=x", ''])(
    'is what it was: %j',
    (text) => {
      const cell = csvLine([text]).replace(/\r\n$/, '');
      expect(withoutGuard(cell)).toBe(text);
    },
  );
});

describe('a client', () => {
  it.each([
    ['text/csv', true],
    ['application/json;q=0.5, text/csv; q=0.9', true],
    ['TEXT/CSV;charset=utf-8', true],
    ['application/json, text/csv;q=0.9', false],
    ['text/csv;q=0', false],
    ['text/html,application/xml;q=0.9,*/*;q=0.8', false],
    ['text/csv-schema', false],
    [undefined, false],
  ])('with Accept %j is given CSV: %j', (accept, isWanted) => {
    expect(wantsCsv(accept)).toBe(isWanted);
  });
});
