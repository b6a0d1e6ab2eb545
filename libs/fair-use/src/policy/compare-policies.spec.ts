import { comparePolicies, sharpens } from './compare-policies.js';
import { defaultPolicy } from './default-policy.js';
import { documentOf, type Override, type PolicyDocument } from './policy-document.js';

const standard = documentOf(defaultPolicy);
const { rules } = standard;
const withRule = (id: keyof typeof rules, settings: object): PolicyDocument => ({
  ...standard,
  rules: { ...rules, [id]: { ...rules[id], ...settings } },
});
const compared = (after: PolicyDocument, before = standard) =>
  comparePolicies(before, after).changes.map(({ path, direction }) => `${path} ${direction}`);
const override: Override = {
  integrationId: 'isv_a',
  rule: 'RATE_DAY',
  settings: { thresholds: { info: 90_000 } },
  until: '2026-12-31T00:00:00Z',
  ...{ who: 'ops', why: 'agreed' },
};

describe('the difference of two policies', () => {
  it('is nothing between a policy and itself', () => {
    expect(comparePolicies(standard, standard)).toEqual({ changes: [], rules: [] });
  });

  it('names each figure with what it was and is, in both languages', () => {
    const { changes, rules: told } = comparePolicies(
      standard,
      withRule('RATE_DAY', { thresholds: { ...rules.RATE_DAY.thresholds, info: 10_000 } }),
    );
    expect(changes).toEqual([
      {
        path: 'rules.RATE_DAY.thresholds.info',
        before: 20_000,
        after: 10_000,
        direction: 'sharper',
        text: {
          da: 'RATE_DAY, grænsen for info: 20000 bliver 10000 (strengere)',
          en: 'RATE_DAY, the threshold of info: 20000 becomes 10000 (sharper)',
        },
      },
    ]);
    expect(told).toEqual([{ ruleId: 'RATE_DAY', direction: 'sharper' }]);
  });

  it.each([
    [{ thresholds: { ...rules.RATE_DAY.thresholds, info: 25_000 } }, 'thresholds.info milder'],
    [{ thresholds: { warning: 30_000, error: 40_000, critical: 50_000 } }, 'thresholds.info milder'],
    [{ windowMinutes: 12 * 60 }, 'windowMinutes milder'],
    [{ windowMinutes: 48 * 60 }, 'windowMinutes sharper'],
    [{ mode: 'shadow' }, 'mode milder'],
  ])('knows that %j is %s', (settings, expected) => {
    expect(compared(withRule('RATE_DAY', settings))).toEqual([`rules.RATE_DAY.${expected}`]);
  });

  it('calls a rule mixed that becomes sharper in one respect and milder in another', () => {
    const after = withRule('ERROR_RATIO_4XX', { minCalls: 50, thresholds: { info: 10 } });
    expect(comparePolicies(standard, after).rules).toEqual([
      { ruleId: 'ERROR_RATIO_4XX', direction: 'mixed' },
    ]);
  });

  it('calls nothing sharper of a rule that judges nobody, and a rule sharper that begins to', () => {
    const shadow = withRule('RATE_DAY', { mode: 'shadow' });
    const sharp = withRule('RATE_DAY', { mode: 'shadow', thresholds: { info: 1 } });
    expect(sharpens(comparePolicies(shadow, sharp))).toBe(false);
    expect(compared(standard, shadow)).toEqual(['rules.RATE_DAY.mode sharper']);
  });

  it('judges an override by the settings that it replaces', () => {
    const mild = { ...standard, overrides: [override] };
    const path = 'overrides.isv_a/RATE_DAY';
    expect(compared(mild)).toEqual([`${path} milder`]);
    expect(comparePolicies(standard, mild).changes[0]!.text).toEqual({
      da: 'aftalen om isv_a/RATE_DAY: ny, {"thresholds":{"info":90000}} til 2026-12-31T00:00:00Z (mildere)',
      en: 'what is agreed on isv_a/RATE_DAY: new, {"thresholds":{"info":90000}} until 2026-12-31T00:00:00Z (milder)',
    });
    expect(compared(standard, mild)).toEqual([`${path} sharper`]);
    const sharp = { ...standard, overrides: [{ ...override, settings: { thresholds: { info: 100 } } }] };
    expect(compared(sharp)).toEqual([`${path} mixed`]);
    const longer = { ...standard, overrides: [{ ...override, until: '2027-12-31T00:00:00Z' }] };
    expect(compared(longer, mild)).toEqual([`${path} milder`]);
    expect(compared(mild, longer)).toEqual([`${path} sharper`]);
    const reason = { ...standard, overrides: [{ ...override, why: 'another reason' }] };
    expect(compared(reason, mild)).toEqual([`${path} neither`]);
  });

  it('judges a plan and who comes into it by the settings for all', () => {
    const settings = { RATE_DAY: { thresholds: { info: 90_000 } } };
    const of = (...integrations: string[]) => ({
      ...standard,
      plans: { large: { integrations, rules: settings } },
    });
    expect(compared(of('isv_a', 'isv_b'), of('isv_a'))).toEqual(['plans.large.integrations.isv_b milder']);
    expect(compared(of(), of('isv_a'))).toEqual(['plans.large.integrations.isv_a sharper']);
    const sharper = {
      ...of('isv_a'),
      plans: { large: { integrations: ['isv_a'], rules: { RATE_DAY: { thresholds: { info: 80_000 } } } } },
    };
    expect(compared(sharper, of('isv_a'))).toEqual(['plans.large.rules.RATE_DAY.thresholds.info sharper']);
  });

  it('tells a change for all once, not again for plans that do not name it', () => {
    const plans = {
      large: { integrations: ['isv_a'], rules: { RATE_DAY: { thresholds: { info: 90_000 } } } },
    };
    const before = { ...standard, plans };
    const after = { ...withRule('RATE_DAY', { windowMinutes: 60 }), plans };
    expect(compared(after, before)).toEqual(['rules.RATE_DAY.windowMinutes milder']);
  });

  it('calls agreed times milder when they come or grow, and a list that takes a filter sharper', () => {
    const pause = { ...override, from: '2026-12-01T00:00:00Z' };
    const { rule: _1, settings: _2, ...suppression } = pause;
    const paused = { ...standard, suppressions: [suppression] };
    expect(compared(paused)).toEqual(['suppressions.isv_a/2026-12-01T00:00:00Z milder']);
    const longer = { ...standard, suppressions: [{ ...suppression, until: '2027-01-31T00:00:00Z' }] };
    expect(compared(longer, paused)).toEqual(['suppressions.isv_a/2026-12-01T00:00:00Z milder']);
    const filterableRoutes = [...standard.filterableRoutes, { path: '/{id}/new', filter: 'since' }];
    expect(compared({ ...standard, filterableRoutes })).toEqual(['filterableRoutes./{id}/new sharper']);
    expect(compared({ ...standard, maxPageSize: 500, warmUpMs: 0 })).toEqual([
      'maxPageSize neither',
      'warmUpMs sharper',
    ]);
  });
});
