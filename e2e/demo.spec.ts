import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { extractText } from 'unpdf';
import { ROOT, taxameter, temporaryFolder } from './command-line.js';

/** `npm run demo`: its numbers against the file counted by hand, and the same numbers after any number of kill -9. */

/** `KILLS=10 npm run e2e -- demo` is the long form. */
const KILLS = Number(process.env['KILLS'] ?? 2);

interface Expected {
  readonly partners: Record<string, { billable: number; net: string; vat: string; gross: string }>;
  readonly totals: { read: number; distinct: number; duplicate: number; quarantined: number };
}

interface Seed {
  readonly partners: readonly { readonly partnerId: string; readonly name: string }[];
}

interface Summary {
  readonly apiCalls: Record<string, number>;
  readonly sms: Record<string, number>;
  readonly breaches: readonly {
    rule: string;
    integrationId: string;
    organizationId: string | null;
    severity: string;
    observed: number;
    threshold: number;
  }[];
  readonly invoices: readonly {
    number: string;
    partner: string;
    smsCount: number;
    net: string;
    vat: string;
    gross: string;
    invoicePdf: string;
    statementPdf: string;
  }[];
}

describe('the demo', () => {
  let folder: string;
  let first: string;
  let summary: Summary;

  beforeAll(async () => {
    folder = temporaryFolder('demo');
    const { code, stdout, stderr } = await taxameter(['demo', '--folder', folder]).finished;
    if (code !== 0) throw new Error(`the demo ended with ${code}:\n${stdout}${stderr}`);
    first = readFileSync(join(folder, 'summary.json'), 'utf8');
    summary = JSON.parse(first) as Summary;
  }, 120_000);

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('counts each of the 1,017 calls of the log', () => {
    expect(summary.apiCalls).toEqual({ read: 1017, counted: 1017, duplicate: 0, quarantined: 0, ignored: 0 });
  });

  it('finds the polling of the tenant that polled, and blames no other agreement for it', () => {
    const polling = summary.breaches.filter((breach) => breach.rule === 'POLLING_UNFILTERED');
    expect(polling).toMatchObject([
      { organizationId: '54fadb412c4e40cdbaed9335e4c35a9e', severity: 'critical', threshold: 300 },
    ]);
  });

  it('finds each day on which one integration sent SMS abroad, and nothing else in the SMS', () => {
    const ofSms = summary.breaches.filter(({ rule }) => rule.startsWith('SMS_'));
    // Each is more than a day after the one before, so it is a case of its own.
    const abroad = { rule: 'SMS_FOREIGN', integrationId: 'isv_brightholm', organizationId: null };
    expect(ofSms).toMatchObject(Array.from({ length: 3 }, () => ({ ...abroad, severity: 'warning' })));
  });

  it('accounts for the SMS and bills each partner what the file counted by hand says', () => {
    const expected = JSON.parse(readFileSync(join(ROOT, 'demo/expected.json'), 'utf8')) as Expected;
    const { read, distinct: counted, duplicate, quarantined } = expected.totals;
    expect(summary.sms).toEqual({ read, counted, duplicate, quarantined, ignored: 0 });
    const seed = JSON.parse(readFileSync(join(ROOT, 'demo/data/seed.json'), 'utf8')) as Seed;
    const billed = seed.partners
      .map(({ partnerId, name }) => ({ name, ...expected.partners[partnerId]! }))
      .filter(({ billable }) => billable > 0)
      .map(({ name, billable, net, vat, gross }) => [name, billable, net, vat, gross]);
    expect(
      summary.invoices
        .map(({ partner, smsCount, net, vat, gross }) => [partner, smsCount, net, vat, gross])
        .sort(),
    ).toEqual(billed.sort());
    expect(summary.invoices.map((invoice) => invoice.number)).toEqual(
      summary.invoices.map((_, index) => String(100_001 + index)),
    );
  });

  it('leaves for each invoice a statement with the same count and amount', async () => {
    for (const { number, smsCount, net, gross, invoicePdf, statementPdf } of summary.invoices) {
      const danish = (amount: string) => Number(amount).toLocaleString('da-DK', { minimumFractionDigits: 2 });
      const invoice = await textOf(join(folder, invoicePdf));
      const statement = await textOf(join(folder, statementPdf));
      expect(invoice).toContain(number);
      expect(invoice).toContain(danish(gross));
      expect(statement).toContain(danish(net));
      const sentLines = statement.match(/2026-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+0[12]:00/g) ?? [];
      expect(sentLines.length).toBeGreaterThanOrEqual(smsCount);
    }
  });

  it(`gives the same summary after ${KILLS} times kill -9 in its midst`, async () => {
    const moments = Array.from({ length: KILLS }, (_, index) => 300 + ((index * 1_733) % 5_000));
    for (const moment of moments) {
      const running = taxameter(['demo', '--folder', folder]);
      const killed = setTimeout(() => running.child.kill('SIGKILL'), moment);
      const { signal } = await running.finished;
      clearTimeout(killed);
      expect(signal).toBe('SIGKILL');
    }
    const { code, stderr } = await taxameter(['demo', '--folder', folder]).finished;
    expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
    expect(readFileSync(join(folder, 'summary.json'), 'utf8')).toBe(first);
  }, 300_000);
});

async function textOf(path: string): Promise<string> {
  return (await extractText(new Uint8Array(readFileSync(path)), { mergePages: true })).text;
}
