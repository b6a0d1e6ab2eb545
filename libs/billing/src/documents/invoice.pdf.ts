/**
 * Draws an invoice: all that momsbekendtgørelsen § 58 asks for, Danish first with English beside it.
 */
import { priceDecimals } from '../invoice/invoice.js';
import type { InvoiceSection, InvoiceSnapshot } from '../invoice/invoice.js';
import { danishCount, danishDate, danishDecimal, danishPercent, danishQuarter } from './danish.js';
import { INK, PAGE, Paper } from './paper.pdf.js';
import type { TextStyle } from './paper.pdf.js';

const BODY: TextStyle = { size: 9.5 };
const STRONG: TextStyle = { size: 9.5, weight: 'semibold' };
const QUIET: TextStyle = { size: 8, color: INK.quiet };
const ENGLISH: TextStyle = { size: 7, color: INK.quiet };
const HEAD: TextStyle = { size: 8, weight: 'semibold', color: INK.quiet };

const COLUMN = { quantity: 356, unitPrice: 460, amount: PAGE.right } as const;
const META_LEFT = 310;

/** Same snapshot, same bytes (on one Node version: the compression library differs between versions). */
export async function renderInvoice(snapshot: InvoiceSnapshot): Promise<Uint8Array> {
  const paper = new Paper({
    title: `Faktura ${snapshot.number} – ${snapshot.customer.name}`,
    author: snapshot.seller.name,
    subject: `SMS sendt via API, ${danishQuarter(snapshot.quarter)}`,
    createdAt: new Date(snapshot.issuedAt),
    tagged: true,
    bufferPages: true,
  });
  paper.newPage();
  drawLetterhead(paper, snapshot);
  const customerEnds = drawCustomer(paper, snapshot);
  const metaEnds = drawMeta(paper, snapshot);
  paper.y = Math.max(customerEnds, metaEnds, 238) + 30;
  drawTitle(paper, snapshot);
  drawLines(paper, snapshot);
  drawTotals(paper, snapshot);
  drawPayment(paper, snapshot);
  drawNotes(paper, snapshot);
  paper.forEachPage((page, pages) => drawFoot(paper, snapshot, `Side ${page} af ${pages}`));
  return paper.bytes();
}

function drawLetterhead(paper: Paper, { seller }: InvoiceSnapshot): void {
  const { street, postalCode, city } = seller.address;
  const name: TextStyle = { size: 14, weight: 'semibold', color: INK.accent };
  paper.element('P', () => {
    paper.text(paper.fitted(seller.name, 270, name), { y: 64 }, name);
    paper.text(paper.fitted(street, 210, QUIET), { right: PAGE.right, y: 54 }, QUIET);
    paper.text(paper.fitted(`${postalCode} ${city}`, 210, QUIET), { right: PAGE.right, y: 65 }, QUIET);
  });
  paper.rule(80, { weight: 0.8, color: INK.accent });
}

function drawCustomer(paper: Paper, { customer }: InvoiceSnapshot): number {
  const { address } = customer;
  const width = META_LEFT - PAGE.left - 30;
  let y = 132;
  const put = (text: string, style: TextStyle, maxLines: number): void => {
    for (const line of paper.wrapped(text, width, style, maxLines)) {
      paper.text(line, { y }, style);
      y += 13.5;
    }
  };
  paper.element('P', () => {
    put(customer.name, STRONG, 6);
    put(address.street, BODY, 3);
    if (address.street2) put(address.street2, BODY, 2);
    put(`${address.postalCode} ${address.city}`, BODY, 2);
    if (address.country !== 'DK') put(address.country, BODY, 1);
    y += 3;
    if (customer.cvr) put(`CVR-nr. ${customer.cvr}`, QUIET, 1);
    else if (customer.vatNumber) put(`Momsnr. ${customer.vatNumber}`, QUIET, 1);
  });
  return y;
}

function drawMeta(paper: Paper, snapshot: InvoiceSnapshot): number {
  const { firstDay, lastDay } = snapshot.deliveryPeriod;
  const rows: [string, string, string][] = [
    ['Fakturanr.', 'Invoice no.', snapshot.number],
    ['Fakturadato', 'Invoice date', danishDate(snapshot.issueDate)],
    ['Forfaldsdato', 'Due date', danishDate(snapshot.dueDate)],
    ['Leveringsperiode', 'Period', `${danishDate(firstDay)}–${danishDate(lastDay)}`],
  ];
  return drawPairs(paper, rows, { left: META_LEFT, right: PAGE.right, y: 132 });
}

/** Danish label, small English label, value at the right edge; returns where the next row would stand. */
function drawPairs(
  paper: Paper,
  rows: readonly [string, string, string][],
  at: { left: number; right: number; y: number },
): number {
  let { y } = at;
  for (const [danish, english, value] of rows) {
    paper.element('P', () => {
      paper.text(danish, { x: at.left, y }, BODY);
      paper.text(english, { x: at.left + paper.width(danish, BODY) + 5, y }, ENGLISH);
      paper.text(value, { right: at.right, y }, BODY);
    });
    y += 16;
  }
  return y;
}

function drawTitle(paper: Paper, snapshot: InvoiceSnapshot): void {
  const title: TextStyle = { size: 21, weight: 'semibold' };
  const what = `SMS sendt via API, ${danishQuarter(snapshot.quarter)}`;
  paper.element('H1', () => paper.text(`Faktura ${snapshot.number}`, { y: paper.y }, title));
  paper.y += 16;
  paper.element('P', () => {
    paper.text(what, { y: paper.y }, BODY);
    const quarter = snapshot.quarter.split('-').reverse().join(' ');
    const english = `Invoice ${snapshot.number} · SMS sent through the API, ${quarter}`;
    paper.text(english, { x: PAGE.left + paper.width(what, BODY) + 8, y: paper.y }, QUIET);
  });
  paper.y += 34;
}

function drawLines(paper: Paper, snapshot: InvoiceSnapshot): void {
  paper.element('Table', () => {
    drawTableHead(paper);
    for (const section of snapshot.sections) {
      if (section.lines.length > 0) drawSection(paper, snapshot, section);
    }
  });
}

function drawTableHead(paper: Paper): void {
  const { y } = paper;
  const columns: [string, string, { x?: number; right?: number }][] = [
    ['Ydelse', 'Service', { x: PAGE.left }],
    ['Antal', 'Quantity', { right: COLUMN.quantity }],
    ['Enhedspris ekskl. moms', 'Unit price excl. VAT', { right: COLUMN.unitPrice }],
    ['Beløb (DKK)', 'Amount', { right: COLUMN.amount }],
  ];
  paper.element('TR', () => {
    for (const [danish, english, at] of columns) {
      paper.element(
        'TH',
        () => {
          paper.text(danish, { ...at, y }, HEAD);
          paper.text(english, { ...at, y: y + 9 }, ENGLISH);
        },
        { scope: 'Column' },
      );
    }
  });
  paper.rule(y + 16);
  paper.y = y + 33;
}

function drawSection(paper: Paper, snapshot: InvoiceSnapshot, section: InvoiceSection): void {
  const nameWidth = 250;
  const name = paper.fitted(section.integrationName, nameWidth, STRONG);
  const idLeft = PAGE.left + paper.width(name, STRONG) + 7;
  const id = paper.fitted(section.integrationId, PAGE.right - idLeft, QUIET);
  // The name must not stand alone at the foot of a page, so it asks for room for its first line too.
  makeRoom(paper, snapshot, 32, drawTableHead);
  paper.element('TR', () => {
    paper.element('TD', () => {
      paper.text(name, { y: paper.y }, STRONG);
      paper.text(id, { x: idLeft, y: paper.y }, QUIET);
    });
  });
  paper.y += 15;
  const places = priceDecimals(snapshot);
  for (const line of section.lines) {
    makeRoom(paper, snapshot, 16, drawTableHead);
    const { y } = paper;
    paper.element('TR', () => {
      paper.element('TD', () => paper.text('Afsendte SMS, stk.', { y }, BODY));
      paper.element('TD', () => paper.text(danishCount(line.quantity), { right: COLUMN.quantity, y }, BODY));
      const unitPrice = danishDecimal(line.unitPrice);
      paper.element('TD', () => paper.figure(unitPrice, { right: COLUMN.unitPrice, places, y }, BODY));
      paper.element('TD', () => paper.text(danishDecimal(line.net), { right: COLUMN.amount, y }, BODY));
    });
    paper.y += 15;
  }
  paper.rule(paper.y - 8, { color: INK.hair });
  paper.y += 8;
}

function drawTotals(paper: Paper, snapshot: InvoiceSnapshot): void {
  const { totals, vat } = snapshot;
  makeRoom(paper, snapshot, 80);
  const rows: [string, string, string][] = [
    ['Subtotal ekskl. moms', 'excl. VAT', danishDecimal(totals.net)],
    [`Moms ${danishPercent(vat.rateBasisPoints)}`, 'VAT', danishDecimal(totals.vat)],
  ];
  paper.y = drawPairs(paper, rows, { left: META_LEFT, right: PAGE.right, y: paper.y + 8 });
  paper.rule(paper.y - 7, { from: META_LEFT, weight: 0.8, color: INK.accent });
  const total: TextStyle = { size: 12, weight: 'semibold' };
  const label = 'I alt inkl. moms (DKK)';
  paper.y += 11;
  paper.element('P', () => {
    paper.text(label, { x: META_LEFT, y: paper.y }, { ...total, size: 10.5 });
    paper.text(danishDecimal(totals.gross), { right: PAGE.right, y: paper.y }, total);
  });
  paper.element('P', () => paper.text('Total incl. VAT', { x: META_LEFT, y: paper.y + 10 }, ENGLISH));
  paper.y += 46;
}

function drawPayment(paper: Paper, snapshot: InvoiceSnapshot): void {
  const { registration, account } = snapshot.seller.bank;
  makeRoom(paper, snapshot, 108);
  paper.element('H2', () => {
    paper.text('Betaling', { y: paper.y }, STRONG);
    paper.text('Payment', { x: PAGE.left + paper.width('Betaling', STRONG) + 5, y: paper.y }, ENGLISH);
  });
  paper.rule(paper.y + 7, { to: META_LEFT - 30 });
  const rows: [string, string, string][] = [
    ['Betalingsbetingelser', 'Terms', `Netto ${snapshot.paymentTermDays} dage`],
    ['Forfald', 'Due', danishDate(snapshot.dueDate)],
    ['Reg.nr. og kontonr.', 'Account', `${registration} ${account}`],
    ['Mærk betalingen', 'Reference', `Faktura ${snapshot.number}`],
  ];
  const pairs = { left: PAGE.left, right: META_LEFT - 30, y: paper.y + 22 };
  paper.y = drawPairs(paper, rows, pairs) + 14;
}

function drawNotes(paper: Paper, snapshot: InvoiceSnapshot): void {
  const { test, held } = snapshot.counts;
  const notes: [string, string][] = [
    [
      `Hver enkelt SMS fremgår af »Opgørelse over afsendte SMS'er« til faktura ${snapshot.number}.`,
      'Each SMS is listed in the statement.',
    ],
  ];
  const apart = [
    { count: test, danish: 'test-SMS', english: 'test' },
    { count: held, danish: 'tilbageholdte SMS', english: 'on hold' },
  ].filter(({ count }) => count > 0);
  if (apart.length > 0) {
    notes.push([
      `Ikke faktureret: ${apart.map(({ count, danish }) => `${danishCount(count)} ${danish}`).join(' og ')}.`,
      `Not invoiced: ${apart.map(({ count, english }) => `${danishCount(count)} ${english}`).join(', ')}.`,
    ]);
  }
  makeRoom(paper, snapshot, 13 * notes.length);
  for (const [danish, english] of notes) {
    paper.element('P', () => {
      paper.text(danish, { y: paper.y }, QUIET);
      paper.text(english, { x: PAGE.left + paper.width(danish, QUIET) + 6, y: paper.y }, ENGLISH);
    });
    paper.y += 13;
  }
}

/** Goes to a new page where the height is not left; `drawHead` repeats the heads of a table that goes on there. */
function makeRoom(
  paper: Paper,
  { number }: InvoiceSnapshot,
  height: number,
  drawHead?: (paper: Paper) => void,
): void {
  if (paper.y + height <= PAGE.bottom) return;
  paper.newPage();
  paper.artifact(() => paper.text(`Faktura ${number}, fortsat`, { y: 54 }, QUIET));
  paper.y = 84;
  drawHead?.(paper);
}

function drawFoot(paper: Paper, { seller }: InvoiceSnapshot, pageOfPages: string): void {
  const { street, postalCode, city } = seller.address;
  const line = `${seller.name} · ${street} · ${postalCode} ${city} · CVR-nr. ${seller.cvr} · ${seller.email}`;
  paper.rule(802, { color: INK.hair });
  paper.artifact(() => {
    paper.text(paper.fitted(line, 420, ENGLISH), { y: 815 }, ENGLISH);
    paper.text(pageOfPages, { right: PAGE.right, y: 815 }, ENGLISH);
  });
}
