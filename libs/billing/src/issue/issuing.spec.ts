import { createHash } from 'node:crypto';
import type { CloudEvent, DocumentRenderedEvent, InvoiceIssuedEvent } from '@taxameter/contracts';
import { parseConfiguration, startRooms, systemActor, withActor } from '@taxameter/platform';
import { startTestRooms } from '@taxameter/platform/testing';
import type { TestRooms } from '@taxameter/platform/testing';
import { DataSource } from 'typeorm';
import { renderInvoice } from '../documents/invoice.pdf.js';
import {
  BILLING_ROOM,
  feed,
  integrationRecord,
  manySms,
  partnerRecord,
  runAndIssue,
  smsRecord,
  whenIssued,
} from '../run/billing-room.testing.js';
import { issuePartner } from './issue-partner.service.js';

const RUNS = '/v1/billing/runs';

type InvoiceFact = InvoiceIssuedEvent['data'] | DocumentRenderedEvent['data'];

describe('issued invoices', () => {
  let rooms: TestRooms;

  beforeEach(async () => {
    rooms = await startTestRooms([BILLING_ROOM], { now: '2026-10-05T08:00:00Z' });
    await feed(rooms, [
      partnerRecord('par_a'),
      partnerRecord('par_b'),
      partnerRecord('par_c'),
      integrationRecord('isv_a', 'par_a'),
      integrationRecord('isv_a2', 'par_a'),
      integrationRecord('isv_b', 'par_b'),
      integrationRecord('isv_c', 'par_c'),
      ...manySms('a', 7, '2026-08-01T10:00:00Z'),
      ...manySms('a2', 5, '2026-08-01T09:00:00Z', { integrationId: 'isv_a2', organizationId: null }),
      smsRecord('a-foreign', '2026-08-03T10:00:00Z', { recipientCountry: 'SE' }),
      smsRecord('a-test', '2026-08-03T11:00:00Z', { testMode: true }),
      ...manySms('b', 3, '2026-08-01T10:00:00Z', { integrationId: 'isv_b' }),
      ...manySms('c', 2, '2026-08-01T10:00:00Z', { integrationId: 'isv_c' }),
    ]);
  });

  afterEach(async () => {
    await rooms.stop();
  });

  const database = () => rooms.databases.get('billing')!;
  const get = (path: string, headers = {}) => rooms.call('finance', 'GET', path, { headers });
  const numbersOf = (run: { partners: { invoiceNumber: string | null }[] }) =>
    run.partners.map(({ invoiceNumber }) => invoiceNumber);

  /** As the owner of the schema: what the room itself may never do. */
  async function asOwner<Row>(sql: string): Promise<Row[]> {
    const owner = new DataSource({
      type: 'postgres',
      url: rooms.databaseUrl,
      extra: { options: '-c search_path=billing' },
    });
    await owner.initialize();
    try {
      return await owner.query<Row[]>(sql);
    } finally {
      await owner.destroy();
    }
  }

  async function approve(): Promise<string> {
    const { body } = await rooms.call('finance', 'POST', RUNS, { body: { quarter: '2026-Q3' } });
    await rooms.call('finance', 'POST', `${RUNS}/${body.runId}/approve`);
    return body.runId as string;
  }

  /** A second process on the same database. */
  const startBeside = (now: string) =>
    startRooms(
      [BILLING_ROOM],
      parseConfiguration({
        DATABASE_URL: rooms.databaseUrl,
        PORT: '0',
        LOG_LEVEL: 'fatal',
        FIXED_CLOCK: now,
      }),
    );

  const issue = (runId: string) => rooms.call('finance', 'POST', `${RUNS}/${runId}/issue`);

  it('leave no gap when a transaction fails at commit, after its number was drawn', async () => {
    await asOwner(`
      create function fail() returns trigger language plpgsql as
        $$ begin raise exception 'the lights went out'; end $$;
      create constraint trigger crash after insert on invoice deferrable initially deferred
        for each row when (new.partner_id = 'par_b') execute function fail()`);
    const runId = await approve();
    await issue(runId);
    const first = await whenIssued(rooms, runId);
    expect(first.status).toBe('completed_with_errors');
    expect(first.partners[1]).toMatchObject({ status: 'approved', failure: 'the lights went out' });
    expect(numbersOf(first)).toEqual(['100001', null, '100002']);
    expect(await database().query("select from billed_sms where partner_id = 'par_b'")).toHaveLength(0);

    await asOwner('drop trigger crash on invoice');
    await issue(runId);
    const second = await whenIssued(rooms, runId);
    expect(second.status).toBe('completed');
    expect(numbersOf(second)).toEqual(['100001', '100003', '100002']);
  });

  it('are issued once, however often it is asked for and though two processes issue', async () => {
    const beside = await startBeside('2026-10-05T08:00:00Z');
    const runId = await approve();
    await Promise.all([issue(runId), issue(runId), issue(runId)]);
    const run = await whenIssued(rooms, runId);
    await issue(runId);
    await beside.stop();
    expect(numbersOf(run)).toEqual(['100001', '100002', '100003']);
    const again = await withActor(database(), systemActor('billing'), (tx) =>
      issuePartner(tx, { runId, actorId: 'somebody' }, 'par_a', rooms.clock),
    );
    expect(again).toBeNull();
    expect(await database().query('select from invoice')).toHaveLength(3);
    expect(await database().query('select next_number from number_series')).toEqual([
      { next_number: 100004 },
    ]);
  });

  it('add up: ledger, billed SMS, statement and invoice say the same', async () => {
    await runAndIssue(rooms, '2026-Q3');
    const { body: invoice } = await get('/v1/invoices/100001');
    const [{ ledger }] = await database().query<[{ ledger: number }]>(
      `select count(*) as ledger from sms_ledger
       where integration_id in ('isv_a', 'isv_a2') and not test_mode and recipient_country = 'DK'`,
    );
    const items: { outcome: string; unitPrice: string; messageId: string }[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await get(`/v1/invoices/100001/sms?limit=5${cursor && `&cursor=${cursor}`}`);
      items.push(...page.body.items);
      cursor = page.body.nextCursor;
    }
    const billed = items.filter(({ outcome }) => outcome === 'billed');
    const ore = billed.reduce((sum, { unitPrice }) => sum + Number(unitPrice) * 100, 0);
    expect([ledger, billed.length, invoice.smsCount, ore]).toEqual([12, 12, 12, 1200]);
    expect(invoice).toMatchObject({ net: '12.00', vat: '3.00', gross: '15.00' });
    expect(items.map(({ messageId }) => messageId)).toEqual([
      ...Array.from({ length: 7 }, (_, index) => `a${index}`),
      ...Array.from({ length: 5 }, (_, index) => `a2${index}`),
      'a-foreign',
      'a-test',
    ]);
    expect(invoice.sections.map((section: { integrationId: string }) => section.integrationId)).toEqual([
      'isv_a',
      'isv_a2',
    ]);
  });

  it('never change, and an SMS is never billed twice', async () => {
    await runAndIssue(rooms, '2026-Q3');
    for (const table of ['invoice', 'document', 'billed_sms', 'unbilled_sms', 'audit']) {
      await expect(database().query(`delete from ${table}`)).rejects.toThrow(/permission/);
    }
    await expect(database().query("update invoice set partner_name = 'x'")).rejects.toThrow(/permission/);
    await expect(
      database().query(
        `insert into billed_sms select message_id, 'inv_other', partner_id, integration_id, agreement_id,
                sent_at, unit_price from billed_sms limit 1`,
      ),
    ).rejects.toThrow(/billed_sms_pkey/);
  });

  it('are told to others with figures first and the hashes of the documents later', async () => {
    await runAndIssue(rooms, '2026-Q3');
    await rooms.settle();
    const records = await asOwner<{ value: Buffer }>(
      `select value from event_log.log_record where topic = 'billing.documents.v1' order by "offset"`,
    );
    const facts = records.map(({ value }) => JSON.parse(value.toString()) as CloudEvent<InvoiceFact>);
    const about = facts.filter(({ data }) => data.invoiceNumber === '100002');
    expect(about.map(({ type }) => type.split('.')[3])).toEqual([
      'invoice_issued',
      'document_rendered',
      'document_rendered',
    ]);
    expect(about[0]!.data).toMatchObject({
      partnerId: 'par_b',
      smsCount: 3,
      gross: '3.75',
      issueDate: '2026-10-05',
    });
    const { body } = await get('/v1/invoices/100002');
    expect(about[1]!.data).toMatchObject({ kind: 'invoice', ...body.documents.invoice });
  });

  it('are served byte for byte as stored, with their hash as ETag', async () => {
    await runAndIssue(rooms, '2026-Q3');
    const { body } = await get('/v1/invoices/100001');
    for (const kind of ['invoice', 'statement'] as const) {
      const path = `/v1/invoices/100001/${kind}.pdf`;
      const { status, bytes, headers } = await get(path);
      expect(status).toBe(200);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(body.documents[kind].sha256);
      expect(new TextDecoder().decode(bytes.subarray(0, 5))).toBe('%PDF-');
      expect(headers.get('etag')).toBe(`"${body.documents[kind].sha256}"`);
      expect(headers.get('content-type')).toBe('application/pdf');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-disposition')).toMatch(
        /^attachment; filename="(faktura|opgoerelse)-100001.pdf"$/,
      );
      expect((await get(path, { 'if-none-match': headers.get('etag')! })).status).toBe(304);
    }
  });

  it('belong to their partner: another one finds neither invoice nor SMS nor document', async () => {
    await runAndIssue(rooms, '2026-Q3');
    const as = (partnerId: string, path: string) => rooms.call('partner', 'GET', path, { partnerId });
    const own = await as('par_b', '/v1/invoices');
    expect(own.body.items.map((item: { number: string }) => item.number)).toEqual(['100002']);
    for (const path of ['', '/sms', '/invoice.pdf', '/statement.pdf']) {
      expect((await as('par_b', `/v1/invoices/100002${path}`)).status).toBe(200);
      expect((await as('par_a', `/v1/invoices/100002${path}`)).status).toBe(404);
    }
    expect((await as('par_a', '/v1/invoices?partnerId=par_b')).body.items).toEqual([]);
    expect((await rooms.call('ops', 'GET', '/v1/invoices')).status).toBe(403);
  });

  it('come in pages, newest first', async () => {
    await runAndIssue(rooms, '2026-Q3');
    const first = await get('/v1/invoices?limit=2');
    const second = await get(`/v1/invoices?limit=2&cursor=${first.body.nextCursor}`);
    const numbers = [first, second].map(({ body }) =>
      body.items.map((item: { number: string }) => item.number),
    );
    expect(numbers).toEqual([['100003', '100002'], ['100001']]);
    expect(second.body.nextCursor).toBeNull();
    expect((await get('/v1/invoices/100001/sms?cursor=bm9uc2Vuc2U')).status).toBe(400);
  });

  it('get the same number, dates and bytes when their documents are drawn after a restart', async () => {
    await asOwner('revoke insert on document from taxameter_billing');
    const runId = await approve();
    await issue(runId);
    const issued = async () => (await get(`${RUNS}/${runId}`)).body;
    while ((await issued()).status !== 'completed') await new Promise((done) => setTimeout(done, 30));
    const waiting = await get('/v1/invoices/100001/invoice.pdf');
    expect(waiting.status).toBe(503);
    expect(waiting.body.type).toBe('urn:taxameter:problem:document-being-drawn');

    await asOwner('grant insert on document to taxameter_billing');
    // A process of another day takes over; the first one may draw as well, they must agree.
    const next = await startBeside('2026-11-20T08:00:00Z');
    await whenIssued(rooms, runId);
    await next.stop();
    const { body } = await get('/v1/invoices/100001');
    expect(body).toMatchObject({ issueDate: '2026-10-05', dueDate: '2026-10-19' });
    expect(await database().query('select from document')).toHaveLength(6);
    const [{ snapshot }] = await database().query('select snapshot from invoice where number = 100001');
    const bytes = await renderInvoice(snapshot);
    expect(body.documents.invoice.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  });
});
