const pageFile = (name: string) => import(new URL(`../page/${name}`, import.meta.url).href);

const { asText, summaryRows } = (await pageFile('back-test-view.js')) as {
  asText: (notices: readonly object[]) => string;
  summaryRows: (summary: readonly object[]) => (string | number)[][];
};

describe('the page of back-tests', () => {
  it('has a row for each rule, with a count for each way in which its cases change', () => {
    const rows = summaryRows([
      { ruleId: 'RATE_MINUTE', change: 'same', cases: 4 },
      { ruleId: 'BURST', change: 'gone', cases: 2 },
      { ruleId: 'RATE_MINUTE', change: 'new', cases: 1 },
    ]);
    expect(rows).toEqual([
      ['BURST', 0, 2, 0, 0, 0],
      ['RATE_MINUTE', 1, 0, 0, 0, 4],
    ]);
  });

  it('gives all messages as one text, in both languages', () => {
    const message = { da: { subject: 'Emne', text: 'Hej' }, en: { subject: 'Subject', text: 'Hello' } };
    expect(asText([{ integrationId: 'isv_a', message }])).toBe(
      '===== isv_a\n\nEmne\n\nHej\n\nSubject\n\nHello',
    );
  });
});
