/**
 * Draws a statement: a summary by integration and agreement, then every single SMS, adding up to the invoice.
 */
import { formatUnitPrice, parseUnitPrice } from '@taxameter/contracts';
import { priceDecimals } from '../invoice/invoice.js';
import type { AgreementUsage, InvoiceSection, InvoiceSnapshot } from '../invoice/invoice.js';
import { copenhagenStamp, danishCount, danishDate, danishDecimal, danishQuarter } from './danish.js';
import { INK, PAGE, Paper } from './paper.pdf.js';
import type { TextStyle } from './paper.pdf.js';
import { countPages, placeStatement } from './statement-plan.js';
import type { Block, TableHead } from './statement-plan.js';
import { CHANNEL_NAMES, REASON_NAMES } from './statement-row.js';
import type { StatementRow } from './statement-row.js';

const BODY: TextStyle = { size: 8.5 };
const STRONG: TextStyle = { size: 8.5, weight: 'semibold' };
const ROW: TextStyle = { size: 7 };
const QUIET: TextStyle = { size: 8, color: INK.quiet };
const ENGLISH: TextStyle = { size: 6.3, color: INK.quiet };
const HEAD: TextStyle = { size: 7.2, weight: 'semibold', color: INK.quiet };

const SUMMARY = { billed: 350, test: 400, held: 470 } as const;
const LIST = { time: 51, agreement: 163, recipient: 252, message: 318, channel: 453, segments: 508 } as const;

type Heads = readonly (readonly [danish: string, english: string, at: { x?: number; right?: number }])[];

const LIST_HEADS: Heads = [
  ['Sendt (dansk tid)', 'Sent (Copenhagen)', { x: LIST.time }],
  ['Aftale', 'Agreement', { x: LIST.agreement }],
  ['Modtager', 'Recipient', { x: LIST.recipient }],
  ['Besked-id', 'Message id', { x: LIST.message }],
];
const AMOUNT_HEAD: Heads = [['Beløb', 'Amount', { right: PAGE.right }]];

const HEADS: Record<TableHead, Heads> = {
  summary: [
    ['Integration og aftale', 'Integration and agreement', { x: PAGE.left }],
    ['Fakturerede SMS', 'Invoiced', { right: SUMMARY.billed }],
    ['Test', 'Test', { right: SUMMARY.test }],
    ['Tilbageholdte', 'On hold', { right: SUMMARY.held }],
    ['Beløb ekskl. moms', 'Amount excl. VAT', { right: PAGE.right }],
  ],
  billed: [
    ...LIST_HEADS,
    ['Kanal', 'Channel', { x: LIST.channel }],
    ['Dele', 'Parts', { right: LIST.segments }],
    ...AMOUNT_HEAD,
  ],
  unbilled: [...LIST_HEADS, ['Årsag', 'Reason', { x: LIST.channel }], ...AMOUNT_HEAD],
};

const HEADINGS: Record<TableHead, readonly [danish: string, english: string]> = {
  summary: ['Sammendrag', 'Summary'],
  billed: ["Fakturerede SMS'er", 'Invoiced SMS'],
  unbilled: ["Ikke fakturerede SMS'er", 'SMS not invoiced'],
};

/**
 * Same snapshot and rows, same bytes. Rows are read one by one and pages written as they fill.
 *
 * @throws Error when the rows do not come in the order of `StatementRow` or do not add up to the snapshot, SMS by SMS and
 * krone by krone: a statement that proves nothing must not be sent
 */
export async function renderStatement(
  snapshot: InvoiceSnapshot,
  rows: AsyncIterable<StatementRow> | Iterable<StatementRow>,
): Promise<Uint8Array> {
  const paper = new Paper({
    title: `Opgørelse over afsendte SMS'er – faktura ${snapshot.number}`,
    author: snapshot.seller.name,
    subject: `SMS sendt via API, ${danishQuarter(snapshot.quarter)}`,
    createdAt: new Date(snapshot.issuedAt),
    tagged: false,
    bufferPages: false,
  });
  await new StatementDrawing(paper, snapshot, readRows(rows)).draw();
  return paper.bytes();
}

async function* readRows(rows: AsyncIterable<StatementRow> | Iterable<StatementRow>) {
  yield* rows;
}

class StatementDrawing {
  private readonly pages: number;
  private readonly agreements = new Map<string, string>();
  private readonly places: number;
  private section: InvoiceSection | null = null;
  private amount = 0n;

  constructor(
    private readonly paper: Paper,
    private readonly snapshot: InvoiceSnapshot,
    private readonly rows: AsyncGenerator<StatementRow>,
  ) {
    this.pages = countPages(snapshot);
    for (const { integrationId, agreements } of snapshot.sections) {
      for (const agreement of agreements) {
        const key = `${integrationId}|${agreement.agreementId}`;
        this.agreements.set(key, paper.fitted(agreementText(agreement), 91, ROW));
      }
    }
    this.places = priceDecimals(snapshot);
  }

  async draw(): Promise<void> {
    this.startPage(1);
    for (const { block, page, top, startsPage, repeats } of placeStatement(this.snapshot)) {
      if (startsPage) this.startPage(page);
      if (repeats) this.drawHead(repeats, 72);
      if (block.kind === 'sms') this.drawSms(await this.nextRow(block.table), top + 8.5);
      else this.drawBlock(block, top);
    }
    if (!(await this.rows.next()).done) throw new Error(`more SMS than invoice ${this.snapshot.number} has`);
  }

  private startPage(page: number): void {
    const { paper, snapshot } = this;
    paper.newPage();
    if (page > 1) {
      const head = `Opgørelse til faktura ${snapshot.number} · ${danishQuarter(snapshot.quarter)}`;
      paper.text(head, { y: 50 }, QUIET);
      paper.text(paper.fitted(snapshot.customer.name, 240, QUIET), { right: PAGE.right, y: 50 }, QUIET);
    }
    const { seller } = snapshot;
    const foot = `${seller.name} · CVR-nr. ${seller.cvr} · ${seller.email}`;
    paper.rule(806, { color: INK.hair });
    paper.text(paper.fitted(foot, 400, ENGLISH), { y: 818 }, ENGLISH);
    paper.text(`Side ${page} af ${this.pages}`, { right: PAGE.right, y: 818 }, ENGLISH);
  }

  private drawBlock(block: Exclude<Block, { kind: 'sms' }>, top: number): void {
    switch (block.kind) {
      case 'title':
        return this.drawTitle(top);
      case 'heading':
        return this.drawHeading(block.table, top + 18);
      case 'head':
        return this.drawHead(block.table, top);
      case 'integration':
        this.section = block.section;
        return this.drawIntegration(block.section, block.table, top + 12);
      case 'agreement':
        return this.drawAgreement(block.agreement, top + 9);
      case 'rounding':
        this.paper.text('Afrunding til hele øre', { x: PAGE.left + 10, y: top + 9 }, QUIET);
        return this.drawAmount(formatUnitPrice(block.amount), top + 9, QUIET);
      case 'summaryTotal':
        return this.drawSummaryTotal(top + 14);
      case 'unbilledTotal':
        return this.drawUnbilledTotal(top + 14);
      case 'finalTotal':
        return this.drawFinalTotal(top + 16);
    }
  }

  private drawTitle(top: number): void {
    const { paper, snapshot } = this;
    const { firstDay, lastDay } = snapshot.deliveryPeriod;
    const title: TextStyle = { size: 18, weight: 'semibold' };
    const seller: TextStyle = { size: 9, weight: 'semibold', color: INK.accent };
    paper.text(paper.fitted(snapshot.seller.name, 480, seller), { y: top }, seller);
    paper.text("Opgørelse over afsendte SMS'er", { y: top + 30 }, title);
    const name = paper.fitted(snapshot.customer.name, 220, STRONG);
    paper.text(name, { y: top + 47 }, STRONG);
    const period = `${danishDate(firstDay)}–${danishDate(lastDay)}`;
    const about = `til faktura ${snapshot.number} af ${danishDate(snapshot.issueDate)} · ${period}`;
    paper.text(about, { x: PAGE.left + paper.width(name, STRONG) + 7, y: top + 47 }, BODY);
    const english = `Statement of SMS sent, for invoice ${snapshot.number}. Amounts are in DKK excluding VAT.`;
    paper.text(english, { y: top + 60 }, QUIET);
  }

  private drawHeading(table: TableHead, y: number): void {
    const { paper } = this;
    const [danish, english] = HEADINGS[table];
    const style: TextStyle = { size: 11, weight: 'semibold' };
    paper.text(danish, { y }, style);
    paper.text(english, { x: PAGE.left + paper.width(danish, style) + 6, y }, QUIET);
  }

  private drawHead(table: TableHead, top: number): void {
    for (const [danish, english, at] of HEADS[table]) {
      this.paper.text(danish, { ...at, y: top + 8 }, HEAD);
      this.paper.text(english, { ...at, y: top + 15.5 }, ENGLISH);
    }
    this.paper.rule(top + 20);
  }

  private drawIntegration(section: InvoiceSection, table: TableHead, y: number): void {
    const { paper } = this;
    const summary = table === 'summary';
    const name = paper.fitted(section.integrationName, summary ? 120 : 300, STRONG);
    paper.text(name, { y }, STRONG);
    const left = PAGE.left + paper.width(name, STRONG) + 6;
    const room = (summary ? 285 : PAGE.right) - left;
    paper.text(paper.fitted(section.integrationId, room, QUIET), { x: left, y }, QUIET);
    if (!summary) return;
    this.drawCounts(section.counts, y, STRONG);
    this.drawAmount(section.net, y, STRONG);
  }

  private drawAgreement(agreement: AgreementUsage, y: number): void {
    const { paper } = this;
    const text = paper.fitted(agreementText(agreement), SUMMARY.billed - 60 - PAGE.left, BODY);
    paper.text(text, { x: PAGE.left + 10, y }, BODY);
    this.drawCounts(agreement.counts, y, BODY);
    this.drawAmount(agreement.amount, y, BODY);
    paper.rule(y - 9.2, { color: INK.hair, weight: 0.4 });
  }

  private drawCounts(counts: AgreementUsage['counts'], y: number, style: TextStyle): void {
    for (const column of ['billed', 'test', 'held'] as const) {
      const shown = counts[column] === 0 ? '–' : danishCount(counts[column]);
      this.paper.text(shown, { right: SUMMARY[column], y }, style);
    }
  }

  /** At the right edge, commas under each other: as many places are kept free as the finest unit price has. */
  private drawAmount(decimal: string, y: number, style: TextStyle): void {
    const at = { right: PAGE.right, places: this.places, y };
    this.paper.figure(danishDecimal(decimal), at, style);
  }

  private drawSummaryTotal(y: number): void {
    this.paper.rule(y - 11);
    this.paper.text('I alt', { y }, STRONG);
    this.drawCounts(this.snapshot.counts, y, STRONG);
    this.drawAmount(this.snapshot.totals.net, y, STRONG);
  }

  private async nextRow(table: 'billed' | 'unbilled'): Promise<StatementRow> {
    const next = await this.rows.next();
    const { number } = this.snapshot;
    if (next.done) throw new Error(`fewer SMS than invoice ${number} has`);
    const { value } = next;
    const isBilled = value.outcome === 'billed';
    if (isBilled !== (table === 'billed') || value.integrationId !== this.section?.integrationId) {
      throw new Error(`SMS ${value.messageId} does not come where invoice ${number} expects it`);
    }
    if (isBilled) this.amount += value.unitPrice;
    return value;
  }

  private drawSms(row: StatementRow, y: number): void {
    const { paper } = this;
    const agreement = this.agreements.get(`${row.integrationId}|${row.agreementId}`);
    if (agreement === undefined)
      throw new Error(`SMS ${row.messageId} belongs to no agreement of the invoice`);
    paper.text(copenhagenStamp(new Date(row.sentAt)), { x: LIST.time, y }, ROW);
    paper.text(agreement, { x: LIST.agreement, y }, ROW);
    paper.text(paper.fitted(row.recipientMasked, 57, ROW), { x: LIST.recipient, y }, ROW);
    paper.text(paper.fitted(row.messageId, 131, ROW, 'middle'), { x: LIST.message, y }, ROW);
    const x = LIST.channel;
    if (row.reason) {
      paper.text(paper.fitted(REASON_NAMES[row.reason], 64, ROW), { x, y }, ROW);
      this.drawAmount('0.00', y, ROW);
    } else {
      paper.text(CHANNEL_NAMES[row.channel], { x, y }, ROW);
      paper.text(String(row.segments), { right: LIST.segments, y }, ROW);
      this.drawAmount(formatUnitPrice(row.unitPrice), y, ROW);
    }
    paper.rule(y - 8.6, { color: INK.hair, weight: 0.4 });
  }

  private drawUnbilledTotal(y: number): void {
    const { test, held } = this.snapshot.counts;
    this.paper.rule(y - 11);
    const text = `Ikke faktureret: ${danishCount(test)} test, ${danishCount(held)} tilbageholdte`;
    this.paper.text(text, { y }, STRONG);
    this.drawAmount('0.00', y, STRONG);
  }

  private drawFinalTotal(y: number): void {
    const { paper, snapshot } = this;
    const agreements = snapshot.sections.flatMap((section) => section.agreements);
    const expected = agreements.reduce((sum, { amount }) => sum + parseUnitPrice(amount), 0n);
    if (this.amount !== expected) throw new Error(`the SMS do not add up to invoice ${snapshot.number}`);
    paper.rule(y - 13, { weight: 0.8, color: INK.accent });
    const style: TextStyle = { size: 9.5, weight: 'semibold' };
    const text = `I alt faktureret: ${danishCount(snapshot.counts.billed)} SMS`;
    paper.text(text, { y }, style);
    this.drawAmount(snapshot.totals.net, y, style);
    const note = `= subtotal ekskl. moms på faktura ${snapshot.number}`;
    paper.text(note, { x: PAGE.left + paper.width(text, style) + 8, y }, QUIET);
  }
}

function agreementText({ agreementId, name }: AgreementUsage): string {
  if (agreementId === '') return 'Uden aftale';
  return name ? `${agreementId} ${name}` : agreementId;
}
