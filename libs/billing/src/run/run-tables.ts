/**
 * A billing run and its invoices as tables of text for a terminal.
 */
import type { InvoiceSummary } from '../issue/invoice-answers.js';
import type { RunView } from './run-answers.js';

const NAME_COLUMNS = 32;

/** Every partner, every reason for parking, everything held, and the totals. */
export function previewTable(run: RunView): string {
  const partners = run.partners.map(({ partnerId, name, status, counts, totals, invoiceNumber }) => [
    clip(name ?? partnerId),
    status,
    String(counts.billed),
    String(counts.test),
    String(counts.held),
    totals?.net ?? '–',
    totals?.gross ?? '–',
    invoiceNumber ?? '',
  ]);
  const { totals } = run;
  const sums = [String(totals.billed), String(totals.test), String(totals.held), totals.net, totals.gross];
  const head = ['partner', 'status', 'billed', 'test', 'held', 'net DKK', 'gross DKK', 'invoice'];
  const table = columns([head, ...partners, ['total', '', ...sums, '']], [2, 3, 4, 5, 6]);
  return [`${run.quarter} · ${run.runId} · ${run.status}`, ...table, ...remarks(run)].join('\n');
}

export function invoiceTable(invoices: readonly InvoiceSummary[]): string {
  const head = ['invoice', 'partner', 'issued', 'due', 'SMS', 'net DKK', 'VAT DKK', 'gross DKK'];
  const rows = invoices.map(({ number, partnerName, issueDate, dueDate, smsCount, net, vat, gross }) => [
    number,
    clip(partnerName),
    issueDate,
    dueDate,
    String(smsCount),
    net,
    vat,
    gross,
  ]);
  return columns([head, ...rows], [4, 5, 6, 7]).join('\n');
}

function remarks({ partners, holds }: RunView): string[] {
  const parked = partners.flatMap(({ partnerId, parked: reason }) => {
    if (!reason) return [];
    const what = [...reason.missing, ...(reason.country === null ? [] : [reason.country])].join(', ');
    return [`parked: ${partnerId}: ${reason.reason}${what ? ` (${what})` : ''}`];
  });
  const failed = partners.flatMap(({ partnerId, failure }) =>
    failure === null ? [] : [`failed: ${partnerId}: ${printable(failure)}`],
  );
  const warned = partners.flatMap(({ partnerId, warnings }) =>
    warnings.map((warning) => `warning: ${partnerId}: ${warning}`),
  );
  // The judgement is kept per agreement; a person decides per integration, country and reason.
  const heldByReason = new Map<string, number>();
  for (const { reason, integrationId, quantity, recipientCountry } of holds) {
    const what = `of ${integrationId} to ${recipientCountry}: ${reason}`;
    heldByReason.set(what, (heldByReason.get(what) ?? 0) + quantity);
  }
  const held = [...heldByReason].map(([what, quantity]) => `held: ${quantity} SMS ${what}`);
  return [...parked, ...failed, ...warned, ...held];
}

function columns(rows: readonly (readonly string[])[], rightAligned: readonly number[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return rightAligned.includes(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** A partner's name may be 200 characters long. */
function clip(name: string): string {
  const shown = printable(name);
  return shown.length > NAME_COLUMNS ? `${shown.slice(0, NAME_COLUMNS - 1)}…` : shown;
}

/** A name or a database's message may hold escape codes. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}
