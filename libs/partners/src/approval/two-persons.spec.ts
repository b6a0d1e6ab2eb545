import type { TestRooms } from '@taxameter/platform/testing';
import { auditOf, factsOf, NOW, startBeside, startPartnersRoom } from '../partners-room.testing.js';

let rooms: TestRooms;

const JULY = '2026-07-01T00:00:00+02:00';
const FOUR_HOURS_ON = '2026-10-05T12:00:00.000Z';
const UNTIL = '2026-10-20T12:00:00.000Z';
const SETTINGS = { TWO_PERSONS: 'true', APPROVAL_HOURS: '4' };

beforeAll(async () => {
  rooms = await startPartnersRoom(SETTINGS);
  await rooms.call('ops', 'PUT', '/v1/partners/par_a', { body: { name: 'par_a' } });
});

afterAll(() => rooms.stop());

const terms = (more: object = {}) => ({
  scope: 'integration',
  mode: 'block',
  capability: 'sms',
  reasonCode: 'sms_terms',
  clause: 'SMS, punkt 3',
  note: { da: 'SMS er spærret.', en: 'SMS is blocked.' },
  endCondition: { da: 'Når fejlen er rettet.', en: 'When the fault is mended.' },
  ...more,
});
const post = (path: string, body: object, role: 'ops' | 'admin' = 'ops') =>
  rooms.call(role, 'POST', path, { body });
const ask = (integrationId: string, request: object, more: object = {}) =>
  post('/v1/approvals', { integrationId, request, reason: 'sløjfe om natten', ...more });
/** An administrator is another person than the one of ops. */
const second = (approvalId: string, verb: string, more: object = {}) =>
  post(`/v1/approvals/${approvalId}/${verb}`, { reason: 'set efter', ...more }, 'admin');
const restriction = async (restrictionId: string) =>
  rooms.call('ops', 'GET', `/v1/restrictions/${restrictionId}`);

async function integration(integrationId: string) {
  const body = { name: integrationId, kind: 'public', partnerId: 'par_a', from: JULY };
  await rooms.call('ops', 'PUT', `/v1/integrations/${integrationId}`, { body });
}

describe('where two persons are needed', () => {
  it('one alone throttles and lifts, and neither blocks, nor lengthens a block, nor deactivates, nor reactivates', async () => {
    await integration('isv_alone');
    const impose = (more: object) =>
      post('/v1/restrictions', { integrationId: 'isv_alone', reason: 'r', ...terms(more) });
    const throttled = await impose({ mode: 'throttle', limitPerMinute: 20 });
    expect(throttled.status).toBe(201);
    const asked = await ask('isv_alone', { kind: 'restriction', restriction: terms(), isTemporary: true });
    const path = `/v1/restrictions/${asked.body.restrictionId}`;
    const refused = [
      [await impose({}), 'mode'],
      [await post(`${path}/change`, { until: UNTIL, reason: 'r' }), 'until'],
      [await post('/v1/integrations/isv_alone/deactivate', { reason: 'r' }), 'integrationId'],
      [await post('/v1/integrations/isv_alone/reactivate', { reason: 'r' }), 'integrationId'],
    ] as const;
    for (const [{ status, body }, field] of refused) {
      expect([status, body.type, body.errors[0].field]).toEqual([
        409,
        'urn:taxameter:problem:second-person-needed',
        field,
      ]);
    }
    const earlier = { until: '2026-10-05T09:00:00Z', reason: 'kortere' };
    expect((await post(`${path}/change`, earlier)).status).toBe(200);
    expect((await post(`${path}/lift`, { reason: 'rettet' })).status).toBe(200);
  });

  it('a block that was asked for binds nobody until another person approves it, and then says who wanted it', async () => {
    await integration('isv_ask');
    const { status, body: asked } = await ask('isv_ask', { kind: 'restriction', restriction: terms() });
    expect([status, asked.state, asked.version]).toEqual([201, 'pending', 1]);
    expect((await restriction(asked.restrictionId)).status).toBe(404);
    expect(await factsOf(rooms, 'isv_ask')).toHaveLength(1);
    const self = await post(`/v1/approvals/${asked.approvalId}/approve`, { reason: 'selv' });
    expect([self.status, self.body.type]).toEqual([409, 'urn:taxameter:problem:same-person']);
    const waiting = await rooms.call('ops', 'GET', '/v1/approvals?state=pending&integrationId=isv_ask');
    expect(waiting.body.items).toMatchObject([
      { approvalId: asked.approvalId, expiresAt: expect.any(String) },
    ]);
    const approved = await second(asked.approvalId, 'approve', { version: 1 });
    expect(approved.body).toMatchObject({ state: 'approved', version: 2, decisionReason: 'set efter' });
    expect((await restriction(asked.restrictionId)).body).toMatchObject({
      imposedBy: asked.askedBy,
      approvalId: asked.approvalId,
      from: NOW,
    });
    expect(approved.body.decidedBy).not.toBe(asked.askedBy);
    expect((await factsOf(rooms, 'isv_ask')).at(-1)).toMatchObject({
      data: { restrictions: [{ restrictionId: asked.restrictionId }] },
    });
    expect(JSON.stringify(await factsOf(rooms, 'isv_ask'))).not.toContain('apv_');
  });

  it('a temporary block holds at once for the hours that are set, and as long as was wanted when it is approved', async () => {
    await integration('isv_night');
    const request = { kind: 'restriction', restriction: terms({ until: UNTIL }), isTemporary: true };
    const { body: asked } = await ask('isv_night', request);
    expect((await restriction(asked.restrictionId)).body).toMatchObject({ from: NOW, until: FOUR_HOURS_ON });
    expect(asked.expiresAt).toBe(FOUR_HOURS_ON);
    expect((await second(asked.approvalId, 'approve')).status).toBe(200);
    expect((await restriction(asked.restrictionId)).body).toMatchObject({ until: UNTIL, ended: null });
  });

  it('a temporary block ends when it is declined, and its author cannot begin another', async () => {
    await integration('isv_no');
    const request = { kind: 'restriction', restriction: terms(), isTemporary: true };
    const { body: asked } = await ask('isv_no', request);
    const declined = await second(asked.approvalId, 'decline');
    expect(declined.body).toMatchObject({ state: 'declined' });
    expect((await restriction(asked.restrictionId)).body).toMatchObject({ ended: 'lifted', endedAt: NOW });
    const again = await ask('isv_no', request);
    expect([again.status, again.body.type, again.body.errors[0].field]).toEqual([
      409,
      'urn:taxameter:problem:temporary-block-used',
      'request.isTemporary',
    ]);
  });

  it('a temporary block that nobody approves ends by itself, and both are said once on the timeline', async () => {
    await integration('isv_silent');
    const request = { kind: 'restriction', restriction: terms(), isTemporary: true };
    const { body: asked } = await ask('isv_silent', request);
    const beside = await startBeside(rooms, '2026-10-05T13:00:00.000Z', SETTINGS);
    try {
      const deadline = Date.now() + 10_000;
      const ended = async () =>
        (await auditOf(rooms, `approval|${asked.approvalId}`)).length === 2 &&
        (await restriction(asked.restrictionId)).body.ended !== null;
      while (!(await ended()) && Date.now() < deadline) await new Promise((go) => setTimeout(go, 50));
      const late = await beside.call('admin', 'POST', `/v1/approvals/${asked.approvalId}/approve`, {
        body: { reason: 'for sent' },
      });
      expect([late.status, late.body.type]).toEqual([409, 'urn:taxameter:problem:approval-over']);
    } finally {
      await beside.stop();
    }
    const { body: timeline } = await rooms.call('ops', 'GET', '/v1/integrations/isv_silent/timeline');
    expect(timeline.items.map(({ action }: { action: string }) => action).sort()).toEqual([
      'approval_created',
      'approval_expired',
      'integration_created',
      'restriction_created',
      'restriction_expired',
    ]);
    const created = timeline.items.find(({ action }: { action: string }) => action === 'approval_created');
    expect(created).toMatchObject({
      reason: 'sløjfe om natten',
      actor: { role: 'ops' },
      text: {
        da:
          'En anden person er bedt om at godkende en begrænsning. Den gælder straks og ophører af sig selv, ' +
          'hvis ingen godkender den inden 5. oktober 2026 kl. 14.00.',
      },
    });
  });

  it('a deactivation and a reactivation are done when the second person approves', async () => {
    await integration('isv_off');
    const status = async () =>
      (await rooms.call('ops', 'GET', '/v1/integrations/isv_off')).body.status.at(-1).status;
    const { body: off } = await ask('isv_off', { kind: 'deactivation' });
    expect(await status()).toBe('active');
    await second(off.approvalId, 'approve');
    expect(await status()).toBe('deactivated');
    const { body: on } = await ask('isv_off', { kind: 'reactivation' });
    await second(on.approvalId, 'approve');
    expect(await status()).toBe('active');
    const { body: timeline } = await rooms.call('ops', 'GET', '/v1/integrations/isv_off/timeline');
    expect(timeline.items.map(({ action }: { action: string }) => action).reverse()).toEqual([
      'integration_created',
      'approval_created',
      'approval_approved',
      'integration_deactivated',
      'approval_created',
      'approval_approved',
      'integration_reactivated',
    ]);
  });

  it('a block lasts longer when the second person approves that, and not when it was lifted meanwhile', async () => {
    await integration('isv_longer');
    const soon = '2026-10-05T09:00:00.000Z';
    const { body: asked } = await ask('isv_longer', {
      kind: 'restriction',
      restriction: terms({ until: soon }),
    });
    await second(asked.approvalId, 'approve');
    const { restrictionId } = asked;
    const longer = () => ask('isv_longer', { kind: 'extension', restrictionId, until: UNTIL });
    const { body: first } = await longer();
    expect((await restriction(restrictionId)).body.until).toBe(soon);
    await second(first.approvalId, 'approve');
    expect((await restriction(restrictionId)).body).toMatchObject({
      until: UNTIL,
      approvalId: first.approvalId,
    });
    const { body: late } = await longer();
    await post(`/v1/restrictions/${restrictionId}/lift`, { reason: 'rettet' });
    const refused = await second(late.approvalId, 'approve');
    expect([refused.status, refused.body.type]).toEqual([409, 'urn:taxameter:problem:restriction-over']);
    const { body: waiting } = await rooms.call('ops', 'GET', `/v1/approvals/${late.approvalId}`);
    expect(waiting).toMatchObject({ state: 'pending', version: 1 });
  });

  it('what was to begin while it waited begins when it is approved', async () => {
    await integration('isv_waited');
    const from = '2026-10-05T09:00:00.000Z';
    const request = { kind: 'restriction', restriction: terms({ from }) };
    const { body: block } = await ask('isv_waited', request);
    const { body: off } = await ask('isv_waited', { kind: 'deactivation', from });
    const later = '2026-10-05T10:00:00.000Z';
    const beside = await startBeside(rooms, later, SETTINGS);
    try {
      for (const { approvalId } of [block, off]) {
        const path = `/v1/approvals/${approvalId}/approve`;
        const { status } = await beside.call('admin', 'POST', path, { body: { reason: 'set' } });
        expect(status).toBe(200);
      }
    } finally {
      await beside.stop();
    }
    expect((await restriction(block.restrictionId)).body.from).toBe(later);
    const { body } = await rooms.call('ops', 'GET', '/v1/integrations/isv_waited');
    expect(body.status.at(-1)).toMatchObject({ status: 'deactivated', from: later });
  });

  it('is refused by field and rule, and then nothing is done', async () => {
    await integration('isv_wrong');
    const wrong: [object, object, number, string][] = [
      [
        { kind: 'restriction', restriction: terms({ until: '2026-10-05T07:00:00Z' }) },
        {},
        422,
        'until-in-the-past',
      ],
      [
        { kind: 'restriction', restriction: terms({ scope: 'agreements', organizationIds: ['9'] }) },
        {},
        422,
        'unknown-agreement',
      ],
      [{ kind: 'extension', restrictionId: 'rst_nothing', until: null }, {}, 404, 'not-found'],
      [{ kind: 'deactivation' }, { version: 7 }, 409, 'stale-version'],
      [{ kind: 'deletion' }, {}, 400, 'invalid-input'],
    ];
    for (const [request, more, status, code] of wrong) {
      const { status: got, body } = await ask('isv_wrong', request, more);
      expect([got, body.type]).toEqual([status, `urn:taxameter:problem:${code}`]);
    }
    const { body: list } = await rooms.call('ops', 'GET', '/v1/approvals?integrationId=isv_wrong');
    expect(list.items).toEqual([]);
  });

  it('is refused when the life cycle has no such move, so that nobody approves what can never be done', async () => {
    const wanted = {
      ...{ integrationName: 'Lageret', purpose: 'Henter fakturaer.', email: 'a@b.dk' },
      scopes: [{ scope: 'dineropublicapi:read', why: 'læser fakturaer' }],
      expected: { callsPerDay: 10, smsPerMonth: 0 },
    };
    const { body: application } = await post('/v1/partners/par_a/applications', wanted);
    const path = `/v1/applications/${application.applicationId}`;
    await post(`${path}/accept`, { integrationId: 'isv_reviewed', version: 1 });
    const early = await ask('isv_reviewed', { kind: 'deactivation' });
    expect(early.body).toMatchObject({ status: 409, state: 'in-review', move: 'deactivate' });
    await post(`${path}/reject`, { note: 'nej' });
    const late = await ask('isv_reviewed', { kind: 'reactivation' });
    expect(late.body).toMatchObject({ status: 409, state: 'rejected', move: 'reinstate', allowed: [] });
  });

  it('two who decide at once decide once', async () => {
    await integration('isv_both');
    const { body: asked } = await ask('isv_both', { kind: 'deactivation' });
    const answers = await Promise.all([
      second(asked.approvalId, 'approve', { version: 1 }),
      second(asked.approvalId, 'decline', { version: 1 }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  it('a partner sees neither what is asked for nor that something is', async () => {
    await integration('isv_hidden');
    await ask('isv_hidden', { kind: 'deactivation' });
    const as = (path: string) => rooms.call('partner', 'GET', path, { partnerId: 'par_a' });
    expect((await as('/v1/approvals')).status).toBe(403);
    const { body: timeline } = await as('/v1/integrations/isv_hidden/timeline');
    expect(timeline.items.map(({ action }: { action: string }) => action)).toEqual(['integration_created']);
    const seen = await rooms.databases.get('partners')!.transaction(async (tx) => {
      await tx.query("select set_config('taxameter.partner', 'par_a', true)");
      return tx.query<{ subjects: number; approvals: number }[]>(
        `select (select count(*) from audit_entry where subject like 'approval|%') as subjects,
                (select count(*) from approval) as approvals`,
      );
    });
    expect(seen).toEqual([{ subjects: 0, approvals: 0 }]);
  });
});
