import type { Breach } from '@taxameter/contracts';
import fc from 'fast-check';
import { breachKeyOf, decideBreach, type BreachCase } from '../breach/decide-breach.js';
import { defaultPolicy } from '../policy/default-policy.js';
import type { Policy } from '../policy/policy.js';
import { RULES, type Rule } from '../rules/registry.js';
import { mergeSignals, NO_SIGNALS, signalsOf, type Signals } from '../signals/signals.js';
import { callAt, CONTACTS } from '../signals/signals.testing.js';
import { minuteOf } from '../signals/minute.js';
import { isJudged, judge, minutesAround, type DirtyMinute } from './judge.js';

const START = Date.UTC(2026, 8, 30, 10);
const APPENDED = '2026-09-30T12:00:00.000Z';
const at = (minute: number, second = 0) => new Date(START + minute * 60_000 + second * 1000).toISOString();
const first = minuteOf(at(0));

/** Small numbers, so that a few calls reach every severity. */
const policy: Policy = {
  ...defaultPolicy,
  rules: {
    RATE_MINUTE: {
      windowMinutes: 4,
      thresholds: {
        info: { calls: 3, minutes: 2 },
        warning: { calls: 5, minutes: 2 },
        error: { calls: 6, minutes: 2 },
        critical: { calls: 7, minutes: 3 },
      },
    },
    WRITE_RATE: {
      windowMinutes: 4,
      thresholds: { warning: { calls: 3, minutes: 1 }, critical: { calls: 3, minutes: 2 } },
    },
    SERVER_TIME: {
      windowMinutes: 4,
      thresholds: {
        warning: { serverTimeMs: 60_000, minutes: 2 },
        error: { serverTimeMs: 100_000, minutes: 2 },
      },
    },
    POLLING_UNFILTERED: {
      windowMinutes: 6,
      thresholds: { info: 4, warning: 6, error: 9, critical: 14 },
    },
  },
};

/** What the tables and the evaluator do, without the database. */
class Desk {
  signals: Signals = NO_SIGNALS;
  dirty: DirtyMinute[] = [];
  readonly cases = new Map<string, BreachCase>();

  add(calls: Parameters<typeof signalsOf>[0]): void {
    const added = signalsOf(calls, policy);
    this.signals = mergeSignals(this.signals, added);
    for (const { agreementId, minute } of added.pairs.values()) {
      if (!this.dirty.some((mark) => mark.agreementId === agreementId && mark.minute === minute)) {
        this.dirty.push({ agreementId, minute, appendedAt: APPENDED });
      }
    }
  }

  /** Judges some of the marks, as many as `wanted`, beginning with the one at `from`. */
  evaluate(from = 0, wanted = this.dirty.length): void {
    const taken = this.dirty.splice(from % Math.max(1, this.dirty.length), wanted);
    const near = new Set(minutesAround(taken, policy));
    const docket = {
      integrationId: 'isv_eksempel',
      dirty: taken,
      pairs: [...this.signals.pairs.values()].filter((row) => near.has(row.minute)),
      routes: [...this.signals.routes.values()].filter((row) => near.has(row.minute)),
      closedBefore: 0,
    };
    for (const { rule, subject, findings } of judge(docket, policy)) {
      const key = breachKeyOf(rule, subject);
      const context = { rule, subject, policy, breachId: key };
      const decision = decideBreach(this.cases.get(key) ?? null, findings, context);
      if (decision) this.cases.set(key, { breach: decision.breach, peak: decision.peak });
    }
  }

  finish() {
    while (this.dirty.length > 0) this.evaluate();
    return [...this.cases.values()].map(({ breach, peak }) => ({ ...told(breach), peak })).sort(byKey);
  }
}

// Everything but what tells how often the case was told: the version.
function told({ version: _version, ...rest }: Breach) {
  return rest;
}
const byKey = (left: { breachKey: string }, right: { breachKey: string }) =>
  left.breachKey < right.breachKey ? -1 : 1;

const call = fc
  .record({
    minute: fc.integer({ min: 0, max: 14 }),
    second: fc.integer({ min: 0, max: 59 }),
    agreement: fc.constantFrom('148383', '200001'),
    route: fc.constantFrom(CONTACTS, '/v1/{organizationId}/invoices'),
    method: fc.constantFrom('GET' as const, 'GET' as const, 'POST' as const),
    durationMs: fc.integer({ min: 0, max: 70_000 }),
  })
  .map(({ minute, second, agreement, ...data }) =>
    callAt(at(minute, second), { organizationId: agreement, ...data }),
  );

describe('the final cases', () => {
  it('are the same whatever the order, the cut into batches and the moments of evaluation', () => {
    const step = fc.record({
      size: fc.integer({ min: 1, max: 12 }),
      evaluations: fc.array(fc.record({ from: fc.nat(20), wanted: fc.integer({ min: 1, max: 6 }) }), {
        maxLength: 3,
      }),
    });
    let opened = 0;
    fc.assert(
      fc.property(
        fc.array(call, { minLength: 20, maxLength: 160 }).chain((calls) =>
          fc.record({
            calls: fc.constant(calls),
            shuffled: fc.shuffledSubarray(calls, { minLength: calls.length }),
            steps: fc.array(step, { minLength: 1, maxLength: 30 }),
          }),
        ),
        ({ calls, shuffled, steps }) => {
          const atOnce = new Desk();
          atOnce.add(calls);
          const expected = atOnce.finish();
          opened += expected.length;

          const piecemeal = new Desk();
          const rest = [...shuffled];
          for (const { size, evaluations } of steps) {
            piecemeal.add(rest.splice(0, size));
            for (const { from, wanted } of evaluations) piecemeal.evaluate(from, wanted);
          }
          piecemeal.add(rest);
          expect(piecemeal.finish()).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
    expect(opened).toBeGreaterThan(300);
  });
});

describe('what is judged', () => {
  const pairs = [
    ...signalsOf(
      [0, 1, 3, 9].map((minute) => callAt(at(minute))),
      policy,
    ).pairs.values(),
  ];
  const mark = (minute: number, appendedAt = APPENDED): DirtyMinute => ({
    agreementId: '148383',
    minute: first + minute,
    appendedAt,
  });
  const judgedMinutes: number[] = [];
  const spy = (isMonotone: boolean): Rule => ({
    ...(RULES.find((rule) => rule.signals === 'pair') as Extract<Rule, { signals: 'pair' }>),
    isMonotone,
    judge: (_rows: unknown, _policy: unknown, minute: number) => {
      judgedMinutes.push(minute - first);
      return null;
    },
  });
  const judged = (dirty: DirtyMinute[], isMonotone: boolean, closedBefore: number) => {
    judgedMinutes.length = 0;
    const docket = { integrationId: 'isv_eksempel', dirty, pairs, routes: [], closedBefore };
    judge(docket, policy, [spy(isMonotone)]);
    return [...judgedMinutes];
  };

  it('is the dirty minute and those with rows whose window holds it, oldest first', () => {
    expect(judged([mark(1)], true, 0)).toEqual([1, 3]);
    expect(judged([mark(9), mark(0)], true, 0)).toEqual([0, 1, 3, 9]);
    expect(judged([mark(5)], true, 0)).toEqual([]);
  });

  it('waits for closed minutes where more calls could lower the verdict', () => {
    expect(judged([mark(0)], false, first + 3)).toEqual([0, 1]);
    expect(isJudged(mark(0), first + 3, policy, [spy(false)])).toBe(false);
    expect(isJudged(mark(0), first + 4, policy, [spy(false)])).toBe(true);
    expect(isJudged(mark(0), 0, policy, [spy(true)])).toBe(true);
  });

  it('is dated by the newest record within the window, not by records outside it', () => {
    const calls = [0, 1].flatMap((minute) => [0, 1, 2].map((second) => callAt(at(minute, second))));
    const docket = {
      integrationId: 'isv_eksempel',
      dirty: [mark(0, at(2)), mark(1, at(3)), mark(2, at(700))],
      pairs: [...signalsOf(calls, policy).pairs.values()],
      routes: [],
      closedBefore: 0,
    };
    const [judgement] = judge(docket, policy);
    expect(judgement!.findings.map((finding) => finding.appendedAt)).toEqual([at(3)]);
  });
});
