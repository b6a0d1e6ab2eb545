/**
 * Where everything of a statement stands: the blocks in their order, each with a fixed height, and the page of each. The plan
 * needs only the counts of the invoice, so "page x of y" is known before the first row is read and no page has to be kept.
 */
import { parseOre, parseUnitPrice } from '@taxameter/contracts';
import type { AgreementUsage, InvoiceSection, InvoiceSnapshot } from '../invoice/invoice.js';

export type TableHead = 'summary' | 'billed' | 'unbilled';

export type Block =
  | { readonly kind: 'title' }
  | { readonly kind: 'heading'; readonly table: TableHead }
  | { readonly kind: 'head'; readonly table: TableHead }
  | { readonly kind: 'integration'; readonly section: InvoiceSection; readonly table: TableHead }
  | { readonly kind: 'agreement'; readonly agreement: AgreementUsage }
  | { readonly kind: 'rounding'; readonly amount: bigint }
  | { readonly kind: 'summaryTotal' }
  | { readonly kind: 'sms'; readonly table: 'billed' | 'unbilled' }
  | { readonly kind: 'unbilledTotal' }
  | { readonly kind: 'finalTotal' };

/** A block with its page (from 1) and its top in points; `repeats` is the table head that a fresh page begins with. */
export interface PlacedBlock {
  readonly block: Block;
  readonly page: number;
  readonly top: number;
  readonly startsPage: boolean;
  readonly repeats: TableHead | null;
}

const HEIGHTS: Record<Block['kind'], number> = {
  title: 82,
  heading: 30,
  head: 24,
  integration: 18,
  agreement: 13,
  rounding: 13,
  summaryTotal: 34,
  sms: 12,
  unbilledTotal: 32,
  finalTotal: 34,
};

/** Room that must be left below a block, so that no heading stands alone at the foot of a page. */
const KEEPS: Partial<Record<Block['kind'], number>> = { heading: 60, head: 36, integration: 14 };

const FIRST_TOP = 56;
const NEXT_TOP = 72;
const BOTTOM = 790;

/** Lazy: a statement of a million SMS is planned without a million blocks in memory. */
export function* placeStatement(snapshot: InvoiceSnapshot): Generator<PlacedBlock> {
  let page = 1;
  let top = FIRST_TOP;
  for (const { block, table } of blocksOf(snapshot)) {
    const height = HEIGHTS[block.kind];
    const startsPage = top + height + (KEEPS[block.kind] ?? 0) > BOTTOM;
    const repeats = startsPage && table !== null ? table : null;
    if (startsPage) {
      page += 1;
      top = NEXT_TOP + (repeats ? HEIGHTS.head : 0);
    }
    yield { block, page, top, startsPage, repeats };
    top += height;
  }
}

export function countPages(snapshot: InvoiceSnapshot): number {
  let pages = 1;
  for (const { page } of placeStatement(snapshot)) pages = page;
  return pages;
}

/** `table` is the one that a block belongs to: its head is repeated when the block begins a page. */
function* blocksOf(snapshot: InvoiceSnapshot): Generator<{ block: Block; table: TableHead | null }> {
  yield { block: { kind: 'title' }, table: null };
  yield* opening('summary');
  for (const section of snapshot.sections) {
    yield { block: { kind: 'integration', section, table: 'summary' }, table: 'summary' };
    for (const agreement of section.agreements) {
      yield { block: { kind: 'agreement', agreement }, table: 'summary' };
    }
    const amount = roundingOf(section);
    if (amount !== 0n) yield { block: { kind: 'rounding', amount }, table: 'summary' };
  }
  yield { block: { kind: 'summaryTotal' }, table: 'summary' };
  yield* listOf(snapshot, 'billed', ({ counts }) => counts.billed);
  if (snapshot.counts.test + snapshot.counts.held > 0) {
    yield* listOf(snapshot, 'unbilled', ({ counts }) => counts.test + counts.held);
    yield { block: { kind: 'unbilledTotal' }, table: 'unbilled' };
  }
  yield { block: { kind: 'finalTotal' }, table: null };
}

function* listOf(
  { sections }: InvoiceSnapshot,
  table: 'billed' | 'unbilled',
  countOf: (section: InvoiceSection) => number,
): Generator<{ block: Block; table: TableHead | null }> {
  yield* opening(table);
  for (const section of sections) {
    const count = countOf(section);
    if (count > 0) yield { block: { kind: 'integration', section, table }, table };
    for (let index = 0; index < count; index += 1) yield { block: { kind: 'sms', table }, table };
  }
}

function* opening(table: TableHead): Generator<{ block: Block; table: null }> {
  yield { block: { kind: 'heading', table }, table: null };
  yield { block: { kind: 'head', table }, table: null };
}

/**
 * What rounding the lines added to the exact amounts of the agreements, in 1/10,000 krone. It is zero unless a unit price has
 * parts of an øre.
 */
function roundingOf({ net, agreements }: InvoiceSection): bigint {
  const exact = agreements.reduce((sum, { amount }) => sum + parseUnitPrice(amount), 0n);
  return parseOre(net) * 100n - exact;
}
