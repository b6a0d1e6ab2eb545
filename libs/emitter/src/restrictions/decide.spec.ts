import { restriction, statusOf } from '../emitter.testing.js';
import { decide } from './decide.js';
import type { CallToJudge, Restriction } from './decide.js';
import { MinuteBuckets } from './minute-buckets.js';

const NOW = Date.parse('2026-10-05T08:00:10.000Z');
const CALL: CallToJudge = {
  integrationId: 'isv_a',
  organizationId: '1',
  method: 'GET',
  route: '/v1/{organizationId}/contacts',
  path: '/v1/1/contacts',
  isSms: false,
};
const verdict = (restrictions: Restriction[], call: Partial<CallToJudge> = {}, nowMs = NOW) =>
  decide(statusOf(restrictions), { ...CALL, ...call }, nowMs).kind;

describe('a call', () => {
  it('passes when the feed does not name its integration, or names nothing that binds', () => {
    expect(decide(undefined, CALL, NOW)).toEqual({ kind: 'pass', limits: [] });
    expect(decide(statusOf([]), CALL, NOW)).toEqual({ kind: 'pass', limits: [] });
  });

  it('is bound on the restricted agreements only', () => {
    const only = restriction({ scope: 'agreements', organizationIds: ['1', '2'] });
    expect(verdict([only])).toBe('blocked');
    expect(verdict([only], { organizationId: '3' })).toBe('pass');
    expect(verdict([only], { organizationId: null })).toBe('pass');
  });

  it('is bound from the first instant of a restriction up to its last, by the gateway’s clock', () => {
    const hour = restriction({ from: '2026-10-05T08:00:10.000Z', until: '2026-10-05T09:00:00.000Z' });
    expect(verdict([hour], {}, NOW - 1)).toBe('pass');
    expect(verdict([hour])).toBe('blocked');
    expect(verdict([hour], {}, Date.parse('2026-10-05T08:59:59.999Z'))).toBe('blocked');
    expect(verdict([hour], {}, Date.parse('2026-10-05T09:00:00.000Z'))).toBe('pass');
  });

  it.each([
    ['reads', { method: 'GET' }, { method: 'POST' }],
    ['reads', { method: 'HEAD' }, { method: 'OPTIONS' }],
    ['writes', { method: 'DELETE' }, { method: 'GET' }],
    ['sms', { isSms: true }, { isSms: false }],
    ['route:/v1/{id}/contacts', {}, { route: '/v1/{organizationId}/invoices' }],
    ['route:/v1/{id}/contacts', { route: null }, { route: null, path: '/v1/1/contacts/7' }],
    ['route:/v1/{id}/contacts', {}, { route: '/v1/{organizationId}/{id}' }],
  ])('is bound by %s when it is %j, and not when it is %j', (capability, bound, free) => {
    expect(verdict([restriction({ capability })], bound)).toBe('blocked');
    expect(verdict([restriction({ capability })], free)).toBe('pass');
  });

  it.each(['/V1/1/Contacts', '/v1/1/contacts/', '//v1/1/CONTACTS'])(
    'is bound by the block of a route on the path %s while its route is not known',
    (path) => {
      const block = restriction({ capability: 'route:/v1/{id}/contacts' });
      expect(verdict([block], { route: null, path })).toBe('blocked');
    },
  );

  it('is refused whole when its integration is deactivated, from the instant on', () => {
    const at = (nowMs: number) =>
      decide(
        statusOf([], {
          status: [
            { status: 'deactivated', from: '2026-10-05T08:00:10.000Z' },
            { status: 'active', from: '2026-10-06T00:00:00.000Z' },
            { status: 'active', from: '2026-01-01T00:00:00.000Z' },
          ],
        }),
        CALL,
        nowMs,
      ).kind;
    expect([at(NOW - 1), at(NOW), at(NOW + 86_400_000)]).toEqual(['pass', 'deactivated', 'pass']);
  });

  it('is refused by a block although a throttle would let it through', () => {
    const throttle = restriction({ mode: 'throttle', limitPerMinute: 100 });
    expect(verdict([throttle, restriction()])).toBe('blocked');
  });
});

describe('a throttle', () => {
  const limitsOf = (given: Partial<Restriction>, organizationId = '1') => {
    const found = decide(
      statusOf([restriction({ mode: 'throttle', ...given })]),
      { ...CALL, organizationId },
      NOW,
    );
    return found.kind === 'pass' ? found.limits : [];
  };

  it('lets its calls through up to the limit, and again from the next minute of UTC on', () => {
    const buckets = new MinuteBuckets();
    const limits = limitsOf({ limitPerMinute: 2 });
    const take = (nowMs: number) => buckets.take(limits, nowMs);
    expect(take(NOW)).toMatchObject({
      isLetThrough: true,
      allowances: [{ quota: 2, left: 1 }],
      secondsLeft: 50,
    });
    expect(take(NOW + 1)).toMatchObject({ isLetThrough: true, allowances: [{ left: 0 }] });
    expect(take(NOW + 49_999)).toMatchObject({ isLetThrough: false, secondsLeft: 1 });
    expect(take(NOW + 50_000)).toMatchObject({ isLetThrough: true });
  });

  it('counts each agreement by itself where it binds agreements, else all together', () => {
    const passes = (given: Partial<Restriction>) => {
      const buckets = new MinuteBuckets();
      return ['1', '1', '2', '2'].map(
        (id) => buckets.take(limitsOf({ limitPerMinute: 1, ...given }, id), NOW).isLetThrough,
      );
    };
    expect(passes({ scope: 'agreements', organizationIds: ['1', '2'] })).toEqual([true, false, true, false]);
    expect(passes({})).toEqual([true, false, false, false]);
  });

  it('that is not used up loses nothing to a call that another refuses', () => {
    const buckets = new MinuteBuckets();
    const [wide] = limitsOf({ limitPerMinute: 10 });
    const [narrow] = limitsOf({ restrictionId: 'rst_2', limitPerMinute: 1 });
    for (const _ of [1, 2, 3]) buckets.take([wide!, narrow!], NOW);
    expect(buckets.take([wide!], NOW).allowances[0]!.left).toBe(8);
  });

  it('lets each process have its share, and at least one call', () => {
    const quota = (share: number, limitPerMinute: number) =>
      new MinuteBuckets(share).take(limitsOf({ limitPerMinute }), NOW).allowances[0]!.quota;
    expect([quota(0.25, 100), quota(0.25, 1)]).toEqual([25, 1]);
  });
});
