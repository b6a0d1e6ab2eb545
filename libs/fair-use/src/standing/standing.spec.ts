import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { callsInMinute, fairUseRoom, fiveMinutes, NOW, ownedBy, send } from '../fair-use.testing.js';
import { subjectOfRow, judgeHistory } from '../back-test/judge-history.js';
import { policiesUnder } from '../back-test/policies-under.service.js';
import type { AnyRow } from '../evaluation/judge.js';
import { defaultPolicy } from '../policy/default-policy.js';
import { documentOf } from '../policy/policy-document.js';
import { NOTHING_AROUND } from '../rules/around.js';
import { RULES } from '../rules/registry.js';
import { columnsOf, SIGNAL_TABLES } from '../signals/tables.js';
import { askingAt, LEAST_SHARE } from './asking.js';
import { shareOf } from './standing.js';
import { callAt, CONTACTS } from '../signals/signals.testing.js';

let rooms: TestRooms;
beforeAll(async () => {
  rooms = await startTestRooms([fairUseRoom], { now: NOW });
});
afterAll(async () => {
  await rooms?.stop();
});

const standing = async (integrationId: string, partnerId?: string) =>
  rooms.call(partnerId ? 'partner' : 'ops', 'GET', `/v1/integrations/${integrationId}/standing`, {
    ...(partnerId && { partnerId }),
  });

async function ruleOf(integrationId: string, ruleId: string) {
  const { status, body } = await standing(integrationId);
  expect([status, body.complete]).toEqual([200, true]);
  return body.rules.find((rule: { ruleId: string }) => rule.ruleId === ruleId);
}

describe('the standing of an integration', () => {
  it('is the highest value of a day as a share of the mildest limit, with what it was measured on', async () => {
    await send(rooms, [
      ...fiveMinutes('isv_near', '2026-10-03T06:00:00Z', 31),
      ...fiveMinutes('isv_near', '2026-10-03T09:00:00Z', 20),
      ...fiveMinutes('isv_near', '2026-10-05T06:00:00Z', 12),
    ]);
    const rule = await ruleOf('isv_near', 'RATE_MINUTE');
    expect(rule).toMatchObject({
      measured: true,
      worst: {
        ...{ day: '2026-10-03', share: 0.62, value: 31, limit: 50, unit: 'calls per minute' },
        ...{ organizationId: '148383', route: null, at: '2026-10-03T06:05:00.000Z' },
        valueText: { da: '31 kald pr. minut', en: '31 calls per minute' },
      },
      today: { day: '2026-10-05', share: 0.24 },
    });
    expect(rule.days).toHaveLength(30);
    expect(rule.days.slice(-3)).toEqual([
      { day: '2026-10-03', share: 0.62 },
      { day: '2026-10-04', share: null },
      { day: '2026-10-05', share: 0.24 },
    ]);
  });

  it('passes 1 where there is a case, and says by how much', async () => {
    await send(rooms, fiveMinutes('isv_over', '2026-10-05T06:00:00Z', 120));
    const { worst } = await ruleOf('isv_over', 'RATE_MINUTE');
    expect(worst).toMatchObject({ share: 2.4, value: 120, limit: 50 });
  });

  it('belongs to the day by which people call it: half past midnight in Denmark is not yesterday', async () => {
    await send(rooms, fiveMinutes('isv_night', '2026-10-03T22:30:00Z', 25));
    expect((await ruleOf('isv_night', 'RATE_MINUTE')).worst).toMatchObject({ day: '2026-10-04', share: 0.5 });
  });

  it('counts calls that come later, also of a day that was looked at before', async () => {
    await send(rooms, fiveMinutes('isv_late', '2026-10-02T06:00:00Z', 20));
    expect((await ruleOf('isv_late', 'RATE_MINUTE')).worst.share).toBe(0.4);
    await send(rooms, fiveMinutes('isv_late', '2026-10-02T06:00:30Z', 20));
    expect((await ruleOf('isv_late', 'RATE_MINUTE')).worst.share).toBeGreaterThan(0.4);
  });

  it('is the same when it is read from what was kept', async () => {
    const first = await standing('isv_near');
    const kept = await rooms.databases
      .get('fair-use')!
      .query("select count(*)::integer as days from standing_day where integration_id = 'isv_near'");
    expect(kept).toEqual([{ days: 30 }]);
    expect((await standing('isv_near')).body).toEqual(first.body);
  });

  it('names the route, and the limit that grows with the agreements in use', async () => {
    const refused = Array.from({ length: 7 }, (_, index) =>
      callAt(`2026-10-05T05:0${index}:00Z`, { integrationId: 'isv_keys', status: 401 }),
    );
    const agreements = Array.from({ length: 20 }, (_, index) =>
      callAt('2026-10-05T05:00:00Z', { integrationId: 'isv_keys', organizationId: `o${index}` }),
    );
    const fetches = ['10', '20'].map((minute) =>
      callAt(`2026-10-05T05:${minute}:00Z`, {
        integrationId: 'isv_keys',
        operation: 'list',
        route: CONTACTS,
      }),
    );
    await send(rooms, [...refused, ...agreements, ...fetches]);
    const { worst } = await ruleOf('isv_keys', 'AUTH_FAILURES');
    // 25 are for ten agreements, and twenty were in use by then.
    expect(worst).toMatchObject({ value: 6, limit: 50, share: 0.12, organizationId: null });
    const polling = await ruleOf('isv_keys', 'POLLING_UNFILTERED');
    expect(polling.worst).toMatchObject({ value: 2, limit: 4, share: 0.5, route: CONTACTS });
  });

  it('is what the rules say when every minute is asked', async () => {
    // A fixed sequence that looks like chance.
    let seed = 7;
    const chance = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const calls = Array.from({ length: 1_500 }, (_, index) => {
      const minute = chance(90);
      const operation = (['list', 'item', 'item', 'action'] as const)[chance(4)]!;
      return {
        ...callAt(
          new Date(Date.parse('2026-10-05T05:30:00Z') + minute * 60_000 + chance(60) * 1000).toISOString(),
          {
            ...{ integrationId: 'isv_chance', organizationId: `o${chance(3)}`, operation },
            route: operation === 'item' ? `${CONTACTS}/{guid}` : CONTACTS,
            method: operation === 'action' ? 'POST' : 'GET',
            status: [200, 200, 200, 404, 429, 403][chance(6)]!,
            durationMs: chance(40_000),
            resourceHash: String(chance(9)).padStart(16, '0'),
            responseHash: String(chance(2)).padStart(16, '0'),
            queryHash: '0'.repeat(16),
          },
        ),
        id: `chance-${index}`,
      };
    });
    await send(rooms, calls);
    const { body } = await standing('isv_chance');
    expect(body.complete).toBe(true);
    const shares = new Map<string, number>(
      body.rules.map((rule: { ruleId: string; worst: { share: number } | null }) => [
        rule.ruleId,
        rule.worst?.share ?? 0,
      ]),
    );
    const policies = policiesUnder(documentOf(defaultPolicy));
    const database = rooms.databases.get('fair-use')!;
    const measured: string[] = [];
    for (const rule of RULES.filter((one) => !one.limitAround)) {
      const rows: AnyRow[] = await database.query(
        `select ${columnsOf(rule.signals)} from ${SIGNAL_TABLES[rule.signals].name} where integration_id = 'isv_chance'`,
      );
      const subjects = new Map(rows.map((row) => [JSON.stringify(subjectOfRow(rule, row)), row]));
      const all = [...subjects].flatMap(([key, row]) =>
        judgeHistory(
          rule,
          subjectOfRow(rule, row),
          {
            rows: rows.filter((other) => JSON.stringify(subjectOfRow(rule, other)) === key),
            spans: [{ from: 0, to: 1e9 }],
            around: () => NOTHING_AROUND,
          },
          askingAt(policies, LEAST_SHARE),
        ),
      );
      const nearest = Math.max(
        0,
        ...all.map(({ verdict }) =>
          shareOf(verdict.value, Math.round((verdict.threshold / LEAST_SHARE) * 100) / 100),
        ),
      );
      expect([rule.id, shares.get(rule.id)]).toEqual([rule.id, nearest]);
      if (nearest > 0) measured.push(rule.id);
    }
    expect(measured.length).toBeGreaterThan(9);
  });

  it('says of a rule without a figure below its limit that it has none, and nothing of a rule in shadow', async () => {
    expect(await ruleOf('isv_near', 'SMS_SPIKE')).toMatchObject({
      measured: false,
      worst: null,
      today: null,
    });
    expect(await ruleOf('isv_near', 'RATE_INTEGRATION')).toBeUndefined();
    expect(await ruleOf('isv_near', 'WRITE_RATE')).toMatchObject({ measured: true, worst: null });
  });

  it('looks at the 20 busiest agreements of a day, and says that it left some out', async () => {
    const many = Array.from({ length: 21 }, (_, index) =>
      callsInMinute('isv_many', '2026-10-05T06:00:00Z', index + 1).map((call) => ({
        ...call,
        id: `${call.id}-${index}`,
        data: { ...call.data, organizationId: `o${index}` },
      })),
    ).flat();
    await send(rooms, many);
    expect((await standing('isv_many')).body).toMatchObject({ truncated: true });
    expect((await standing('isv_near')).body).toMatchObject({ truncated: false });
  });

  it('is shown to ops and to the partner who owns the integration now, for the days since then', async () => {
    await send(rooms, [
      ...fiveMinutes('isv_sold', '2026-10-02T06:00:00Z', 40),
      ...fiveMinutes('isv_sold', '2026-10-04T06:00:00Z', 10),
    ]);
    await rooms.producer.append([
      ownedBy('isv_sold', [
        { partnerId: 'par_old', from: '2026-01-01T00:00:00Z' },
        { partnerId: 'par_new', from: '2026-10-03T10:00:00Z' },
      ]),
    ]);
    await rooms.settle();
    expect((await standing('isv_sold', 'par_old')).status).toBe(404);
    expect((await standing('isv_sold', 'par_other')).status).toBe(404);
    expect((await standing('isv_none')).status).toBe(404);
    const own = (await standing('isv_sold', 'par_new')).body;
    expect(own).toMatchObject({ from: '2026-10-04', through: '2026-10-05' });
    expect(own.rules[0]).toMatchObject({ ruleId: 'RATE_MINUTE', worst: { share: 0.2 } });
    expect((await rooms.call('finance', 'GET', '/v1/integrations/isv_sold/standing')).status).toBe(403);
  });
});
