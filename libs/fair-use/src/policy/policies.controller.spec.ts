import { setTimeout as sleep } from 'node:timers/promises';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { parse, stringify } from 'yaml';
import {
  casesOf,
  fairUseRoom,
  fiveMinutes,
  judged,
  NOW,
  ownedBy,
  recordsOf,
  send,
} from '../fair-use.testing.js';
import { defaultPolicy } from './default-policy.js';
import { documentOf, type PolicyDocument } from './policy-document.js';

let rooms: TestRooms;
/** Another process on the same database, an hour and a half later. */
let later: TestRooms;
beforeAll(async () => {
  rooms = await startTestRooms([fairUseRoom], { now: NOW });
  later = await startTestRooms([fairUseRoom], {
    now: '2026-10-05T09:30:00Z',
    databaseUrl: rooms.databaseUrl,
  });
});
afterAll(async () => {
  await later?.stop();
  await rooms?.stop();
});

type Role = 'ops' | 'admin';
const standard = documentOf(defaultPolicy);
const { rules } = standard;
const withRate = (calls: number): PolicyDocument => ({
  ...standard,
  rules: {
    ...rules,
    RATE_MINUTE: { mode: 'on', windowMinutes: 15, thresholds: { warning: { calls, minutes: 5 } } },
  },
});
const get = async (path: string) => (await rooms.call('ops', 'GET', path)).body;
const newest = async (): Promise<number> => (await get('/v1/policies')).items[0].version as number;
const decide = async (document: object, more: object = {}, role: Role = 'admin', on = rooms) =>
  on.call(role, 'POST', '/v1/policies', { body: { document, base: await newest(), why: 'a test', ...more } });
const versionsOf = async (integrationId: string) =>
  (await casesOf(rooms, integrationId)).map(({ ruleId, policyVersion }) => `${ruleId} ${policyVersion}`);

describe('the policy', () => {
  it('is there before anybody has decided one, for partners too, as JSON and YAML', async () => {
    const { version, state, document, effectiveFrom } = await get('/v1/policies/in-force');
    // No partner is measured in shadow.
    const { RATE_INTEGRATION: _, ...judgedByNow } = standard.rules;
    expect([version, state, effectiveFrom, document]).toEqual([3, 'in_force', null, standard]);
    for (const path of ['3.yaml', 'in-force?format=yaml', '3?format=yaml']) {
      const answer = await rooms.call('partner', 'GET', `/v1/policies/${path}`, { partnerId: 'par_x' });
      expect(answer.headers.get('content-type')).toBe('application/yaml; charset=utf-8');
      expect(parse(new TextDecoder().decode(answer.bytes))).toEqual({
        base: 3,
        ...standard,
        rules: judgedByNow,
      });
    }
    expect((await rooms.call('ops', 'GET', '/v1/policies/9')).status).toBe(404);
    expect((await rooms.call('ops', 'GET', '/v1/policies/newest')).status).toBe(400);
    expect((await rooms.call('ingest', 'GET', '/v1/policies')).status).toBe(403);
  });

  it('says what another one would change, and leaves everything as it is', async () => {
    const yaml = stringify({ base: 3, ...withRate(60) });
    const { status, body } = await rooms.call('ops', 'POST', '/v1/policies/diff', { body: { yaml } });
    expect([status, body.base, body.stale, body.sharper]).toEqual([200, 3, false, true]);
    expect(body.rules).toEqual([{ ruleId: 'RATE_MINUTE', direction: 'mixed' }]);
    expect(body.changes).toContainEqual({
      path: 'rules.RATE_MINUTE.thresholds.warning.calls',
      before: 70,
      after: 60,
      direction: 'sharper',
      text: {
        da: 'RATE_MINUTE, grænsen for warning, kald: 70 bliver 60 (strengere)',
        en: 'RATE_MINUTE, the threshold of warning, calls: 70 becomes 60 (sharper)',
      },
    });
    expect(body.effectiveForOps).toBe('2026-11-04T08:00:00.000Z');
    expect(await newest()).toBe(3);
  });

  it.each([
    ['a negative threshold', withRate(-1), 422, 'rules.RATE_MINUTE.thresholds.warning.calls'],
    ['no room for advice', withRate(2), 422, 'rules.RATE_MINUTE'],
    ['no text', 'a: [', 400, 'yaml'],
    ['a text without rules', 'a: 1', 422, 'rules'],
  ])('stays in force when another one has %s, with the path of it', async (_what, wrong, status, field) => {
    const text = typeof wrong === 'string' ? { yaml: wrong } : { document: wrong };
    for (const path of ['/v1/policies', '/v1/policies/diff']) {
      const why = path === '/v1/policies' ? { base: 3, why: 'a test' } : {};
      const answer = await rooms.call('admin', 'POST', path, { body: { ...text, ...why } });
      expect([answer.status, answer.body.errors[0].field]).toEqual([status, field]);
    }
    expect((await get('/v1/policies/in-force')).version).toBe(3);
  });

  it('is not decided without a base, from another version, for the past, or to change nothing', async () => {
    const refused = async (document: object, more: object, field?: string) => {
      const { status, body } = await decide(document, more);
      return field === undefined ? status : [status, body.errors[0].field];
    };
    expect(await refused(withRate(60), { base: undefined }, 'base')).toEqual([400, 'base']);
    expect(await refused(withRate(60), { base: 2 }, 'base')).toEqual([409, 'base']);
    const past = { effectiveFrom: '2026-10-05T07:59:59Z' };
    expect(await refused(withRate(60), past, 'effectiveFrom')).toEqual([422, 'effectiveFrom']);
    expect(await refused(standard, {})).toBe(409);
    expect(await refused(withRate(60), { yaml: 'a: 1' }, 'document')).toEqual([400, 'document']);
    expect((await rooms.call('finance', 'POST', '/v1/policies', { body: {} })).status).toBe(403);
    expect(await newest()).toBe(3);
  });

  it('is made sharper by ops a month ahead only, and milder at once', async () => {
    const refused = await decide(withRate(60), {}, 'ops');
    expect([refused.status, refused.body.type]).toEqual([403, 'urn:taxameter:problem:sharper-needs-notice']);
    expect(refused.body.effectiveForOps).toBe('2026-11-04T08:00:00.000Z');
    const planned = await decide(withRate(60), { effectiveFrom: '2026-11-04T08:00:00Z' }, 'ops');
    expect([planned.status, planned.body.version, planned.body.overtakes]).toEqual([201, 4, []]);
    expect((await get('/v1/policies/in-force')).version).toBe(3);
    const milder = await decide(withRate(75), {}, 'ops');
    expect([milder.status, milder.body.overtakes]).toEqual([201, [4]]);
    const { items } = await get('/v1/policies?limit=2');
    expect(items.map(({ version, state }: { version: number; state: string }) => [version, state])).toEqual([
      [5, 'in_force'],
      [4, 'overtaken'],
    ]);
    expect(items[0]).toMatchObject({
      why: 'a test',
      rules: [{ ruleId: 'RATE_MINUTE', direction: 'milder' }],
    });
    const rest = await get('/v1/policies?cursor=4');
    expect(rest).toMatchObject({ items: [{ version: 3, state: 'past', who: null }], nextCursor: null });
  });

  it('is decided once by a repeated command', async () => {
    const headers = { 'idempotency-key': 'policy-once' };
    const body = { document: withRate(76), base: await newest(), why: 'once' };
    const [first, again] = [
      await rooms.call('ops', 'POST', '/v1/policies', { body, headers }),
      await rooms.call('ops', 'POST', '/v1/policies', { body, headers }),
    ];
    expect([again.status, again.body]).toEqual([first.status, first.body]);
    expect(await newest()).toBe(first.body.version);
  });

  it('is one of two that are decided at once', async () => {
    const base = await newest();
    const answers = await Promise.all([77, 78, 79].map((calls) => decide(withRate(calls), { base })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  });

  it('judges the minutes after it began, in every process, and those before by what held then', async () => {
    const { body } = await decide(withRate(40), {}, 'admin', later);
    expect(body.effectiveFrom).toBe('2026-10-05T09:30:00.000Z');
    await send(later, fiveMinutes('isv_before', '2026-10-05T09:20:00Z', 50));
    await send(later, fiveMinutes('isv_after', '2026-10-05T09:30:00Z', 50));
    expect(await versionsOf('isv_before')).toEqual([]);
    expect(await versionsOf('isv_after')).toEqual([`RATE_MINUTE ${body.version}`]);
    const rule = (await later.call('partner', 'GET', '/v1/rules', { partnerId: 'par_x' })).body;
    expect([rule.policyVersion, rule.rules[0].thresholds]).toEqual([
      body.version,
      { warning: { calls: 40, minutes: 5 } },
    ]);
    // Minutes up to 9:34 have been judged: the next version begins after them, whatever the clock says.
    expect((await decide(withRate(41), {}, 'admin', later)).body.effectiveFrom).toBe(
      '2026-10-05T09:35:00.000Z',
    );
  });

  it('is not decided while a minute is being judged, nor is one judged while it is', async () => {
    const database = rooms.databases.get('fair-use')!;
    let isDecided = false;
    const judging = database.createQueryRunner();
    await judging.query('begin');
    await judging.query('select newest_policy_version()');
    const deciding = decide(withRate(44)).then((answer) => {
      isDecided = true;
      return answer;
    });
    await sleep(300);
    expect(isDecided).toBe(false);
    await judging.query('commit');
    expect((await deciding).status).toBe(201);

    await judging.query('begin');
    await judging.query('select pg_advisory_xact_lock(7340011, hashtext(current_schema()))');
    await rooms.producer.append(recordsOf(fiveMinutes('isv_waits', '2026-10-05T07:00:00Z', 100), 500));
    await sleep(600);
    const seen = async () =>
      (await database.query<unknown[]>(`select from breach where integration_id = 'isv_waits'`)).length;
    expect(await seen()).toBe(0);
    await judging.query('commit');
    await judging.release();
    await judged(rooms);
    expect(await seen()).toBe(1);
  });

  it('cannot be changed or deleted in its table', async () => {
    const database = rooms.databases.get('fair-use')!;
    await expect(database.query("update policy_version set why = ''")).rejects.toThrow(/permission denied/);
    await expect(database.query('delete from policy_version')).rejects.toThrow(/permission denied/);
  });
});

describe('what is agreed with integrations', () => {
  it('is shown to the partner that owns them, without others and without who agreed', async () => {
    await rooms.producer.append([
      ownedBy('isv_own', [{ partnerId: 'par_own', from: '2026-01-01T00:00:00Z' }]),
    ]);
    await rooms.settle();
    const by = { until: '2026-12-31T00:00:00Z', who: 'team-secret', why: 'secret-reason' };
    const of = (integrationId: string) => ({ integrationId, from: '2026-12-01T00:00:00Z', ...by });
    const override = (integrationId: string) => ({
      ...of(integrationId),
      ...{ rule: 'RATE_DAY', settings: { thresholds: { info: 90_000 } } },
    });
    const document = {
      ...withRate(80),
      rules: { ...withRate(80).rules, BURST: { ...rules.BURST, mode: 'shadow' } },
      plans: { 'large-ones': { integrations: ['isv_own', 'isv_other'], rules: { BURST: { mode: 'off' } } } },
      overrides: [override('isv_own'), override('isv_other')],
      suppressions: [of('isv_own'), of('isv_other')],
    };
    const { status, body: decided } = await decide(document, { why: 'secret-why' });
    expect(status).toBe(201);
    const seen = async (partnerId: string, path: string): Promise<string> => {
      const answer = await rooms.call('partner', 'GET', path, { partnerId });
      expect(answer.status).toBe(200);
      return new TextDecoder().decode(answer.bytes);
    };
    for (const path of [
      '/v1/policies',
      `/v1/policies/${decided.version}`,
      `/v1/policies/${decided.version}.yaml`,
    ]) {
      const own = await seen('par_own', path);
      expect(own).toContain('isv_own');
      expect(own).not.toMatch(/isv_other|secret|team-secret/);
      expect(await seen('par_none', path)).not.toMatch(/isv_|secret/);
    }
    const shown = JSON.parse(await seen('par_own', `/v1/policies/${decided.version}`)).document;
    expect(shown.overrides).toEqual([{ ...override('isv_own'), who: undefined, why: undefined }]);
    expect(Object.keys(shown.rules)).not.toContain('BURST');
    expect((await get(`/v1/policies/${decided.version}`)).document).toEqual(document);
  });
});
