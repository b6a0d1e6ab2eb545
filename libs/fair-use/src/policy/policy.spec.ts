import { SEVERITIES } from '@taxameter/contracts';
import { defaultPolicy } from './default-policy.js';
import { filterableRoute, type Thresholds } from './policy.js';

describe('the catalogue of filterable routes', () => {
  it.each([
    '/v1/{organizationId}/contacts',
    '/v1.1/{organizationId}/contacts',
    '/v2/{org}/contacts',
    '/v1/{organizationId}/contacts/',
  ])('finds the contacts in %s, whatever the version and the name in braces', (route) => {
    expect(filterableRoute(defaultPolicy, route)?.filter).toBe('changesSince');
  });

  it('names the filter that OpenStack Compute has', () => {
    expect(filterableRoute(defaultPolicy, '/v2/{tenant}/servers/detail')?.filter).toBe('changes-since');
    expect(filterableRoute(defaultPolicy, '/v2.1/servers/detail')?.filter).toBe('changes-since');
  });

  it.each([
    '/v1/{organizationId}/accounts/entry',
    '/v1/{organizationId}/contacts/{guid}',
    '/v1/{organizationId}/contacts/notes',
    '/vault/{organizationId}/contacts',
    '/v1/contacts',
    '/',
  ])('does not take %s for a list it knows', (route) => {
    expect(filterableRoute(defaultPolicy, route)).toBeNull();
  });

  it('answers the same when it is asked again, and each policy for itself', () => {
    for (const route of ['/v1/{organizationId}/contacts', '/v1/{organizationId}/accounts']) {
      expect(filterableRoute(defaultPolicy, route)).toEqual(filterableRoute(defaultPolicy, route));
    }
    const without = { ...defaultPolicy, filterableRoutes: [] };
    expect(filterableRoute(without, '/v1/{organizationId}/contacts')).toBeNull();
  });
});

describe('the default policy', () => {
  it('asks for more at each severity than at the one before', () => {
    const { RATE_MINUTE, BURST, WRITE_RATE, SERVER_TIME } = defaultPolicy.rules;
    const { ERROR_RATIO_4XX, THROTTLED_RATIO, POLLING_UNFILTERED, POLLING_TOO_OFTEN } = defaultPolicy.rules;
    const each = <Threshold>(thresholds: Thresholds<Threshold>) =>
      SEVERITIES.map((severity) => thresholds[severity]);
    expect(each(RATE_MINUTE.thresholds).map((one) => one?.calls)).toEqual([50, 70, 90, 100]);
    expect(each(BURST.thresholds).map((one) => one?.calls)).toEqual([undefined, 25, 50, 80]);
    expect(each(WRITE_RATE.thresholds).map((one) => one?.calls)).toEqual([undefined, 41, 61, 81]);
    expect(each(SERVER_TIME.thresholds).map((one) => one?.serverTimeMs)).toEqual([
      60_000,
      undefined,
      undefined,
      undefined,
    ]);
    expect(each(ERROR_RATIO_4XX.thresholds)).toEqual([5, 15, 35, 70]);
    expect(each(THROTTLED_RATIO.thresholds)).toEqual([0, 2, 10, 30]);
    expect(each(POLLING_UNFILTERED.thresholds)).toEqual([4, 12, 60, 300]);
    expect(each(POLLING_TOO_OFTEN.thresholds)).toEqual([30, 60, 240, undefined]);
    const { SCOPE_MISMATCH, STALE_CHANGES_SINCE, AUTH_FAILURES, SMS_INVALID, RATE_INTEGRATION } =
      defaultPolicy.rules;
    expect(each(SCOPE_MISMATCH.thresholds)).toEqual([5, 50, undefined, undefined]);
    expect(each(STALE_CHANGES_SINCE.thresholds)).toEqual([10, undefined, undefined, undefined]);
    expect(each(AUTH_FAILURES.thresholds)).toEqual([25, 75, 200, 1000]);
    expect(each(SMS_INVALID.thresholds)).toEqual([undefined, 10, 30, undefined]);
    expect(each(RATE_INTEGRATION.thresholds).map((one) => one?.percent)).toEqual([60, 80, 100, 150]);
  });
});
