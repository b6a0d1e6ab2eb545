import { canonicalJson } from './canonical-json.js';
import {
  buildEvidence,
  dueMinute,
  hoursOf,
  spanOf,
  type Counted,
  type Proof,
  type RouteCounted,
} from './evidence.js';
import { forPartner } from './show-evidence.js';
import { minuteOf } from '../signals/minute.js';

const proof: Proof = {
  ruleId: 'RATE_MINUTE',
  scope: { integrationId: 'isv_eksempel', organizationId: '148383', route: null },
  severity: 'warning',
  policyVersion: 3,
  observed: {
    ...{ value: 75, unit: 'calls per minute' },
    ...{ windowStart: '2026-10-05T06:50:00.000Z', windowEnd: '2026-10-05T07:05:00.000Z' },
  },
  threshold: 70,
  evidence: [],
};
const NOTHING = { calls: 0, serverTimeMs: 0 };
const EMPTY = { platform: NOTHING, durations: [], integration: NOTHING, subject: NOTHING };
const counted: Counted = {
  ...{ of: 'calls', grainMinutes: 1, series: new Map(), before: EMPTY, during: EMPTY, routes: [] },
};
const routeOf = (route: string, calls: number): RouteCounted => ({
  ...{ method: 'GET', route, calls, serverTimeMs: calls * 10, eventIds: [`${route}-1`] },
  ...{ successes: calls, redirects: 0, refusals: 1, failures: 0, aborted: 0, restricted: 0 },
});

describe('the time that evidence is about', () => {
  it('is the window and the hour before it, by minutes', () => {
    expect(spanOf(proof, 1)).toEqual({
      from: minuteOf('2026-10-05T05:50:00Z'),
      window: minuteOf('2026-10-05T06:50:00Z'),
      to: minuteOf('2026-10-05T07:05:00Z'),
    });
  });

  it('is as long before a window of hours as the window itself', () => {
    const windowStart = '2026-10-04T07:00:00.000Z';
    const windowEnd = '2026-10-05T07:00:00.000Z';
    const { from } = spanOf({ observed: { ...proof.observed, windowStart, windowEnd } }, 60);
    expect(from).toBe(minuteOf('2026-10-03T07:00:00Z'));
  });

  it('has the hours that the window touches, and not the one that begins where it ends', () => {
    const end = (windowEnd: string) => ({ observed: { ...proof.observed, windowEnd } });
    const hours = (windowEnd: string) => hoursOf(spanOf(end(windowEnd), 1)).length;
    expect([hours('2026-10-05T07:00:00.000Z'), hours('2026-10-05T07:01:00.000Z')]).toEqual([1, 2]);
    expect(dueMinute(end('2026-10-05T07:00:00.000Z'))).toBe(minuteOf('2026-10-05T06:59:00Z'));
    expect(dueMinute(end('2026-10-05T07:01:00.000Z'))).toBe(minuteOf('2026-10-05T07:59:00Z'));
  });
});

describe('evidence', () => {
  it('has a value for each minute, also for those without calls, and none of the minute in which it ends', () => {
    const series = new Map([
      [minuteOf('2026-10-05T05:50:00Z'), 3],
      [minuteOf('2026-10-05T07:04:00Z'), 75],
      [minuteOf('2026-10-05T07:05:00Z'), 99],
    ]);
    const { values } = buildEvidence(proof, { ...counted, series }).series;
    expect([values.length, values[0], values[1], values.at(-1)]).toEqual([75, 3, 0, 75]);
  });

  it('has a value for each hour of a rule of hours', () => {
    const observed = {
      ...proof.observed,
      windowStart: '2026-10-04T07:00:00.000Z',
      windowEnd: '2026-10-05T07:00:00.000Z',
    };
    const series = new Map([[minuteOf('2026-10-05T06:59:00Z'), 900]]);
    const { values } = buildEvidence({ ...proof, observed }, { ...counted, grainMinutes: 60, series }).series;
    expect([values.length, values.at(-1), values.at(-2)]).toEqual([48, 900, 0]);
  });

  it('knows no share and no p95 of a platform that had no calls', () => {
    expect(buildEvidence(proof, counted).harm.before).toMatchObject({
      platform: { calls: 0, p95Ms: null },
      subject: { shareOfCalls: null, shareOfServerTime: null },
    });
  });

  it('says which part of the calls and of the server time was the integration’s, and how long calls took', () => {
    const during = {
      platform: { calls: 400, serverTimeMs: 10_000 },
      durations: [0, 0, 380, 0, 20],
      integration: { calls: 100, serverTimeMs: 5_000 },
      subject: { calls: 50, serverTimeMs: 1_000 },
    };
    expect(buildEvidence(proof, { ...counted, during }).harm.during).toMatchObject({
      platform: { p95Ms: 2 },
      integration: { shareOfCalls: 0.25, shareOfServerTime: 0.5 },
      subject: { shareOfCalls: 0.125, shareOfServerTime: 0.1 },
    });
  });

  it('names ten routes, most calls first, and that of the case wherever it stands', () => {
    const routes = Array.from({ length: 14 }, (_, index) => routeOf(`/v1/${index}`, 100 - index));
    const scope = { ...proof.scope, route: '/v1/13' };
    const { answers } = buildEvidence({ ...proof, scope }, { ...counted, routes: routes.toReversed() });
    expect(answers.routes.map(({ route }) => route)).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13].map((index) => `/v1/${index}`),
    );
    expect(answers.statuses).toMatchObject({ refusals: 14, aborted: 0 });
  });

  it('has the routes in the same order in whatever order they were read', () => {
    const routes = [routeOf('/v1/b', 1), routeOf('/v1/a', 1)];
    const text = (read: RouteCounted[]) => canonicalJson(buildEvidence(proof, { ...counted, routes: read }));
    expect(text(routes)).toBe(text(routes.toReversed()));
  });

  it('shows a partner no totals of the platform, and shares from which none follow', () => {
    const load = { calls: 1_000_003, serverTimeMs: 9_999_991 };
    const own = { calls: 123_456, serverTimeMs: 100_000 };
    const during = { platform: load, durations: [1], integration: own, subject: own };
    const shown = forPartner(buildEvidence(proof, { ...counted, during }));
    expect(shown.harm.during.platform).toEqual({ p95Ms: 1 });
    expect(shown.harm.during.subject).toEqual({ ...own, shareOfCalls: 0.12, shareOfServerTime: 0.01 });
    expect(shown.harm.before.subject.shareOfCalls).toBeNull();
  });
});

describe('canonical JSON', () => {
  it('orders names by code units at every depth and leaves lists as they are', () => {
    expect(canonicalJson({ b: [3, { z: null, å: 'é"\n', a: 1e21 }], B: 0.1, '': true })).toBe(
      '{"":true,"B":0.1,"b":[3,{"a":1e+21,"z":null,"å":"é\\"\\n"}]}',
    );
  });

  it('refuses what JSON does not have', () => {
    expect(() => canonicalJson({ a: Number.NaN })).toThrow(TypeError);
    expect(() => canonicalJson([undefined])).toThrow(TypeError);
  });
});
