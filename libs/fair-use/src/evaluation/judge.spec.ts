import type { Breach } from '@taxameter/contracts';
import fc from 'fast-check';
import { breachKeyOf, decideBreach, type BreachCase } from '../breach/decide-breach.js';
import { defaultPolicy } from '../policy/default-policy.js';
import type { Policy } from '../policy/policy.js';
import { RULES, type Rule } from '../rules/registry.js';
import { mergeSignals, NO_SIGNALS, signalsOf, type Signals } from '../signals/signals.js';
import { callAt, CONTACTS } from '../signals/signals.testing.js';
import { minuteOf } from '../signals/minute.js';
import { closedBefore, judge, leftUntilClosed, minutesAround, type DirtyMinute } from './judge.js';

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
    BURST: {
      windowMinutes: 5,
      thresholds: { warning: { calls: 3, minutes: 1 }, error: { calls: 3, minutes: 2 } },
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
    ERROR_RATIO_4XX: { windowMinutes: 4, minCalls: 6, thresholds: { info: 30, warning: 40, error: 60 } },
    THROTTLED_RATIO: { windowMinutes: 3, minCalls: 4, thresholds: { info: 0, warning: 20, error: 50 } },
    POLLING_UNFILTERED: {
      windowMinutes: 6,
      thresholds: { info: 4, warning: 6, error: 9, critical: 14 },
    },
    POLLING_TOO_OFTEN: { windowMinutes: 5, thresholds: { info: 3, warning: 5 } },
  },
};

/** What the tables and the evaluator do, without the database. */
class Desk {
  signals: Signals = NO_SIGNALS;
  dirty: DirtyMinute[] = [];
  unclosed: DirtyMinute[] = [];
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

  /**
   * Judges some of the marks, as many as `wanted`, beginning with the one at `from`, and the minutes that are
   * closed: those before `before`.
   */
  evaluate(before: number, from = 0, wanted = this.dirty.length): void {
    const dirty = this.dirty.splice(from % Math.max(1, this.dirty.length), wanted);
    const closed = this.unclosed.filter((mark) => mark.minute < before);
    const near = new Set(minutesAround([...dirty, ...closed], policy));
    const docket = {
      integrationId: 'isv_eksempel',
      dirty,
      closed,
      pairs: [...this.signals.pairs.values()].filter((row) => near.has(row.minute)),
      routes: [...this.signals.routes.values()].filter((row) => near.has(row.minute)),
    };
    const left = leftUntilClosed(docket, policy);
    this.unclosed = [...this.unclosed.filter((mark) => !closed.includes(mark)), ...left];
    for (const { rule, subject, findings } of judge(docket, policy)) {
      const key = breachKeyOf(rule, subject);
      const context = { rule, subject, policy, breachId: key };
      const decision = decideBreach(this.cases.get(key) ?? null, findings, context);
      if (decision) this.cases.set(key, { breach: decision.breach, peak: decision.peak });
    }
  }

  finish() {
    while (this.dirty.length + this.unclosed.length > 0) this.evaluate(Number.MAX_SAFE_INTEGER);
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
    status: fc.constantFrom(...Array<number>(10).fill(200), 404, 429),
    query: fc.record({ page: fc.constantFrom(0, 0, 1), hasChangesSince: fc.boolean() }),
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
    const broken = new Set<string>();
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
            // No call that is yet to come lies before this minute.
            const before = Math.min(...rest.map(({ time }) => minuteOf(time)));
            for (const { from, wanted } of evaluations) piecemeal.evaluate(before, from, wanted);
          }
          piecemeal.add(rest);
          expect(piecemeal.finish()).toEqual(expected);
          for (const { ruleId } of expected) broken.add(ruleId);
        },
      ),
      { numRuns: 300 },
    );
    expect(opened).toBeGreaterThan(300);
    expect([...broken].sort()).toEqual(RULES.map(({ id }) => id).sort());
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
  const docketOf = (dirty: DirtyMinute[], closed: DirtyMinute[] = []) => {
    return { integrationId: 'isv_eksempel', dirty, closed, pairs, routes: [] };
  };
  const judged = (dirty: DirtyMinute[], closed: DirtyMinute[], isMonotone: boolean) => {
    judgedMinutes.length = 0;
    judge(docketOf(dirty, closed), policy, [spy(isMonotone)]);
    return [...judgedMinutes];
  };
  const left = (dirty: DirtyMinute[], rule: Rule) =>
    leftUntilClosed(docketOf(dirty), policy, [rule]).map(({ minute }) => minute - first);

  it('is the dirty minute and those with rows whose window holds it, oldest first', () => {
    expect(judged([mark(1)], [], true)).toEqual([1, 3]);
    expect(judged([mark(9), mark(0)], [], true)).toEqual([0, 1, 3, 9]);
    expect(judged([mark(5)], [], true)).toEqual([]);
  });

  it('is only what has closed, where more calls could lower the verdict', () => {
    expect(judged([mark(0)], [], false)).toEqual([]);
    expect(judged([mark(0)], [mark(1)], false)).toEqual([1]);
    expect(judged([], [mark(1)], true)).toEqual([]);
  });

  it('waits until it is closed: the same minutes, as long as there may be something to find', () => {
    expect(left([mark(1)], spy(false))).toEqual([1, 3]);
    expect(left([mark(1)], { ...spy(false), canCarry: () => false })).toEqual([]);
    const canCarry = ({ minute }: { minute: number }) => minute === first + 3;
    expect(left([mark(0), mark(9)], { ...spy(false), canCarry })).toEqual([3]);
    expect(left([mark(1)], spy(true))).toEqual([]);
  });

  it('closes two minutes after the log was read past it', () => {
    expect(closedBefore(new Date(at(5)), policy)).toBe(first + 3);
    expect(closedBefore(new Date(at(5, -1)), policy)).toBe(first + 2);
  });

  it('is dated by the newest record within the window, not by records outside it', () => {
    const calls = [0, 1].flatMap((minute) => [0, 1, 2].map((second) => callAt(at(minute, second))));
    const docket = {
      integrationId: 'isv_eksempel',
      dirty: [mark(0, at(2)), mark(1, at(3)), mark(2, at(700))],
      pairs: [...signalsOf(calls, policy).pairs.values()],
      routes: [],
      closed: [],
    };
    const [judgement] = judge(docket, policy);
    expect(judgement!.findings.map((finding) => finding.appendedAt)).toEqual([at(3)]);
  });
});
