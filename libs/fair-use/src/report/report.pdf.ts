import type { Bilingual } from '../guidance/text.js';
import { CHART_HEIGHT, drawChart, drawFigures } from './evidence.pdf.js';
import { unitName } from './quantity.js';
import type { Report, Section } from './report.js';
import { INK, Sheet, SHEET, type Style } from './sheet.pdf.js';
import { moment } from './when.js';

/** Draws the report of a case for whoever shall mend it. It is no document of record: it can be drawn again at any time. */

export type Language = keyof Bilingual;

const BRAND: Style = { size: 9, isBold: true, color: INK.accent };
const TITLE: Style = { size: 20, isBold: true };
const LEAD: Style = { size: 10, color: INK.quiet };
const HEADING: Style = { size: 12, isBold: true, color: INK.accent };
const BODY: Style = { size: 9.5 };
const NAME: Style = { size: 9.5, color: INK.quiet };
const FOOT: Style = { size: 7.5, color: INK.quiet };
/** Where the values of the facts stand. */
const VALUES = SHEET.left + 110;

const WORDS = {
  report: { da: 'Rapport om fair use', en: 'Fair-use report' },
  seen: { da: 'Hvad vi har set', en: 'What we have seen' },
  figures: { da: 'Målingerne', en: 'The measurements' },
  zone: {
    da: 'Tider er dansk tid, hvor der ikke står UTC.',
    en: 'Times are Danish time where they do not say UTC.',
  },
} satisfies Record<string, Bilingual>;

/** Same report, same bytes (on one Node version: the compression library differs between versions). */
export async function renderReport(report: Report, language: Language): Promise<Uint8Array> {
  const title = report.title[language];
  const sheet = new Sheet({
    title: `${WORDS.report[language]}: ${title} (${report.scope.integrationId})`,
    language,
    at: new Date(report.asOf),
  });
  sheet.write(WORDS.report[language], BRAND);
  sheet.y += 4;
  sheet.write(title, TITLE, { tag: 'H1' });
  sheet.write(standOf(report)[language], LEAD);
  sheet.y += 8;
  drawFacts(sheet, report, language);
  for (const section of report.sections) drawSection(sheet, report, section, language);
  if (report.evidence.length > 0) {
    heading(sheet, `${WORDS.figures[language]} (${unitName(report.unit)[language]})`, 40);
    drawFigures(sheet, report, language);
  }
  sheet.forEachPage((page, pages) => drawFoot(sheet, report, language, page, pages));
  return sheet.bytes();
}

function drawFacts(sheet: Sheet, { facts }: Report, language: Language): void {
  heading(sheet, WORDS.seen[language], 40);
  const width = SHEET.right - VALUES;
  for (const { name, value } of facts) {
    sheet.makeRoom(sheet.heightOf(value[language], BODY, width));
    const top = sheet.y;
    sheet.element('P', () => sheet.label(name[language], { y: top + BODY.size }, NAME));
    sheet.write(value[language], BODY, { x: VALUES, width });
    sheet.y += 2;
  }
}

function drawSection(
  sheet: Sheet,
  report: Report,
  { id, title, paragraphs }: Section,
  language: Language,
): void {
  const texts = paragraphs.map((paragraph) => paragraph[language]);
  const hasChart = id === 'when';
  const first = sheet.heightOf(texts[0] ?? '', BODY, SHEET.width);
  // A heading never stands alone at the foot of a page.
  heading(sheet, title[language], first + (hasChart ? CHART_HEIGHT : 0));
  for (const text of texts) {
    sheet.makeRoom(sheet.heightOf(text, BODY, SHEET.width));
    sheet.write(text, BODY);
    sheet.y += 5;
  }
  if (!hasChart) return;
  sheet.y += 4;
  drawChart(sheet, report, language, texts.join(' '));
}

function heading(sheet: Sheet, text: string, heightBelow: number): void {
  sheet.y += 11;
  sheet.makeRoom(26 + heightBelow);
  sheet.write(text, HEADING, { tag: 'H2' });
  sheet.rule(sheet.y);
  sheet.y += 8;
}

function drawFoot(sheet: Sheet, report: Report, language: Language, page: number, pages: number): void {
  const number = language === 'da' ? `Side ${page} af ${pages}` : `Page ${page} of ${pages}`;
  const what = language === 'da' ? 'Sag' : 'Case';
  sheet.label(`${what} ${report.breachId} · version ${report.version}`, { y: 808 }, FOOT);
  sheet.label(WORDS.zone[language], { y: 819 }, FOOT);
  sheet.label(number, { right: SHEET.right, y: 808 }, FOOT);
}

function standOf({ asOf, breachId }: Report): Bilingual {
  const at = moment(asOf);
  return {
    da: `Sag ${breachId}, som den stod ${at.da}`,
    en: `Case ${breachId} as it stood on ${at.en}`,
  };
}
