import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runQuarter } from '@taxameter/billing';
import { callApi, downloadFrom } from '../api-client.service.js';
import { inJson } from '../in-json.js';
import type { LocalAccess } from '../local-access.service.js';
import { DEMO } from './demo-inputs.service.js';
import { loadDemo, settled, type Progress } from './load-demo.service.js';
import {
  sortedBreaches,
  totalsOf,
  type AccountTotals,
  type Summary,
  type SummaryBreach,
  type SummaryInvoice,
} from './summary.js';
import type { WebhookReceiver } from './webhook-receiver.service.js';

/** The main job over the HTTP API alone, so it is the same job whether one process answers or seven. */

const ALERTS_LIMIT_MS = 10_000;

/**
 * The whole job on a running system with a standing clock: subscription, inputs, the quarter, documents and `summary.json`
 * in `folder`, which has a folder `invoices`.
 * @param load brings the demo's inputs in, by whichever door
 */
export async function mainJob(
  access: LocalAccess,
  receiver: WebhookReceiver,
  folder: string,
  progress: Progress,
  load: (access: LocalAccess, progress: Progress) => Promise<void> = loadDemo,
): Promise<{ summary: Summary; alertsArrived: boolean }> {
  const subscription = await callApi<{ secret: string }>(access, 'POST', '/v1/alerts/subscriptions', {
    url: receiver.url,
    minSeverity: 'info',
    language: 'da',
  });
  receiver.trust(subscription.secret);
  await load(access, progress);

  progress(`running the quarter ${DEMO.quarter}: preview, approve, issue`);
  await runQuarter(DEMO.quarter, access, () => undefined);
  await settled(access);
  const invoices = await saveInvoices(access, folder);
  progress(`${invoices.length} invoices issued, each with its statement`);

  const accounting = await callApi<{ partitions: (AccountTotals & { room: string; topic: string })[] }>(
    access,
    'GET',
    '/v1/accounting',
  );
  const found = await readBreaches(access);
  const summary: Summary = {
    apiCalls: totalsOf(accounting.partitions, 'metering', 'usage.api-calls.v1'),
    sms: totalsOf(accounting.partitions, 'billing', 'usage.sms-sent.v1'),
    breaches: summaryOf(found),
    invoices,
  };
  writeAtOnce(join(folder, 'summary.json'), `${inJson(summary)}\n`);
  // What was found in events of long ago wakes nobody.
  const alerted = found.filter(({ retroactive }) => !retroactive).length;
  const opened = () => receiver.received.filter((type) => type === 'fairuse.breach.opened').length;
  for (const deadline = Date.now() + ALERTS_LIMIT_MS; opened() < alerted && Date.now() < deadline;) {
    await sleep(50);
  }
  return { summary, alertsArrived: opened() === alerted };
}

interface BreachItem {
  readonly ruleId: string;
  readonly severity: string;
  readonly threshold: number;
  readonly retroactive: boolean;
  readonly scope: { readonly integrationId: string; readonly organizationId: string | null };
  readonly observed: { readonly value: number };
}

async function readBreaches(access: LocalAccess): Promise<BreachItem[]> {
  const { items } = await callApi<{ items: BreachItem[] }>(access, 'GET', '/v1/breaches?limit=500');
  return items;
}

function summaryOf(breaches: readonly BreachItem[]): SummaryBreach[] {
  return sortedBreaches(
    breaches.map(({ ruleId, scope, severity, observed, threshold }) => ({
      rule: ruleId,
      integrationId: scope.integrationId,
      organizationId: scope.organizationId,
      severity,
      observed: observed.value,
      threshold,
    })),
  );
}

interface InvoiceItem {
  readonly number: string;
  readonly partnerName: string;
  readonly quarter: string;
  readonly smsCount: number;
  readonly net: string;
  readonly vat: string;
  readonly gross: string;
}

async function saveInvoices(access: LocalAccess, folder: string): Promise<SummaryInvoice[]> {
  const { items } = await callApi<{ items: InvoiceItem[] }>(
    access,
    'GET',
    `/v1/invoices?quarter=${DEMO.quarter}&limit=500`,
  );
  const saved: SummaryInvoice[] = [];
  for (const { number, partnerName, quarter, smsCount, net, vat, gross } of [...items].sort((a, b) =>
    a.number < b.number ? -1 : 1,
  )) {
    const invoicePdf = `invoices/${number}-invoice.pdf`;
    const statementPdf = `invoices/${number}-statement.pdf`;
    writeAtOnce(join(folder, invoicePdf), await downloadFrom(access, `/v1/invoices/${number}/invoice.pdf`));
    writeAtOnce(
      join(folder, statementPdf),
      await downloadFrom(access, `/v1/invoices/${number}/statement.pdf`),
    );
    saved.push({
      number,
      partner: partnerName,
      quarter,
      smsCount,
      net,
      vat,
      gross,
      invoicePdf,
      statementPdf,
    });
  }
  return saved;
}

/** A reader never finds half a file, also when the demo is killed while it writes. */
function writeAtOnce(path: string, content: string | Uint8Array): void {
  writeFileSync(`${path}.part`, content);
  renameSync(`${path}.part`, path);
}
