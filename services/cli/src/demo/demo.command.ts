import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runQuarter } from '@taxameter/billing';
import { createLogger, discardEmbeddedPostgres, readConfiguration, startRooms } from '@taxameter/platform';
import { ALL_ROOMS, startFailure, stopOnSignal } from '@taxameter/server';
import type { Command } from 'commander';
import { callApi, downloadFrom } from '../api-client.service.js';
import type { CommandContext } from '../command-context.js';
import type { LocalAccess } from '../local-access.service.js';
import { DEMO } from './demo-inputs.service.js';
import { describeSummary } from './describe-summary.js';
import { loadDemo, settled, type Progress } from './load-demo.service.js';
import {
  sortedBreaches,
  totalsOf,
  type AccountTotals,
  type Summary,
  type SummaryBreach,
  type SummaryInvoice,
} from './summary.js';
import { startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.service.js';

/** The main job on the committed real input, from an empty database to the invoices of a quarter. */

export function registerDemoCommand(program: Command, context: CommandContext): void {
  program
    .command('demo')
    .summary('runs the main job on real input and leaves invoices, statements and a summary')
    .description(
      'Starts Taxameter on an empty embedded PostgreSQL, imports a real API log and a quarter of SMS, finds the breach, ' +
        'runs the quarter, and leaves invoices, statements and summary.json. Every run gives the same numbers.',
    )
    .option('--folder <path>', 'where the results go; its database is made anew each time', 'out/demo')
    .option('--json', 'print summary.json instead of the table')
    .action(async (flags: { folder: string; json?: true }) => {
      context.exit(await runDemo(resolve(flags.folder), flags.json === true, context));
    });
}

const ALERTS_LIMIT_MS = 10_000;

async function runDemo(folder: string, isJson: boolean, context: CommandContext): Promise<number> {
  const startedMs = performance.now();
  const progress: Progress = (line) => {
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1).padStart(5);
    context.stderr.write(`${seconds} s  ${line}\n`);
  };
  try {
    const { summary, alertsArrived } = await produce(folder, progress);
    if (isJson) context.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
    else
      context.stdout.write(
        `\n${describeSummary(summary, alertsArrived, relative(process.cwd(), folder) || '.').join('\n')}\n`,
      );
    return alertsArrived ? 0 : 1;
  } catch (error) {
    context.stderr.write(`the demo failed: ${startFailure(error)}\n`);
    return 1;
  }
}

async function produce(
  folder: string,
  progress: Progress,
): Promise<{ summary: Summary; alertsArrived: boolean }> {
  // Each run begins with nothing: whatever an earlier one left, finished or killed, is thrown away first.
  const databaseFolder = join(folder, 'postgres');
  rmSync(join(folder, 'summary.json'), { force: true });
  await discardEmbeddedPostgres(databaseFolder);
  rmSync(join(folder, 'invoices'), { recursive: true, force: true });
  mkdirSync(join(folder, 'invoices'), { recursive: true });

  const receiver = await startWebhookReceiver(() => Date.parse(DEMO.clock) / 1000);
  const configuration = readConfiguration({
    DATABASE_URL: '',
    DATA_DIR: databaseFolder,
    HOST: '127.0.0.1',
    PORT: '0',
    FIXED_CLOCK: DEMO.clock,
    LOG_LEVEL: 'warn',
    WEBHOOK_ALLOWED_HOSTS: '127.0.0.1',
    ALLOWED_SMS_COUNTRIES: 'DK',
    GRACE_HOURS: '72',
    SELLER_FILE: DEMO.seller,
  });
  try {
    const running = await startRooms(ALL_ROOMS, configuration, {
      onProgress: progress,
      logger: createLogger('warn'),
    });
    stopOnSignal(running);
    try {
      const { secret } = await running.tokens.issue({ role: 'admin', name: 'demo' });
      return await mainJob({ url: running.address, token: secret }, receiver, folder, progress);
    } finally {
      await running.stop();
    }
  } finally {
    await receiver.close();
  }
}

async function mainJob(access: LocalAccess, receiver: WebhookReceiver, folder: string, progress: Progress) {
  const subscription = await callApi<{ secret: string }>(access, 'POST', '/v1/alerts/subscriptions', {
    url: receiver.url,
    minSeverity: 'info',
    language: 'da',
  });
  receiver.trust(subscription.secret);
  await loadDemo(access, progress);

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
  const summary: Summary = {
    apiCalls: totalsOf(accounting.partitions, 'metering', 'usage.api-calls.v1'),
    sms: totalsOf(accounting.partitions, 'billing', 'usage.sms-sent.v1'),
    breaches: await readBreaches(access),
    invoices,
  };
  writeAtOnce(join(folder, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  const opened = () => receiver.received.filter((type) => type === 'fairuse.breach.opened').length;
  for (
    const deadline = Date.now() + ALERTS_LIMIT_MS;
    opened() < summary.breaches.length && Date.now() < deadline;
  ) {
    await sleep(50);
  }
  return { summary, alertsArrived: opened() === summary.breaches.length };
}

interface BreachItem {
  readonly ruleId: string;
  readonly severity: string;
  readonly threshold: number;
  readonly scope: { readonly integrationId: string; readonly organizationId: string | null };
  readonly observed: { readonly value: number };
}

async function readBreaches(access: LocalAccess): Promise<SummaryBreach[]> {
  const { items } = await callApi<{ items: BreachItem[] }>(access, 'GET', '/v1/breaches?limit=500');
  return sortedBreaches(
    items.map(({ ruleId, scope, severity, observed, threshold }) => ({
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
