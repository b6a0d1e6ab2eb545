/** Shows how much each integration uses. */
import { minuteChart } from './chart.js';
import { element, table } from './dom.js';
import { number, quarter, share, text } from './words.js';

/** @param {import('./readers.js').Usage | null} usage */
export function usageView(usage) {
  if (!usage || usage.rows.length === 0) return [element('p', { class: 'empty' }, text('usage.empty'))];
  const { totals } = usage;
  const columns = [
    { title: text('usage.integration') },
    { title: text('usage.agreement') },
    { title: text('usage.calls'), isNumber: true },
    { title: text('usage.errors'), isNumber: true },
    { title: text('usage.sms'), isNumber: true },
  ];
  const caption = text('usage.caption', { quarter: quarter(usage.quarter) });
  const rows = usage.rows.map((row) => [
    row.integrationId,
    row.organizationId ?? element('span', { class: 'faint' }, text('none')),
    number(row.calls),
    errorsCell(row),
    number(row.sms),
  ]);
  const sums = [text('usage.sum'), '', number(totals.calls), errorsCell(totals), number(totals.sms)];
  return [
    usage.busyHour && minuteChart(usage.busyHour),
    element('h3', { class: 'table-title' }, caption),
    table(caption, columns, rows, sums),
    usage.isCut && element('p', { class: 'small' }, text('more')),
  ];
}

/** @param {{ calls: number, errors: number }} row */
function errorsCell({ calls, errors }) {
  if (errors === 0) return element('span', { class: 'faint' }, number(0));
  const portion = share(errors, calls);
  return element('span', {}, number(errors), ' ', element('span', { class: 'faint' }, '(', portion, ')'));
}
