/** Shows the four figures at the top. */
import { worstOpen } from './breaches-view.js';
import { element } from './dom.js';
import { newestQuarter } from './invoices-view.js';
import { amount, clock, number, quarter, text } from './words.js';

/**
 * @template T
 * @typedef {import('./feeds.js').Feed<T>} Feed
 */
/** @typedef {{ figure: string, note: string, tone?: string }} Figure */

/**
 * @param {object} feeds
 * @param {Feed<import('./readers.js').Usage | null>} feeds.usage
 * @param {Feed<import('./readers.js').Breaches>} feeds.breaches
 * @param {Feed<import('./readers.js').Invoices>} feeds.invoices
 */
export function tilesView({ usage, breaches, invoices }) {
  return [
    tile(text('tile.calls'), usage, (value) => usageFigure(value, 'calls')),
    tile(text('tile.sms'), usage, (value) => usageFigure(value, 'sms')),
    tile(text('tile.breaches'), breaches, breachFigure),
    tile(text('tile.invoices'), invoices, invoiceFigure),
  ];
}

/**
 * @template T
 * @param {string} name
 * @param {Feed<T>} feed
 * @param {(value: T) => Figure} figureOf
 */
function tile(name, feed, figureOf) {
  if (feed.state === 'loading') {
    return element(
      'div',
      { class: 'tile' },
      element('dt', {}, name),
      element('dd', { class: 'figure waiting', 'aria-label': '…' }),
    );
  }
  const { figure, note, tone } = figureWhenKnown(feed, figureOf);
  return element(
    'div',
    { class: `tile ${tone ?? ''}` },
    element('dt', {}, name),
    element('dd', { class: 'figure' }, figure),
    element('dd', { class: 'note' }, note),
    feed.at && element('dd', { class: 'as-of' }, text('asOf', { time: clock(feed.at) })),
  );
}

/**
 * @template T
 * @param {Feed<T>} feed
 * @param {(value: T) => Figure} figureOf
 * @returns {Figure}
 */
function figureWhenKnown({ state, at, value }, figureOf) {
  if (state === 'absent') return { figure: '–', note: text('absentShort'), tone: 'tile-absent' };
  if (at === null) return { figure: '–', note: text('notYet'), tone: 'tile-absent' };
  return figureOf(/** @type {T} */ (value));
}

/** @param {import('./readers.js').Usage | null} usage @param {'calls' | 'sms'} measure @returns {Figure} */
function usageFigure(usage, measure) {
  if (!usage) return { figure: number(0), note: text('notYet') };
  const note = text('tile.counted', { quarter: quarter(usage.quarter) });
  return { figure: number(usage.totals[measure]), note };
}

/** @param {import('./readers.js').Breaches} value @returns {Figure} */
function breachFigure({ breaches }) {
  const open = breaches.filter(({ state }) => state === 'open').length;
  const worst = worstOpen(breaches);
  if (!worst) return { figure: number(0), note: text('tile.calm'), tone: 'tile-calm' };
  const severity = text(`severity.${worst.severity}`).toLowerCase();
  const note = text('tile.worst', { count: number(worst.count), severity });
  return { figure: number(open), note, tone: `tile-${worst.severity}` };
}

/** @param {import('./readers.js').Invoices} value @returns {Figure} */
function invoiceFigure({ invoices }) {
  const newest = newestQuarter(invoices);
  if (!newest) return { figure: number(0), note: text('tile.noInvoices') };
  const note = text('tile.gross', { amount: amount(newest.gross, true), quarter: quarter(newest.name) });
  return { figure: number(newest.count), note };
}
