/** `out/demo/summary.json`: what the demo counted, found and invoiced. Pure. */

export interface AccountTotals {
  readonly read: number;
  readonly counted: number;
  readonly duplicate: number;
  readonly quarantined: number;
  readonly ignored: number;
}

export interface SummaryBreach {
  readonly rule: string;
  readonly integrationId: string;
  readonly organizationId: string | null;
  readonly severity: string;
  readonly observed: number;
  readonly threshold: number;
}

/** Money as decimal strings in kroner. */
export interface SummaryInvoice {
  readonly number: string;
  readonly partner: string;
  readonly quarter: string;
  readonly smsCount: number;
  readonly net: string;
  readonly vat: string;
  readonly gross: string;
  readonly invoicePdf: string;
  readonly statementPdf: string;
}

export interface Summary {
  /** As the metering room accounts for them. */
  readonly apiCalls: AccountTotals;
  /** As the billing room accounts for them. */
  readonly sms: AccountTotals;
  readonly breaches: readonly SummaryBreach[];
  readonly invoices: readonly SummaryInvoice[];
}

interface PartitionAccount extends AccountTotals {
  readonly room: string;
  readonly topic: string;
}

/** The account of a room over all partitions of a topic. */
export function totalsOf(
  partitions: readonly PartitionAccount[],
  room: string,
  topic: string,
): AccountTotals {
  const totals = { read: 0, counted: 0, duplicate: 0, quarantined: 0, ignored: 0 };
  for (const partition of partitions) {
    if (partition.room !== room || partition.topic !== topic) continue;
    totals.read += partition.read;
    totals.counted += partition.counted;
    totals.duplicate += partition.duplicate;
    totals.quarantined += partition.quarantined;
    totals.ignored += partition.ignored;
  }
  return totals;
}

/** One order for all runs: breaches come from several partitions, in whatever order those were judged. */
export function sortedBreaches(breaches: readonly SummaryBreach[]): SummaryBreach[] {
  const key = (breach: SummaryBreach) =>
    `${breach.rule} ${breach.integrationId} ${breach.organizationId ?? ''} ${breach.observed}`;
  return [...breaches].sort((left, right) => (key(left) < key(right) ? -1 : 1));
}
