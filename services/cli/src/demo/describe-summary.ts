import { kroner, table } from '../terminal.js';
import type { AccountTotals, Summary } from './summary.js';

/** The end of the demo as a person reads it: four small tables and what to do next. Pure. */
export function describeSummary(summary: Summary, alertsArrived: boolean, folder: string): string[] {
  return [
    'What was read',
    ...indented(
      table(
        [
          { title: '' },
          ...['read', 'counted', 'duplicate', 'quarantined', 'ignored'].map((title) => ({
            title,
            align: 'right' as const,
          })),
        ],
        [row('API calls', summary.apiCalls), row('SMS', summary.sms)],
      ),
    ),
    '',
    `Breaches of fair use (${alertsArrived ? 'each delivered as a signed webhook' : 'NOT all webhooks arrived'})`,
    ...indented(
      table(
        [
          { title: 'rule' },
          { title: 'severity' },
          { title: 'observed', align: 'right' },
          { title: 'limit', align: 'right' },
          { title: 'integration' },
          { title: 'agreement' },
        ],
        summary.breaches.map((breach) => [
          breach.rule,
          breach.severity,
          String(breach.observed),
          String(breach.threshold),
          short(breach.integrationId),
          short(breach.organizationId ?? '–'),
        ]),
      ),
    ),
    '',
    'Invoices (kr.)',
    ...indented(
      table(
        [
          { title: 'number' },
          { title: 'partner' },
          { title: 'quarter' },
          { title: 'SMS', align: 'right' },
          { title: 'net', align: 'right' },
          { title: 'VAT', align: 'right' },
          { title: 'gross', align: 'right' },
        ],
        summary.invoices.map((invoice) => [
          invoice.number,
          invoice.partner,
          invoice.quarter,
          String(invoice.smsCount),
          kroner(invoice.net),
          kroner(invoice.vat),
          kroner(invoice.gross),
        ]),
      ),
    ),
    '',
    'What next',
    `  ${folder}/summary.json and ${folder}/invoices/ hold the results: open an invoice and its statement.`,
    '  npm start -- --demo          the same system stays up, with a page to look at',
    '  npm run import -- --help     bring an access log of your own',
  ];
}

function row(name: string, totals: AccountTotals): string[] {
  return [
    name,
    ...[totals.read, totals.counted, totals.duplicate, totals.quarantined, totals.ignored].map(String),
  ];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? line : `  ${line}`));
}

/** Foreign systems have ids of 32 characters; the first ten tell them apart on a screen. */
function short(id: string): string {
  return id.length > 20 ? `${id.slice(0, 10)}…` : id;
}
