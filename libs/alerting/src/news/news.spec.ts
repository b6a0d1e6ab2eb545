import type { Breach } from '@taxameter/contracts';
import { sampleBreach } from '../alerts/notification.js';
import { FLAPPING_TOLD_EVERY_MS, judgeTelling, wouldBeTold } from './judge-telling.js';
import { isWanted, type BreachNews, type Wish } from './news.js';

const NOW = new Date('2026-10-05T08:00:00Z');
const breach: Breach = {
  ...sampleBreach('error', NOW),
  scope: { integrationId: 'isv_a', organizationId: '42', route: null },
};
const everything: Wish = {
  kinds: ['breach', 'breach_resolved'],
  minSeverity: 'info',
  rules: null,
  integrationIds: null,
  organizationIds: null,
};

let sequences = 0;
const news = (
  what: BreachNews['news'],
  more: Partial<Breach> & { readonly afterMs?: number } = {},
): BreachNews => {
  const { afterMs = 0, ...data } = more;
  const time = new Date(NOW.getTime() + afterMs);
  sequences += 1;
  return {
    kind: 'breach',
    news: what,
    sequence: sequences,
    alertId: 'alr_1',
    time,
    breach: { ...breach, ...data },
  };
};
const told = (...all: BreachNews[]) => all.map((one) => ({ news: one, muted: null }));

describe('who hears of a breach', () => {
  it.each([
    ['everything', {}, true],
    ['its severity', { minSeverity: 'error' }, true],
    ['a higher severity', { minSeverity: 'critical' }, false],
    ['its rule', { rules: ['RATE_MINUTE', 'OTHER'] }, true],
    ['another rule', { rules: ['OTHER'] }, false],
    ['no rule at all', { rules: [] }, false],
    ['its integration', { integrationIds: ['isv_a'] }, true],
    ['another integration', { integrationIds: ['isv_b'] }, false],
    ['its agreement', { organizationIds: ['42'] }, true],
    ['another agreement', { organizationIds: ['43'] }, false],
    ['leaks alone', { kinds: ['leak'] }, false],
    ['its rule of another integration', { rules: ['RATE_MINUTE'], integrationIds: ['isv_b'] }, false],
  ] as const)('who wants %s: %j → %s', (_title, wish, expected) => {
    expect(isWanted({ ...everything, ...wish }, news('opened'))).toBe(expected);
  });

  it('does not hear of an integration as a whole who asks for one agreement', () => {
    const whole = news('opened', { scope: { ...breach.scope, organizationId: null } });
    expect(isWanted({ ...everything, organizationIds: ['42'] }, whole)).toBe(false);
  });

  it('hears of nothing that was found in a backlog', () => {
    expect(isWanted(everything, news('opened', { retroactive: true }))).toBe(false);
  });

  it('hears that it is over by choice alone', () => {
    expect(isWanted(everything, news('resolved'))).toBe(true);
    expect(isWanted({ ...everything, kinds: ['breach'] }, news('resolved'))).toBe(false);
  });
});

describe('whether it is told', () => {
  it('depends on having heard that it began, this time', () => {
    const over = news('resolved', { occurrence: 2 });
    expect(judgeTelling(over, [])).toBeNull();
    expect(judgeTelling(over, told(news('opened', { occurrence: 1 })))).toBeNull();
    expect(judgeTelling(over, told(news('escalated', { occurrence: 2 })))).toBe('told');
    expect(judgeTelling(over, [{ news: news('opened', { occurrence: 2 }), muted: 'flapping' }])).toBe(
      'opening_muted',
    );
  });

  it('is said once a day of one that comes and goes, besides that it grows worse', () => {
    const flapping = true;
    const first = news('opened', { flapping });
    const later = (afterMs: number) => news('opened', { flapping, afterMs, occurrence: 2 });
    expect(judgeTelling(first, told(news('opened')))).toBe('told');
    expect(judgeTelling(later(FLAPPING_TOLD_EVERY_MS - 1), told(first))).toBe('flapping');
    expect(judgeTelling(later(FLAPPING_TOLD_EVERY_MS), told(first))).toBe('told');
    expect(judgeTelling(news('escalated', { flapping, afterMs: 1 }), told(first))).toBe('told');
    expect(judgeTelling(news('resolved', { flapping, afterMs: 1 }), told(first))).toBe('flapping');
  });

  it('is the same when it is asked of the past', () => {
    const history = [
      news('opened', { severity: 'info' }),
      news('resolved'),
      news('opened', { occurrence: 2 }),
      news('resolved', { occurrence: 2 }),
    ];
    const wish: Wish = { ...everything, minSeverity: 'warning' };
    expect(wouldBeTold(wish, history)).toEqual(history.slice(2));
  });
});
