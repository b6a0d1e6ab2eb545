import { startTestRooms } from '@taxameter/platform/testing';
import type { TestRooms } from '@taxameter/platform/testing';
import {
  BILLING_ROOM,
  agreementRecord,
  feed,
  integrationRecord,
  manySms,
  partnerRecord,
  runAndIssue,
  smsRecord,
  whenIssued,
} from './billing-room.testing.js';
import type { RunView } from './run-answers.js';

const RUNS = '/v1/billing/runs';

describe('a billing run', () => {
  let rooms: TestRooms;

  beforeEach(async () => {
    rooms = await startTestRooms([BILLING_ROOM], { now: '2026-10-05T08:00:00Z' });
  });

  afterEach(async () => {
    await rooms.stop();
  });

  const post = (path: string, body?: unknown, headers = {}) =>
    rooms.call('finance', 'POST', path, { ...(body !== undefined && { body }), headers });
  const preview = (quarter = '2026-Q3') => post(RUNS, { quarter });
  const partnerOf = (run: RunView, partnerId: string) => {
    const found = run.partners.find((partner) => partner.partnerId === partnerId);
    if (!found) throw new Error(`the run does not know ${partnerId}`);
    return found;
  };

  it('bills 1,234 SMS of a deactivated integration and holds what came after the deactivation', async () => {
    const from = '2026-09-01T00:00:00Z';
    await feed(rooms, [
      partnerRecord('par_a'),
      integrationRecord('isv_a', 'par_a', {
        status: [
          { status: 'active', from: '2026-01-01T00:00:00Z', reason: null },
          { status: 'deactivated', from, reason: 'afmeldt' },
        ],
      }),
      ...manySms('m', 1234, '2026-08-01T10:00:00Z'),
      smsRecord('at-the-instant', from),
    ]);
    const run = await runAndIssue(rooms, '2026-Q3');
    expect(partnerOf(run, 'par_a')).toMatchObject({
      status: 'issued',
      totals: { net: '1234.00', vat: '308.50', gross: '1542.50' },
      counts: { billed: 1234, held: 1, test: 0 },
      invoiceNumber: '100001',
    });
    expect(run.holds).toMatchObject([{ reason: 'integration_deactivated', partnerId: 'par_a', quantity: 1 }]);
  });

  it('holds foreign numbers and unknown owners, counts test SMS apart, and bills the rest', async () => {
    await feed(rooms, [
      partnerRecord('par_a'),
      integrationRecord('isv_a', 'par_a'),
      agreementRecord({
        integrationId: 'isv_a',
        organizationId: '148383',
        version: 1,
        name: 'Ærø Øl ApS',
        status: 'active',
      }),
      smsRecord('danish', '2026-08-01T10:00:00Z'),
      smsRecord('swedish', '2026-08-01T10:00:01Z', { recipientCountry: 'SE' }),
      smsRecord('faroese', '2026-08-01T10:00:02Z', { recipientCountry: 'FO' }),
      smsRecord('test', '2026-08-01T10:00:03Z', { testMode: true }),
      smsRecord('orphan', '2026-08-01T10:00:04Z', { integrationId: 'isv_nobody' }),
    ]);
    const run = await runAndIssue(rooms, '2026-Q3');
    expect(run.totals).toEqual({ net: '1.00', vat: '0.25', gross: '1.25', billed: 1, held: 3, test: 1 });
    const reasons = run.holds.map((hold: { reason: string }) => hold.reason).sort();
    expect(reasons).toEqual(['foreign_number', 'foreign_number', 'unknown_owner']);
    const { body } = await rooms.call('finance', 'GET', '/v1/invoices/100001');
    expect(body.sections[0].agreements).toEqual([
      { agreementId: '148383', name: 'Ærø Øl ApS', counts: { billed: 1, held: 2, test: 1 }, amount: '1.00' },
    ]);
  });

  it('bills an integration that was sold to the owner at each sent time, on two invoices', async () => {
    await feed(rooms, [
      partnerRecord('par_a'),
      partnerRecord('par_b'),
      integrationRecord('isv_a', 'par_a', {
        ownership: [
          { partnerId: 'par_a', from: '2026-01-01T00:00:00Z' },
          { partnerId: 'par_b', from: '2026-08-15T00:00:00Z' },
        ],
      }),
      smsRecord('before', '2026-08-14T23:59:59.999Z'),
      smsRecord('after', '2026-08-15T00:00:00Z'),
      smsRecord('after-2', '2026-08-16T00:00:00Z'),
    ]);
    const run = await runAndIssue(rooms, '2026-Q3');
    expect(partnerOf(run, 'par_a').totals?.net).toBe('1.00');
    expect(partnerOf(run, 'par_b').totals?.net).toBe('2.00');
  });

  it('gives a partner without billable SMS no invoice and burns no number', async () => {
    await feed(rooms, [
      partnerRecord('par_a'),
      partnerRecord('par_b'),
      integrationRecord('isv_a', 'par_a'),
      integrationRecord('isv_b', 'par_b'),
      smsRecord('only-a-test', '2026-08-01T10:00:00Z', { testMode: true }),
      smsRecord('m1', '2026-08-01T10:00:00Z', { integrationId: 'isv_b' }),
    ]);
    const run = await runAndIssue(rooms, '2026-Q3');
    expect(run.status).toBe('completed');
    expect(partnerOf(run, 'par_a')).toMatchObject({ status: 'no_usage', invoiceNumber: null });
    expect(partnerOf(run, 'par_b')).toMatchObject({ status: 'issued', invoiceNumber: '100001' });
  });

  it('gives two people who press run at once one run, and names it to the second', async () => {
    await feed(rooms, [partnerRecord('par_a'), integrationRecord('isv_a', 'par_a')]);
    const answers = await Promise.all([preview(), preview(), preview()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    const winner = answers.find(({ status }) => status === 200)!.body;
    const loser = answers.find(({ status }) => status === 409)!.body;
    expect(loser).toMatchObject({ runId: winner.runId, type: 'urn:taxameter:problem:run-exists' });
  });

  it('answers the same Idempotency-Key with the same run', async () => {
    // Before the race, so that both presses come from one person.
    await rooms.token({ role: 'finance' });
    const key = { 'idempotency-key': 'press-1' };
    const [first, second] = await Promise.all([
      post(RUNS, { quarter: '2026-Q3' }, key),
      post(RUNS, { quarter: '2026-Q3' }, key),
    ]);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body.runId).toBe(first.body.runId);
  });

  it('refuses a quarter that runs, and one in its grace unless given a reason, which the audit keeps', async () => {
    const early = await preview('2026-Q4');
    expect(early.status).toBe(409);
    expect(early.body).toMatchObject({
      type: 'urn:taxameter:problem:quarter-not-closed',
      possibleFrom: '2027-01-03T23:00:00.000Z',
    });
    const override = { reason: 'partneren lukker' };
    expect((await post(RUNS, { quarter: '2026-Q4', override })).status).toBe(409);

    const inGrace = await startTestRooms([BILLING_ROOM], { now: '2026-10-02T08:00:00Z' });
    const run = (body: object) => inGrace.call('finance', 'POST', RUNS, { body });
    expect((await run({ quarter: '2026-Q3' })).status).toBe(409);
    const forced = await run({ quarter: '2026-Q3', override });
    expect(forced.body).toMatchObject({ status: 'draft', overrideReason: 'partneren lukker' });
    const audit = await inGrace.databases
      .get('billing')!
      .query("select action, detail ->> 'overrideReason' as reason from audit");
    expect(audit).toEqual([{ action: 'run_previewed', reason: 'partneren lukker' }]);
    await inGrace.stop();
  });

  it('refuses to approve what has changed since the preview, and says what', async () => {
    await feed(rooms, [
      partnerRecord('par_a'),
      integrationRecord('isv_a', 'par_a'),
      smsRecord('m1', '2026-08-01T10:00:00Z'),
    ]);
    const { body: run } = await preview();
    await feed(rooms, [
      partnerRecord('par_a', { version: 2, name: 'Nyt Navn A/S' }),
      smsRecord('m2', '2026-08-02T10:00:00Z'),
    ]);
    const refused = await post(`${RUNS}/${run.runId}/approve`);
    expect(refused.status).toBe(409);
    expect(refused.body.changes).toEqual([
      { what: 'partner', id: 'par_a', seen: 1, now: 2 },
      { what: 'ledger', id: 'isv_a', seen: 1, now: 2 },
    ]);
    expect((await post(`${RUNS}/${run.runId}/cancel`)).body.status).toBe('cancelled');
    const { body: again } = await preview();
    expect(again.runId).not.toBe(run.runId);
    expect((await post(`${RUNS}/${again.runId}/approve`)).body).toMatchObject({
      status: 'approved',
      issueDate: '2026-10-05',
      dueDate: '2026-10-19',
    });
  });

  it('approves in spite of SMS of another quarter and of strangers’ master data', async () => {
    await feed(rooms, [
      partnerRecord('par_a'),
      integrationRecord('isv_a', 'par_a'),
      smsRecord('m1', '2026-08-01T10:00:00Z'),
    ]);
    const { body: run } = await preview();
    await feed(rooms, [smsRecord('q4', '2026-10-02T10:00:00Z'), integrationRecord('isv_z', 'par_z')]);
    expect((await post(`${RUNS}/${run.runId}/approve`)).status).toBe(200);
  });

  it('leaves an SMS that comes after approval off the invoice', async () => {
    await feed(rooms, [
      partnerRecord('par_a'),
      integrationRecord('isv_a', 'par_a'),
      smsRecord('m1', '2026-08-01T10:00:00Z'),
    ]);
    const { body: run } = await preview();
    await post(`${RUNS}/${run.runId}/approve`);
    await feed(rooms, [...manySms('late', 20, '2026-08-01T10:00:00Z')]);
    await post(`${RUNS}/${run.runId}/issue`);
    const issued = await whenIssued(rooms, run.runId);
    expect(partnerOf(issued, 'par_a')).toMatchObject({ status: 'issued', totals: { net: '1.00' } });
  });

  it('issues only what was approved', async () => {
    const { body: run } = await preview();
    const refused = await post(`${RUNS}/${run.runId}/issue`);
    expect(refused).toMatchObject({ status: 409, body: { status: 409, runStatus: 'draft' } });
    expect((await post(`${RUNS}/run_unknown/issue`)).status).toBe(404);
  });

  it('parks a partner without address, and after the repair issues that one alone', async () => {
    await feed(rooms, [
      partnerRecord('par_a', { address: null }),
      partnerRecord('par_b'),
      integrationRecord('isv_a', 'par_a'),
      integrationRecord('isv_b', 'par_b'),
      smsRecord('m1', '2026-08-01T10:00:00Z'),
      smsRecord('m2', '2026-08-01T10:00:00Z', { integrationId: 'isv_b' }),
    ]);
    const first = await runAndIssue(rooms, '2026-Q3');
    expect(first.status).toBe('completed_with_errors');
    expect(partnerOf(first, 'par_a')).toMatchObject({
      status: 'parked',
      parked: { reason: 'needs_data', missing: ['street', 'postalCode', 'city', 'country'] },
    });
    expect(partnerOf(first, 'par_b').invoiceNumber).toBe('100001');

    await feed(rooms, [partnerRecord('par_a', { version: 2 })]);
    const second = await runAndIssue(rooms, '2026-Q3');
    expect(second).toMatchObject({ runId: first.runId, status: 'completed' });
    expect(partnerOf(second, 'par_a').invoiceNumber).toBe('100002');
    expect(partnerOf(second, 'par_b').invoiceNumber).toBe('100001');
  });

  it('answers a completed quarter with its invoices and issues nothing again', async () => {
    await feed(rooms, [
      partnerRecord('par_a'),
      integrationRecord('isv_a', 'par_a'),
      smsRecord('m1', '2026-08-01T10:00:00Z'),
    ]);
    const first = await runAndIssue(rooms, '2026-Q3');
    const again = await preview();
    expect(again.status).toBe(200);
    expect(again.body).toEqual(first);
    expect((await post(`${RUNS}/${first.runId}/issue`)).body.status).toBe('completed');
    const { body } = await rooms.call('finance', 'GET', '/v1/invoices?quarter=2026-Q3');
    expect(body.items).toHaveLength(1);
  });

  it('keeps runs from everybody but finance', async () => {
    for (const role of ['ops', 'ingest', 'partner'] as const) {
      expect((await rooms.call(role, 'GET', RUNS)).status).toBe(403);
      expect((await rooms.call(role, 'POST', RUNS, { body: { quarter: '2026-Q3' } })).status).toBe(403);
    }
    expect((await rooms.call('finance', 'GET', RUNS)).body).toEqual({ items: [], nextCursor: null });
  });
});
