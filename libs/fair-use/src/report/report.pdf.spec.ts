import { inflateSync } from 'node:zlib';
import { defaultPolicy } from '../policy/default-policy.js';
import { renderReport } from './report.pdf.js';
import { keptCase, minutesOf, pollingCase } from './report.testing.js';
import { reportOf, type CaseAsKept } from './report.js';
import { drawable } from './sheet.pdf.js';

const draw = (kept: CaseAsKept, language: 'da' | 'en' = 'da') =>
  renderReport(reportOf(kept, defaultPolicy), language);

/** What is written on each page, line by line as it was drawn. */
function pagesOf(bytes: Uint8Array): string[] {
  const pages: string[] = [];
  const file = Buffer.from(bytes);
  for (let from = file.indexOf('stream\n'); from !== -1; from = file.indexOf('\nstream\n', from + 1)) {
    const start = file.indexOf('stream\n', from) + 'stream\n'.length;
    const stream = file.subarray(start, file.indexOf('\nendstream', start));
    let content: string;
    try {
      content = inflateSync(stream).toString('latin1');
    } catch {
      continue;
    }
    const shown = [...content.matchAll(/\[(.*?)\] TJ/g)].map(([, parts]) =>
      [...parts!.matchAll(/<([0-9a-f]*)>/g)]
        .map(([, hex]) => Buffer.from(hex!, 'hex').toString('latin1'))
        .join(''),
    );
    if (shown.length > 0) pages.push(shown.join('\n'));
  }
  return pages;
}
const textOf = (bytes: Uint8Array) => pagesOf(bytes).join('\n');

describe('the PDF of a report', () => {
  it('says all of it, with Danish letters, the version of the case and of when it is', async () => {
    const text = textOf(await draw(pollingCase)).replaceAll('\n', ' ');
    for (const words of [
      'Hele listen hentes gang på gang',
      'Sag br_1, som den stod 5. oktober 2026 kl. 10.20',
      '120 fulde hentninger',
      'Hvornår det skete',
      'Hvad I kan gøre',
      'Det sparer mindst 118 kald.',
      'rette det senest den 12. oktober 2026.',
      'Sag br_1 · version 3',
      'Side 1 af 2',
    ]) {
      expect(text).toContain(words);
    }
    expect(text).not.toMatch(/[`?]/);
    const english = textOf(await draw(pollingCase, 'en'));
    expect(english).toContain('What happens next');
    expect(english).not.toContain('Hvad');
  });

  it('is the same, byte for byte, for the same state of the case', async () => {
    const [once, again] = [await draw(pollingCase), await draw(pollingCase)];
    expect(Buffer.from(once).equals(Buffer.from(again))).toBe(true);
    const later = await draw({ ...pollingCase, asOf: '2026-10-05T08:21:00.000Z' });
    expect(Buffer.from(once).equals(Buffer.from(later))).toBe(false);
  });

  it('takes three pages at most, whatever a case holds', async () => {
    const longest = keptCase({
      scope: {
        integrationId: 'W'.repeat(100),
        organizationId: 'W'.repeat(64),
        route: `/${'W'.repeat(299)}`,
      },
      guidance: { da: 'ord '.repeat(500).trim(), en: 'W'.repeat(2000) },
      evidence: minutesOf(Array.from({ length: 100 }, (_, index) => 70 + index)),
    });
    for (const language of ['da', 'en'] as const) {
      const bytes = await draw(longest, language);
      const pages = pagesOf(bytes);
      expect(pages.length).toBeGreaterThan(1);
      expect(pages.length).toBeLessThanOrEqual(3);
      expect(textOf(bytes).replaceAll('\n', '')).toContain('W'.repeat(299));
    }
  });

  it('draws a case without measurements, and one of a single minute', async () => {
    expect(textOf(await draw(keptCase({ evidence: [] })))).not.toContain('Målingerne');
    expect(textOf(await draw(keptCase({ evidence: minutesOf([75]) })))).toContain('1 minut');
  });

  it('writes letters that the fonts lack as question marks, and nothing hidden at all', () => {
    expect(drawable('blåbærgrød – »50 €«')).toBe('blåbærgrød – »50 €«');
    expect(drawable('καλημέρα')).toBe('????????');
    expect(drawable('a\u202eb\u200bc\u0000d')).toBe('abcd');
  });
});
