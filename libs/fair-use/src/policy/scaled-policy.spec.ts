import { defaultPolicy } from './default-policy.js';
import { scaledPolicy } from './scaled-policy.js';

describe('a scaled policy', () => {
  it('has every limit at a share of itself, and asks for as many minutes as before', () => {
    const { rules } = scaledPolicy(defaultPolicy, 0.8);
    expect(rules.RATE_MINUTE.thresholds).toEqual({
      info: { calls: 40, minutes: 5 },
      warning: { calls: 56, minutes: 5 },
      error: { calls: 72, minutes: 5 },
      critical: { calls: 80, minutes: 10 },
    });
    expect(rules.POLLING_UNFILTERED.thresholds).toEqual({
      info: 3.2,
      warning: 9.6,
      error: 48,
      critical: 240,
    });
    expect(rules.ERROR_RATIO_4XX).toMatchObject({
      minCalls: 100,
      windowMinutes: 15,
      thresholds: { info: 4 },
    });
  });

  it('has no limit of any rule that stayed, but for zero', () => {
    const limits = (thresholds: object): number[] =>
      Object.entries(thresholds).flatMap(([name, value]) => {
        if (typeof value === 'object') return limits(value as object);
        return name === 'minutes' ? [] : [value as number];
      });
    for (const [id, { thresholds }] of Object.entries(scaledPolicy(defaultPolicy, 0.5).rules)) {
      const own = limits(defaultPolicy.rules[id as keyof typeof defaultPolicy.rules].thresholds);
      expect([id, limits(thresholds)]).toEqual([id, own.map((limit) => limit / 2)]);
    }
  });

  it('meets a share that a float would miss', () => {
    const policy = {
      ...defaultPolicy,
      rules: { ...defaultPolicy.rules, POLLING_UNFILTERED: { windowMinutes: 60, thresholds: { info: 3 } } },
    };
    expect(scaledPolicy(policy, 0.8).rules.POLLING_UNFILTERED.thresholds.info).toBe(2.4);
  });
});
