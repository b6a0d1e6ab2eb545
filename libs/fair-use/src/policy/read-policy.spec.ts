import { defaultPolicy } from './default-policy.js';
import { documentOf, type Override, type Suppression } from './policy-document.js';
import { fromYaml, toYaml, YamlRefused } from './policy-yaml.js';
import { readPolicy } from './read-policy.js';

const BEGIN = new Date('2026-10-05T08:00:00Z');
const standard = documentOf(defaultPolicy);
const { rules } = standard;

const override = (more: Partial<Override> = {}): Override => ({
  integrationId: 'isv_a',
  rule: 'RATE_MINUTE',
  settings: { thresholds: { info: { calls: 90, minutes: 5 } } },
  until: '2026-12-31T00:00:00Z',
  who: 'ops',
  why: 'migrates',
  ...more,
});
const suppression = (more: Partial<Suppression> = {}): Suppression => ({
  integrationId: 'isv_a',
  from: '2026-10-06T00:00:00Z',
  until: '2026-10-07T00:00:00Z',
  who: 'ops',
  why: 'first synchronisation',
  ...more,
});
const problems = (written: unknown) =>
  readPolicy(written, BEGIN).problems?.map(({ field, rule }) => `${field} ${rule}`) ?? null;

describe('a policy that people write', () => {
  it('is taken when it is the default one, or that with overrides, plans and suppressions', () => {
    expect(problems(standard)).toBeNull();
    const more = {
      ...standard,
      plans: { large: { integrations: ['isv_b'], rules: { RATE_DAY: { thresholds: { info: 90_000 } } } } },
      overrides: [override(), override({ organizationId: '148383', settings: { mode: 'off' } })],
      suppressions: [suppression(), suppression({ rules: ['BURST'] })],
    };
    expect(readPolicy(more, BEGIN)).toEqual({ document: more, problems: null });
  });

  it('comes back from YAML as it was, with the version that it was written from', () => {
    const { base, written } = fromYaml(toYaml({ ...standard, overrides: [override()] }, 7));
    const json = JSON.stringify({ base, ...standard, overrides: [override()] });
    expect(fromYaml(json)).toEqual({ base, written });
    expect(fromYaml('{ base: 7, a: on }')).toEqual({ base: 7, written: { a: 'on' } });
    expect(base).toBe(7);
    expect(written).toEqual({ ...standard, overrides: [override()] });
  });

  it.each([
    ['a: [1', /line 1/],
    ['a: 1\nb:\n  c: 1\n  c: 2', /c stands twice at line 4/],
    ['a: *b', /alias/],
    [`a: ${'[\n'.repeat(20_000)}`, /opens more than 30 brackets/],
    ['{\n'.repeat(150_000), /opens more/],
    ['[ # ]\n'.repeat(20_000), /opens more/],
    ['? '.repeat(400), /line 1 is indented/],
    ['- '.repeat(150_000), /line 1 has more than 1000/],
    [`{"a": ${'['.repeat(20_000)}`, /line 1 has more/],
  ])('is refused as YAML, saying where it is none: %.20s', (text, message) => {
    expect(() => fromYaml(text)).toThrow(YamlRefused);
    expect(() => fromYaml(text)).toThrow(message);
  });

  const changed = (id: keyof typeof rules, settings: object) => ({
    ...standard,
    rules: { ...rules, [id]: { ...rules[id], ...settings } },
  });
  const { BURST: _, ...withoutBurst } = rules;

  it.each([
    [
      'a negative threshold',
      changed('RATE_DAY', { thresholds: { info: -1 } }),
      'rules.RATE_DAY.thresholds.info schema',
    ],
    [
      'thresholds that fall',
      changed('BURST', {
        thresholds: { warning: { calls: 50, minutes: 3 }, error: { calls: 25, minutes: 3 } },
      }),
      'rules.BURST.thresholds.error.calls falls-with-severity',
    ],
    [
      'thresholds that fall over a severity that has none',
      changed('RATE_DAY', { thresholds: { info: 30_000, error: 20_000 } }),
      'rules.RATE_DAY.thresholds.error falls-with-severity',
    ],
    ['no threshold', changed('RATE_DAY', { thresholds: {} }), 'rules.RATE_DAY.thresholds schema'],
    [
      'a severity that does not exist',
      changed('RATE_DAY', { thresholds: { info: 20_000, fatal: 1 } }),
      'rules.RATE_DAY.thresholds.fatal unknown-setting',
    ],
    ['an unknown rule', { ...standard, rules: { ...rules, NOPE: rules.BURST } }, 'rules.NOPE unknown-rule'],
    ['a missing rule', { ...standard, rules: withoutBurst }, 'rules.BURST missing'],
    ['an unknown setting', changed('BURST', { minCalls: 3 }), 'rules.BURST.minCalls unknown-setting'],
    ['a mode that does not exist', changed('BURST', { mode: 'loud' }), 'rules.BURST.mode schema'],
    [
      'more minutes than the window has',
      changed('BURST', { windowMinutes: 2, thresholds: { warning: { calls: 25, minutes: 3 } } }),
      'rules.BURST.thresholds.warning.minutes never-met',
    ],
    ['part of an hour', changed('RATE_DAY', { windowMinutes: 90 }), 'rules.RATE_DAY.windowMinutes schema'],
    ['no text', 'RATE_MINUTE', ' schema'],
    [
      'an override of an unknown rule',
      { ...standard, overrides: [{ ...override(), rule: 'NOPE' }] },
      'overrides.0.rule unknown-rule',
    ],
    [
      'an override with a negative threshold',
      {
        ...standard,
        overrides: [override({ settings: { thresholds: { info: { calls: -9, minutes: 5 } } } })],
      },
      'overrides.0.settings.thresholds.info.calls schema',
    ],
    [
      'an override with a setting of another rule',
      { ...standard, overrides: [override({ settings: { minCalls: 9 } })] },
      'overrides.0.settings.minCalls unknown-setting',
    ],
    [
      'an override whose thresholds fall',
      {
        ...standard,
        overrides: [override({ rule: 'RATE_DAY', settings: { thresholds: { info: 9000, error: 8000 } } })],
      },
      'overrides.0.settings.thresholds.error falls-with-severity',
    ],
    [
      'an organisation that is a number',
      { ...standard, overrides: [{ ...override(), organizationId: 148383 }] },
      'overrides.0.organizationId schema',
    ],
    [
      'overrides of the same time',
      { ...standard, overrides: [override(), override({ from: '2026-11-01T00:00:00Z' })] },
      'overrides.1 overlaps',
    ],
    [
      'an override for one agreement of a rule about all of them',
      {
        ...standard,
        overrides: [override({ rule: 'LEGACY_AUTH', settings: { mode: 'off' }, organizationId: '1' })],
      },
      'overrides.0.organizationId without-effect',
    ],
    [
      'an override that is over',
      { ...standard, overrides: [override({ until: '2026-10-05T08:00:00Z' })] },
      'overrides.0.until in-the-past',
    ],
    [
      'a suppression that ends before it starts',
      { ...standard, suppressions: [suppression({ until: '2026-10-05T23:00:00Z' })] },
      'suppressions.0.until ends-before-it-starts',
    ],
    [
      'a plan with a threshold that falls',
      {
        ...standard,
        plans: { x: { integrations: [], rules: { RATE_DAY: { thresholds: { info: 9000, error: 8000 } } } } },
      },
      'plans.x.rules.RATE_DAY.thresholds.error falls-with-severity',
    ],
    [
      'an integration with two plans',
      {
        ...standard,
        plans: { x: { integrations: ['a'], rules: {} }, y: { integrations: ['b', 'a'], rules: {} } },
      },
      'plans.y.integrations.1 twice-in-plans',
    ],
    [
      'more overrides of one integration than can be looked through',
      {
        ...standard,
        overrides: Array.from({ length: 101 }, (_each, index) => override({ organizationId: String(index) })),
      },
      'overrides too-many',
    ],
  ])('is refused with the path of %s', (_what, written, problem) => {
    expect(problems(written)).toEqual([problem]);
  });

  it('may have overrides that follow each other, or are of different rules or agreements', () => {
    const next = override({ from: '2026-12-31T00:00:00Z', until: '2027-01-31T00:00:00Z' });
    const others = [
      override({ rule: 'BURST', settings: { mode: 'off' } }),
      override({ organizationId: '1' }),
      override({ integrationId: 'isv_b' }),
    ];
    expect(problems({ ...standard, overrides: [override(), next, ...others] })).toBeNull();
  });
});

describe('a policy that leaves no room for advice', () => {
  it('is refused, naming the rule and what is wrong, also in a plan', () => {
    const sharp = { thresholds: { info: { calls: 2, minutes: 5 } } };
    const refused = readPolicy(
      { ...standard, rules: { ...rules, RATE_MINUTE: { ...rules.RATE_MINUTE, ...sharp } } },
      BEGIN,
    );
    expect(refused.problems).toContainEqual({
      field: 'rules.RATE_MINUTE',
      rule: 'no-room-for-advice',
      reason: expect.stringContaining('no rate can be advised') as string,
    });
    const plans = { sharp: { integrations: ['isv_a'], rules: { RATE_MINUTE: sharp } } };
    expect(problems({ ...standard, plans })).toContain('plans.sharp.rules.RATE_MINUTE no-room-for-advice');
  });

  it('is refused when only an override leaves none, and not when that switches the rule off', () => {
    const settings = { thresholds: { warning: { calls: 2, minutes: 3 } } };
    const burst = override({ rule: 'BURST', settings, organizationId: '1', from: '2026-11-01T00:00:00Z' });
    expect(problems({ ...standard, overrides: [override(), burst] })).toEqual([
      'overrides.1 no-room-for-advice',
    ]);
    const sweeps = {
      rule: 'POLLING_UNFILTERED',
      settings: { mode: 'off', thresholds: { info: 1 } },
    } as const;
    expect(problems({ ...standard, overrides: [override(sweeps)] })).toBeNull();
  });
});
