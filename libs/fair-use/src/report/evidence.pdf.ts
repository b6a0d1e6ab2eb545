import { figure, unitName } from './quantity.js';
import type { Report } from './report.js';
import { INK, SHEET, type Sheet, type Style } from './sheet.pdf.js';
import { clock } from './when.js';

/** Draws the measurements of a case: as bars over time with the limit, and each of them in figures. */

const SMALL: Style = { size: 7.5, color: INK.quiet };
const FIGURE: Style = { size: 8 };
const HEIGHT = 84;
const AXIS = 34;
const COLUMNS = 5;
const ROW = 12;

export const CHART_HEIGHT = HEIGHT + 40;

/** @param alt what it shows, in words */
export function drawChart(sheet: Sheet, report: Report, language: 'da' | 'en', alt: string): void {
  const { evidence, limit, unit } = report;
  const [first, last] = [evidence[0], evidence.at(-1)];
  if (!first || !last) return;
  const left = SHEET.left + AXIS;
  const ground = sheet.y + 14 + HEIGHT;
  const top = Math.max(...evidence.map(({ value }) => value), limit ?? 0, 1) * 1.08;
  const startMs = Date.parse(first.windowStart);
  const spanMs = Date.parse(last.windowEnd) - startMs;
  const xOf = (instant: string) => left + ((Date.parse(instant) - startMs) / spanMs) * (SHEET.right - left);
  const yOf = (value: number) => ground - (value / top) * HEIGHT;
  const most = Math.max(...evidence.map(({ value }) => value));

  sheet.element(
    'Figure',
    () => {
      const { document } = sheet;
      sheet.label(unitName(unit)[language], { x: SHEET.left, y: sheet.y + 6 }, SMALL);
      for (const { windowStart, windowEnd, value } of evidence) {
        const width = Math.min(18, (xOf(windowEnd) - xOf(windowStart)) * 0.74);
        const middle = (xOf(windowStart) + xOf(windowEnd)) / 2;
        document.rect(middle - width / 2, yOf(value), width, ground - yOf(value)).fill(INK.bar);
      }
      document
        .moveTo(left, ground)
        .lineTo(SHEET.right, ground)
        .lineWidth(0.6)
        .strokeColor(INK.quiet)
        .stroke();
      for (const value of new Set([0, most])) {
        sheet.label(figure(value, unit)[language], { right: left - 6, y: yOf(value) + 3 }, SMALL);
      }
      sheet.label(clock(first.windowStart)[language], { x: left, y: ground + 12 }, SMALL);
      sheet.label(clock(last.windowEnd)[language], { right: SHEET.right, y: ground + 12 }, SMALL);
      if (limit === null) return;
      document.moveTo(left, yOf(limit)).lineTo(SHEET.right, yOf(limit)).lineWidth(1).strokeColor(INK.limit);
      document.dash(3, { space: 2 }).stroke().undash();
      const words = language === 'da' ? 'grænse' : 'limit';
      const name = `${words} ${figure(limit, unit)[language]}`;
      sheet.label(name, { right: SHEET.right, y: ground + 24 }, { size: 7.5, color: INK.limit });
    },
    alt,
  );
  sheet.y = ground + 30;
}

/** Column by column, at most a hundred: a case has no more. */
export function drawFigures(sheet: Sheet, { evidence, unit }: Report, language: 'da' | 'en'): void {
  const rows = Math.ceil(evidence.length / COLUMNS);
  const width = SHEET.width / COLUMNS;
  sheet.makeRoom(rows * ROW);
  const top = sheet.y;
  for (const [index, { windowStart, value }] of evidence.entries()) {
    const x = SHEET.left + Math.floor(index / rows) * width;
    const y = top + (index % rows) * ROW + 8;
    sheet.element('P', () => {
      sheet.label(clock(windowStart)[language], { x, y }, { ...FIGURE, color: INK.quiet });
      sheet.label(figure(value, unit)[language], { right: x + width - 24, y }, FIGURE);
    });
  }
  sheet.y = top + rows * ROW;
}
