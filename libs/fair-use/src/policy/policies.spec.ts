import { minuteOf } from '../signals/minute.js';
import { defaultPolicy } from './default-policy.js';
import { atMost, modeOf } from './policy.js';
import { completed, documentOf, type Override, type PolicyDocument } from './policy-document.js';
import { earliestEffect, policiesOf, versionInForce, type PolicyVersion } from './policies.js';

const standard = documentOf(defaultPolicy);
const NOON = minuteOf('2026-10-05T12:00:00Z');
const BY = { until: '2026-12-31T00:00:00Z', who: 'ops', why: 'agreed' };
const info = (calls: number) => ({ thresholds: { info: { calls, minutes: 5 } } });
const override = (calls: number, more: Partial<Override> = {}): Override => ({
  ...{ integrationId: 'isv_a', rule: 'RATE_MINUTE', settings: info(calls), ...BY },
  ...more,
});
const version = (more: Partial<PolicyDocument>, of: Partial<PolicyVersion> = {}): PolicyVersion => ({
  ...{ version: 3, effectiveFrom: null, document: { ...standard, ...more } },
  ...of,
});
const callsOf = (versions: PolicyVersion[], integrationId: string, agreementId: string, minute = NOON) =>
  policiesOf(versions).at(integrationId, agreementId, minute).rules.RATE_MINUTE.thresholds.info?.calls;

describe('the policy of a minute', () => {
  it('is the default one for who has nothing of its own, the same value each time', () => {
    const policies = policiesOf([version({ overrides: [override(90)] })]);
    expect(policies.at('isv_b', '1', NOON).rules).toEqual(defaultPolicy.rules);
    expect(policies.at('isv_b', '1', NOON)).toBe(policies.at('isv_c', '', NOON + 9));
    expect(policies.at('isv_a', '1', NOON)).toBe(policies.at('isv_a', '1', NOON + 1));
  });

  it('takes the plan over the default, the integration over the plan, and the agreement over both', () => {
    const plans = { large: { integrations: ['isv_a', 'isv_b'], rules: { RATE_MINUTE: info(60) } } };
    // Written first: which one is closer decides, not the order.
    const overrides = [override(90, { organizationId: '1' }), override(80)];
    const versions = [version({ plans, overrides })];
    expect(callsOf(versions, 'isv_c', '1')).toBe(50);
    expect(callsOf(versions, 'isv_b', '1')).toBe(60);
    expect(callsOf(versions, 'isv_a', '2')).toBe(80);
    expect(callsOf(versions, 'isv_a', '')).toBe(80);
    expect(callsOf(versions, 'isv_a', '1')).toBe(90);
  });

  it('leaves what an override does not name', () => {
    const { rules } = policiesOf([version({ overrides: [override(80)] })]).at('isv_a', '1', NOON);
    expect(rules.RATE_MINUTE).toEqual({ windowMinutes: 15, ...info(80) });
    expect(rules.BURST).toEqual(defaultPolicy.rules.BURST);
  });

  it('holds an override from its first minute to the last one before its end', () => {
    const times = { from: '2026-10-05T12:00:00Z', until: '2026-10-05T12:02:00Z' };
    const versions = [version({ overrides: [override(80, times)] })];
    const calls = [-1, 0, 1, 2].map((minute) => callsOf(versions, 'isv_a', '1', NOON + minute));
    expect(calls).toEqual([50, 80, 80, 50]);
  });

  it('is of the newest version that was in force when the minute began', () => {
    const at = (effectiveFrom: string) => ({ effectiveFrom });
    const versions = [
      version({}),
      version({ overrides: [override(60)] }, { version: 4, ...at('2026-10-05T12:00:30Z') }),
      version({ overrides: [override(70)] }, { version: 5, ...at('2026-10-05T12:03:00Z') }),
    ];
    const calls = [0, 1, 2, 3].map((minute) => callsOf(versions, 'isv_a', '1', NOON + minute));
    expect(calls).toEqual([50, 60, 60, 70]);
    expect(versionInForce(versions, new Date('2026-10-05T12:02:59Z'))?.version).toBe(4);
  });

  it('is never of a planned version that a newer one has overtaken', () => {
    const planned = version(
      { overrides: [override(60)] },
      { version: 4, effectiveFrom: '2026-11-05T00:00:00Z' },
    );
    const now = version({ overrides: [override(70)] }, { version: 5, effectiveFrom: '2026-10-05T12:00:00Z' });
    expect(callsOf([planned, version({}), now], 'isv_a', '1', minuteOf('2026-12-01T00:00:00Z'))).toBe(70);
  });

  it('has all its windows among those that `all` names', () => {
    const settings = { windowMinutes: 120 };
    const overrides = [override(80), override(80, { rule: 'BURST', settings })];
    const policies = policiesOf([version({ overrides })]);
    expect(policies.all.map(({ rules }) => rules.BURST.windowMinutes)).toEqual([10, 120]);
  });
});

describe('an agreed time', () => {
  const suppressions = [
    {
      integrationId: 'isv_a',
      organizationId: '1',
      rules: ['BURST' as const],
      from: '2026-10-05T12:00:30Z',
      ...BY,
      until: '2026-10-05T12:05:00Z',
    },
  ];
  const policies = policiesOf([version({ suppressions })]);
  const mode = (agreementId: string, minute: number) =>
    modeOf(policies.at('isv_a', agreementId, minute), 'BURST');

  it('switches the rule off for the agreement, in each minute that it touches', () => {
    expect([-1, 0, 4, 5].map((minute) => mode('1', NOON + minute))).toEqual(['on', 'off', 'off', 'on']);
    expect(mode('2', NOON + 1)).toBe('on');
    expect(mode('', NOON + 1)).toBe('on');
    expect(modeOf(policies.at('isv_a', '1', NOON), 'RATE_MINUTE')).toBe('on');
  });

  it('takes the calls of its minutes, and of hours that it touches, out of later windows', () => {
    const place = { ruleId: 'BURST' as const, agreementId: '1' };
    const suppresses = policies.suppressionsOf('isv_a')!;
    const isSuppressed = (from: number, through: number) => suppresses({ ...place, from, through });
    expect(policies.suppressionsOf('isv_b')).toBeNull();
    expect(isSuppressed(NOON - 1, NOON - 1)).toBe(false);
    expect(isSuppressed(NOON, NOON)).toBe(true);
    expect(isSuppressed(NOON, NOON + 59)).toBe(true);
    expect(isSuppressed(NOON + 5, NOON + 64)).toBe(false);
    expect(suppresses({ ...place, agreementId: '2', from: NOON, through: NOON })).toBe(false);
    expect(suppresses({ ...place, ruleId: 'RATE_DAY', from: NOON, through: NOON })).toBe(false);
  });

  it('stays agreed after a later version no longer names it, which is when it is over', () => {
    const later = version({}, { version: 4, effectiveFrom: '2026-10-05T12:05:00Z' });
    const place = { ruleId: 'BURST' as const, agreementId: '1' };
    const both = policiesOf([version({ suppressions }), later]);
    expect(both.suppressionsOf('isv_a')!({ ...place, from: NOON + 4, through: NOON + 4 })).toBe(true);
  });
});

describe('a stored document', () => {
  it('is completed by rules that came later, in shadow, and by settings that came later', () => {
    const { BURST: _, ...older } = standard.rules;
    const { warmUpMs: _warmUpMs, ...rest } = standard;
    const whole = completed({ ...rest, rules: older } as unknown as PolicyDocument, standard);
    expect(whole.rules.BURST).toEqual({ ...standard.rules.BURST, mode: 'shadow' });
    expect(whole.rules.RATE_MINUTE).toEqual(standard.rules.RATE_MINUTE);
    const { mode: _mode, ...unnamed } = standard.rules.BURST;
    const inShadow = {
      ...standard,
      rules: { ...standard.rules, BURST: { ...unnamed, mode: 'shadow' as const } },
    };
    const stored = { ...standard, rules: { ...standard.rules, BURST: unnamed } };
    expect(completed(stored, inShadow).rules.BURST.mode).toBe('on');
    expect(whole.warmUpMs).toBe(standard.warmUpMs);
  });
});

describe('a policy at most', () => {
  it('has no threshold of a worse severity', () => {
    const { rules } = atMost('warning', defaultPolicy);
    expect(Object.keys(rules.RATE_MINUTE.thresholds)).toEqual(['info', 'warning']);
    expect(Object.keys(rules.BURST.thresholds)).toEqual(['warning']);
    expect(Object.keys(rules.SERVER_TIME.thresholds)).toEqual(['info']);
    expect(atMost('warning', defaultPolicy)).toBe(atMost('warning', defaultPolicy));
  });
});

describe('the first instant of a new policy', () => {
  it('is the next whole minute, or the one after the newest that may have been judged', () => {
    const now = new Date('2026-10-05T12:00:00.001Z');
    expect(earliestEffect(now, null)).toBe('2026-10-05T12:01:00.000Z');
    expect(earliestEffect(now, NOON - 60)).toBe('2026-10-05T12:01:00.000Z');
    expect(earliestEffect(now, NOON + 4)).toBe('2026-10-05T12:05:00.000Z');
  });
});
