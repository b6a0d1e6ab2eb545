/** Shows the quarter's billing runs, what they hold back, and the issued invoices with their documents. */
import { element, table } from './dom.js';
import { amount, counted, number, quarter, text, textIfKnown } from './words.js';

/** @param {import('./readers.js').Invoices} value */
export function invoicesView({ invoices, runs, holds, isCut }) {
  const empty = element('p', { class: 'empty' }, text('invoices.empty'));
  return [
    runs.length > 0 &&
      element('ul', { class: 'runs' }, ...runs.map((run, index) => runLine(run, index === 0 ? holds : []))),
    invoices.length === 0 ? empty : invoiceTable(invoices),
    isCut && element('p', { class: 'small' }, text('more')),
  ];
}

/** The newest quarter that has an invoice, with how many there are and their sum; null when there is none.
 * @param {readonly import('./readers.js').Invoice[]} invoices
 */
export function newestQuarter(invoices) {
  const name = invoices
    .map((invoice) => invoice.quarter)
    .toSorted()
    .at(-1);
  if (name === undefined) return null;
  const own = invoices.filter((invoice) => invoice.quarter === name);
  return { name, count: own.length, gross: sumOf(own.map(({ gross }) => gross)) };
}

/** @param {import('./readers.js').Run} run @param {readonly import('./readers.js').Hold[]} holds */
function runLine({ quarter: name, status, totals: { held }, partnersByStatus }, holds) {
  const parked = partnersByStatus['parked'] ?? 0;
  const reasons = holds
    .map(({ reason, count }) => `${textIfKnown(`hold.${reason}`) ?? reason} (${number(count)})`)
    .join(', ');
  return element(
    'li',
    {},
    element('span', { class: 'run-quarter' }, quarter(name)),
    element('span', { class: `badge run-${status}` }, textIfKnown(`run.${status}`) ?? status),
    held > 0 && element('span', { class: 'badge severity-warning' }, counted('run.held', held)),
    parked > 0 && element('span', { class: 'badge severity-warning' }, counted('run.parked', parked)),
    reasons !== '' && element('span', { class: 'small' }, `${text('hold.title')} ${reasons}`),
  );
}

/** @param {readonly import('./readers.js').Invoice[]} invoices */
function invoiceTable(invoices) {
  const columns = [
    { title: text('invoices.number') },
    { title: text('invoices.partner') },
    { title: text('invoices.quarter') },
    { title: text('invoices.sms'), isNumber: true },
    { title: text('invoices.net'), isNumber: true },
    { title: text('invoices.vat'), isNumber: true },
    { title: text('invoices.gross'), isNumber: true },
    { title: text('invoices.documents') },
  ];
  const rows = invoices.map((invoice) => [
    invoice.number,
    invoice.partnerName,
    quarter(invoice.quarter),
    number(invoice.smsCount),
    amount(invoice.net),
    amount(invoice.vat),
    element('strong', {}, amount(invoice.gross)),
    documentLinks(invoice),
  ]);
  const sum = (/** @type {'net' | 'vat' | 'gross'} */ name) =>
    amount(sumOf(invoices.map((one) => one[name])));
  const smsCount = invoices.reduce((total, invoice) => total + invoice.smsCount, 0);
  const totals = ['', '', number(smsCount), sum('net'), sum('vat'), sum('gross'), ''];
  return table(text('invoices.caption'), columns, rows, [text('invoices.sum'), ...totals]);
}

/** @param {import('./readers.js').Invoice} invoice */
function documentLinks({ number: invoiceNumber, documents }) {
  const place = `/v1/invoices/${encodeURIComponent(invoiceNumber)}`;
  const kinds = /** @type {const} */ (['invoice', 'statement']);
  const links = kinds.map((kind) => {
    const words = text(`invoices.${kind}`);
    if (!documents[kind]) {
      return element('span', { class: 'faint' }, text('invoices.drawing', { document: words }));
    }
    const label = text(`invoices.${kind}Of`, { number: invoiceNumber });
    const href = `${place}/${kind}.pdf`;
    return element('a', { href, 'aria-label': label, 'data-key': href }, words);
  });
  return element('span', { class: 'links' }, ...links);
}

/** Exact, in øre. @param {readonly string[]} decimals amounts with two decimals */
function sumOf(decimals) {
  const ore = decimals.reduce((total, decimal) => total + BigInt(decimal.replace('.', '')), 0n);
  const digits = String(ore < 0n ? -ore : ore).padStart(3, '0');
  return `${ore < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
