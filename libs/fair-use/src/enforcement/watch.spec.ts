import type { ApiCall } from '@taxameter/contracts';
import { callAt } from '../signals/signals.testing.js';
import {
  binds,
  count,
  end,
  GRACE_MS,
  moveEnd,
  observe,
  SETTLING_MS,
  tally,
  watchesOf,
  type Observation,
  type Tally,
  type Watch,
} from './watch.js';

const FROM = Date.parse('2026-10-05T05:43:00.000Z');
const SINCE = FROM + GRACE_MS;

const watch: Watch = {
  restrictionId: 'rst_1',
  integrationId: 'isv_a',
  organizationIds: ['1', '2'],
  capability: 'all',
  sinceMs: SINCE,
  untilMs: FROM + 3_600_000,
};
const seen = (ms: number, data: Partial<ApiCall> = {}, appendedMs = ms + 50) => ({
  event: callAt(new Date(ms).toISOString(), { integrationId: 'isv_a', organizationId: '1', ...data }),
  time: new Date(ms),
  appendedAt: new Date(appendedMs),
});
const leaks = (...calls: ReturnType<typeof seen>[]) =>
  (tally(watch, calls)?.letThrough ?? []).reduce((sum, [, count]) => sum + count, 0);

describe('a block', () => {
  it('is watched from when gateways have had their time, and a throttle is not', () => {
    const terms = {
      organizationIds: [],
      capability: 'sms',
      until: null,
      scope: 'integration',
      limitPerMinute: null,
      reasonCode: 'load',
      clause: 'x',
      note: { da: 'x', en: 'x' },
      endCondition: { da: 'x', en: 'x' },
    } as const;
    const record = {
      integrationId: 'isv_a',
      version: 2,
      revision: 9,
      status: [],
      restrictions: [
        { ...terms, restrictionId: 'now', mode: 'block', from: '2026-10-05T05:43:00.000Z' },
        { ...terms, restrictionId: 'later', mode: 'block', from: '2026-10-05T07:43:00+02:00' },
        {
          ...terms,
          restrictionId: 'slow',
          mode: 'throttle',
          limitPerMinute: 5,
          from: '2026-10-05T05:43:00Z',
        },
      ],
    } as const;
    const publishedAt = new Date('2026-10-05T05:42:00.000Z');
    const found = watchesOf(structuredClone(record) as never, publishedAt);
    expect(found.map(({ restrictionId, sinceMs }) => [restrictionId, sinceMs])).toEqual([
      ['now', SINCE],
      ['later', SINCE],
    ]);
    const [late] = watchesOf(structuredClone(record) as never, new Date(FROM + 60_000));
    expect(late?.sinceMs).toBe(SINCE + 60_000);
  });

  it.each<[string, Partial<Watch>, Partial<ApiCall>, boolean]>([
    ['one of its agreements', {}, {}, true],
    ['another agreement', {}, { organizationId: '3' }, false],
    ['no agreement', {}, { organizationId: null }, false],
    [
      'no agreement when it binds the whole integration',
      { organizationIds: [] },
      { organizationId: null },
      true,
    ],
    ['another integration', {}, { integrationId: 'isv_b' }, false],
    ['a read when it binds reads', { capability: 'reads' }, { method: 'HEAD' }, true],
    ['a write when it binds reads', { capability: 'reads' }, { method: 'POST' }, false],
    ['a write when it binds writes', { capability: 'writes' }, { method: 'OPTIONS' }, true],
    ['its route', { capability: 'route:/v1/a' }, { route: '/v1/a' }, true],
    [
      'its route under other names of parameters',
      { capability: 'route:/v1/{id}/a' },
      { route: '/v1/{organizationId}/a' },
      true,
    ],
    ['another route', { capability: 'route:/v1/a' }, { route: '/v1/a/b' }, false],
    [
      'sending SMS when it binds SMS',
      { capability: 'sms' },
      { method: 'POST', route: '/v1/{organizationId}/sms/{voucherGuid}/send-sms' },
      true,
    ],
    [
      'checking an SMS when it binds SMS',
      { capability: 'sms' },
      { method: 'POST', route: '/v1/{organizationId}/sms/validate' },
      false,
    ],
  ])('is meant for %s: %j %j → %s', (_title, terms, data, expected) => {
    const { event } = seen(SINCE, data);
    expect(binds({ ...watch, ...terms }, event.data)).toBe(expected);
  });
});

describe('a leak', () => {
  it('is a call that began when gateways knew, and was not refused by us', () => {
    expect(leaks(seen(SINCE))).toBe(1);
    expect(leaks(seen(SINCE, { status: 500 }), seen(SINCE, { enforced: 'none' }))).toBe(2);
    expect(leaks(seen(SINCE, { enforced: 'block', status: 403 }))).toBe(0);
  });

  it('is none before that, after the end, or by the clock of a producer that runs ahead', () => {
    expect(leaks(seen(SINCE - 1, {}, SINCE + 60_000))).toBe(0);
    expect(leaks(seen(watch.untilMs!))).toBe(0);
    expect(leaks(seen(watch.untilMs! - 1))).toBe(1);
    expect(leaks(seen(SINCE + 60_000, {}, SINCE - 1))).toBe(0);
  });

  it('is told from what was refused, by the second in which it began', () => {
    const calls = [
      seen(FROM, { enforced: 'block' }),
      seen(SINCE + 1_009, { enforced: 'throttle' }),
      seen(SINCE + 5),
      seen(SINCE + 999),
      seen(SINCE + 1_020, { enforced: 'block' }),
    ];
    expect(tally(watch, calls)).toEqual({
      refused: 2,
      letThrough: [
        [SINCE / 1_000, 2],
        [SINCE / 1_000 + 1, 1],
      ],
      lastCallMs: SINCE + 1_020,
    });
    expect(tally(watch, [seen(SINCE, { integrationId: 'isv_b' })])).toBeNull();
  });
});

describe('an observation', () => {
  const none: Observation = {
    ...watch,
    version: 1,
    refused: 0,
    letThrough: 0,
    pending: [],
    firstLetThroughMs: null,
    lastLetThroughMs: null,
    lastCallMs: null,
    toldMinute: 0,
  };
  const at = (ms: number, data: Partial<ApiCall> = {}) => tally(watch, [seen(ms, data)])!;
  const refusedOne = at(SINCE, { enforced: 'block' });
  const MINUTE = SINCE + 60_000;

  it('is told once a minute of the log', () => {
    const first = observe(none, refusedOne, SINCE);
    expect([first.version, first.refused]).toEqual([2, 1]);
    const same = observe(first, refusedOne, SINCE + 1);
    expect([same.version, same.refused]).toEqual([2, 2]);
    expect(observe(same, refusedOne, MINUTE).version).toBe(3);
  });

  it('counts a call as let through when a lift would be known by now, and tells the first one at once', () => {
    const told = observe(none, refusedOne, SINCE);
    const waiting = observe(told, at(SINCE + 5), SINCE + 50);
    expect([waiting.version, waiting.letThrough]).toEqual([2, 0]);
    expect(count(waiting, SINCE + SETTLING_MS + 999, SETTLING_MS)).toBe(waiting);
    const alarm = count(waiting, SINCE + SETTLING_MS + 1_000, SETTLING_MS);
    expect(alarm).toMatchObject({ version: 3, letThrough: 1, firstLetThroughMs: SINCE, pending: [] });
  });

  it('is told once a minute while a block leaks, with each call that has waited', () => {
    const alarm = count(observe(none, at(SINCE), SINCE), SINCE + 11_000, SETTLING_MS);
    const later = observe(alarm, at(SINCE + 11_000), SINCE + 11_050);
    expect(count(later, SINCE + 20_000, SETTLING_MS)).toBe(later);
    const next = observe(later, at(SINCE + 59_000), MINUTE + 2_000);
    expect(next.version).toBe(alarm.version);
    const told = count(next, MINUTE + 2_000, SETTLING_MS);
    expect(told).toMatchObject({
      version: alarm.version + 1,
      letThrough: 2,
      lastLetThroughMs: SINCE + 11_000,
    });
    expect(told.pending).toEqual([[(SINCE + 59_000) / 1_000, 1]]);
  });

  it('of a block that is to end earlier does not wait for the calls after that', () => {
    const waiting = observe(none, at(SINCE + 9_000), SINCE + 9_050);
    expect(moveEnd(waiting, SINCE + 9_000)).toMatchObject({ untilMs: SINCE + 9_000, pending: [] });
    expect(moveEnd(waiting, null).pending).toHaveLength(1);
  });

  it('of a block that was lifted counts what came before, and not what was allowed again', () => {
    const lifted = SINCE + 5_300;
    const before = observe(none, at(SINCE + 1_000), SINCE + 1_050);
    const after = observe(before, at(lifted + 200), lifted + 250);
    expect(end(after, lifted)).toMatchObject({ letThrough: 1, pending: [], untilMs: lifted });
  });

  it('is the same in whichever order batches come', () => {
    const [one, other] = [at(SINCE + 5), at(SINCE + 9_000)];
    const counted = (first: Tally, second: Tally) => {
      const {
        version: _1,
        toldMinute: _2,
        ...rest
      } = count(observe(observe(none, first, MINUTE), second, MINUTE), MINUTE, SETTLING_MS);
      return rest;
    };
    expect(counted(one, other)).toEqual(counted(other, one));
    expect(counted(one, other).letThrough).toBe(2);
  });
});
