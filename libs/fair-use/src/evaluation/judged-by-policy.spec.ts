import fc from 'fast-check';
import { breachKeyOf } from '../breach/decide-breach.js';
import { decideCases, type KeptCase } from '../breach/decide-cases.js';
import { documentOf, type PolicyDocument } from '../policy/policy-document.js';
import { policiesOf, type Policies } from '../policy/policies.js';
import type { RuleId } from '../policy/policy.js';
import { RULES, ruleNamed } from '../rules/registry.js';
import { minuteOf, minuteStart } from '../signals/minute.js';
import { signalsOf } from '../signals/signals.js';
import { mergeSignals, NO_SIGNALS } from '../signals/tables.js';
import { callAt } from '../signals/signals.testing.js';
import { judge, type DirtyMinute, type Docket } from './judge.js';
import { APPENDED, at, first, policy, rowsOf } from './judge.testing.js';

const AGREEMENT = '148383';
const NOTHING_AROUND = { activeAgreements: new Map(), smsOfHour: () => 0 };
const standard = documentOf(policy);
const versionOf = (version: number, document: PolicyDocument, minute?: number) => ({
  version,
  document,
  effectiveFrom: minute === undefined ? null : at(minute),
});
const withModes = (modes: Partial<Record<RuleId, string>>): PolicyDocument => ({
  ...standard,
  rules: Object.fromEntries(
    Object.entries(standard.rules).map(([id, settings]) => [
      id,
      { ...settings, mode: modes[id as RuleId] ?? 'on' },
    ]),
  ) as PolicyDocument['rules'],
});
const agreed = { integrationId: 'isv_eksempel', who: 'ops', why: 'agreed' };

/** Calls of nothing that is polled, so many in each of these minutes. */
const calls = (count: number, ...minutes: number[]) =>
  minutes.flatMap((minute) =>
    Array.from({ length: count }, (_, index) =>
      callAt(at(minute, index * 7), { route: '/none', operation: 'item', organizationId: AGREEMENT }),
    ),
  );

function docketOf(made: ReturnType<typeof calls>, more: Partial<Docket> = {}): Docket {
  const rows = rowsOf(signalsOf(made, policy));
  const marks: DirtyMinute[] = rows.pairs.map(({ agreementId, minute }) => ({
    ...{ agreementId, minute, appendedAt: APPENDED },
  }));
  const docket = { integrationId: 'isv_eksempel', dirty: marks, closed: marks, rows, allAgreements: rows };
  return { ...docket, ...NOTHING_AROUND, settled: new Map(), ...more };
}

function found(docket: Docket, policies: Policies, id: RuleId = 'RATE_MINUTE') {
  return judge(docket, policies, [ruleNamed(id)]).flatMap(({ rule, subject, findings }) =>
    findings.map(({ verdict, policy: by }) => {
      const minute = minuteOf(verdict.windowEnd) - 1 - first;
      return [breachKeyOf(rule, subject).split(':')[0], minute, verdict.severity, by.version];
    }),
  );
}

describe('a minute', () => {
  it('is judged by the version that was in force when it began', () => {
    const milder = { ...standard.rules.RATE_MINUTE, thresholds: { info: { calls: 9, minutes: 2 } } };
    const next = { ...standard, rules: { ...standard.rules, RATE_MINUTE: milder } };
    const policies = policiesOf([versionOf(3, standard), versionOf(4, next, 2)]);
    expect(found(docketOf(calls(3, 0, 1, 2, 3)), policies)).toEqual([['RATE_MINUTE', 1, 'info', 3]]);
  });

  it('is not judged by a rule that is off, and by one in shadow for a case apart', () => {
    const policies = policiesOf([
      versionOf(3, withModes({ RATE_MINUTE: 'off' })),
      versionOf(4, withModes({ RATE_MINUTE: 'shadow' }), 2),
      versionOf(5, withModes({}), 4),
    ]);
    expect(found(docketOf(calls(3, 0, 1, 2, 3, 4)), policies)).toEqual([
      ['RATE_MINUTE', 4, 'info', 5],
      ['shadow', 2, 'info', 4],
      ['shadow', 3, 'info', 4],
    ]);
  });

  it('counts what was settled for the case in shadow for that one only', () => {
    const docket = docketOf(calls(3, 0, 1, 2));
    const settled = new Map([[`shadow:RATE_MINUTE:isv_eksempel:${AGREEMENT}`, [first + 1]]]);
    const of = (mode: string) => policiesOf([versionOf(3, withModes({ RATE_MINUTE: mode }))]);
    expect(found({ ...docket, settled }, of('shadow')).map(([, minute]) => minute)).toEqual([1]);
    expect(found({ ...docket, settled }, of('on')).map(([, minute]) => minute)).toEqual([1, 2]);
  });
});

describe('an agreed time', () => {
  const suppressions = [{ ...agreed, organizationId: AGREEMENT, from: at(1), until: at(3) }];
  const policies = policiesOf([versionOf(3, { ...standard, suppressions })]);

  it('is not judged, and its calls count for nothing in the windows that follow', () => {
    expect(found(docketOf(calls(3, 0, 1, 2, 3)), policies)).toEqual([['RATE_MINUTE', 3, 'info', 3]]);
    expect(found(docketOf(calls(3, 1, 2, 3)), policies)).toEqual([]);
  });

  it('takes the hours that it touches out of rules over hours', () => {
    const many = calls(8, ...Array.from({ length: 9 }, (_, minute) => minute));
    const none = policiesOf([versionOf(3, standard)]);
    expect(found(docketOf(many), none, 'RATE_DAY')).not.toEqual([]);
    expect(found(docketOf(many), policies, 'RATE_DAY')).toEqual([]);
  });

  it('of one agreement leaves what the others do under a rule about all of them', () => {
    const basic = (organizationId: string, minute: number) =>
      callAt(at(minute), { route: '/none', operation: 'item', organizationId, authScheme: 'basic' });
    const value = (...made: ReturnType<typeof basic>[]) =>
      judge(docketOf(made), policies, [ruleNamed('LEGACY_AUTH')])[0]?.findings[0]?.verdict.value;
    expect(value(basic(AGREEMENT, 1), basic('2', 1), basic('2', 2))).toBe(2);
    expect(value(basic(AGREEMENT, 1))).toBeUndefined();
  });
});

describe('an integration that was active for the first time', () => {
  const policies = policiesOf([versionOf(3, { ...standard, warmUpMs: 10 * 60_000 })]);
  const worst = (firstActiveAt: Date | undefined, count = 7) =>
    found(docketOf(calls(count, 5, 6, 7), firstActiveAt && { firstActiveAt }), policies).at(-1)?.[2];

  it('a short while ago is warned at most, and judged as all others afterwards, or if nobody knows', () => {
    expect(worst(new Date(at(0)))).toBe('warning');
    expect(worst(new Date(at(-2)))).toBe('warning');
    expect(worst(new Date(at(-3)))).toBe('critical');
    expect(worst(undefined)).toBe('critical');
  });

  it('gets the figures of the warning, and advice by the whole policy', () => {
    const docket = docketOf(calls(7, 5, 6, 7), { firstActiveAt: new Date(at(0)) });
    const [judgement] = judge(docket, policies, [ruleNamed('RATE_MINUTE')]);
    expect(judgement!.findings.at(-1)!.verdict).toMatchObject({
      severity: 'warning',
      threshold: 5,
      value: 7,
    });
    expect(judgement!.findings.at(-1)!.policy.rules.RATE_MINUTE.thresholds.critical).toBeDefined();
  });
});

describe('the final cases across versions, shadow, overrides and agreed times', () => {
  const rate = { rule: 'RATE_MINUTE' as const, settings: { thresholds: { info: { calls: 4, minutes: 2 } } } };
  const policies = policiesOf([
    versionOf(3, withModes({ BURST: 'shadow' })),
    versionOf(
      4,
      { ...withModes({ RATE_DAY: 'off' }), overrides: [{ ...agreed, ...rate, until: at(16) }] },
      6,
    ),
    versionOf(5, { ...standard, suppressions: [{ ...agreed, from: at(11), until: at(13) }] }, 10),
  ]);
  const rules = RULES.filter(({ isMonotone }) => isMonotone);
  type Call = ReturnType<typeof callAt>;

  function finalCases(batches: readonly (readonly Call[])[]) {
    let signals = NO_SIGNALS;
    const cases = new Map<string, KeptCase[]>();
    for (const batch of batches) {
      const added = signalsOf(batch, policy);
      signals = mergeSignals(signals, added);
      const rows = rowsOf(signals);
      const dirty = [...added.pairs.values()].map(({ agreementId, minute }) => ({
        ...{ agreementId, minute, appendedAt: minuteStart(first) },
      }));
      const docket = {
        ...{ integrationId: 'isv_eksempel', dirty, closed: [], rows, allAgreements: rows },
        ...NOTHING_AROUND,
      };
      for (const { rule, subject, findings } of judge({ ...docket, settled: new Map() }, policies, rules)) {
        const key = breachKeyOf(rule, subject);
        for (const { breach, peak, after } of decideCases(cases.get(key) ?? [], findings, {
          ...{ rule, subject, breachId: key },
        })) {
          cases.set(key, [{ breach, peak, after, ownedUntil: null, reopenedAfter: [] }]);
        }
      }
    }
    return [...cases.values()]
      .flat()
      .map(({ breach: { version: _, ...breach }, peak }) => ({ ...breach, peak }))
      .sort((left, right) => (left.breachKey < right.breachKey ? -1 : 1));
  }

  it('are the same whatever the order of the calls and the cut into batches', () => {
    const call = fc
      .record({ minute: fc.nat(19), second: fc.nat(59) })
      .map(({ minute, second }) => callAt(at(minute, second), { organizationId: AGREEMENT }));
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        fc.array(call, { minLength: 20, maxLength: 140 }).chain((made) =>
          fc.record({
            made: fc.constant(made),
            shuffled: fc.shuffledSubarray(made, { minLength: made.length }),
            size: fc.integer({ min: 1, max: 30 }),
          }),
        ),
        ({ made, shuffled, size }) => {
          const batches: Call[][] = [];
          for (let from = 0; from < shuffled.length; from += size) {
            batches.push(shuffled.slice(from, from + size));
          }
          const expected = finalCases([made]);
          expect(finalCases(batches)).toEqual(expected);
          for (const { breachKey, policyVersion } of expected) {
            seen.add(breachKey.startsWith('shadow:') ? 'shadow' : `version ${policyVersion}`);
          }
        },
      ),
      { numRuns: 100 },
    );
    expect([...seen].sort()).toEqual(['shadow', 'version 3', 'version 4', 'version 5']);
  });
});
