import type { ApiCallEvent, Breach } from '@taxameter/contracts';
import fc from 'fast-check';
import { breachKeyOf, type BreachDecision } from '../breach/decide-breach.js';
import { decideCases, type KeptCase } from '../breach/decide-cases.js';
import { settle, settledThrough, unsettle } from '../breach/settle.js';
import { defaultPolicy } from '../policy/default-policy.js';
import type { Policy } from '../policy/policy.js';
import { RULES, ruleNamed, type Rule } from '../rules/registry.js';
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

/** What the tables, the evaluator and those who settle cases do, without the database. */
class Desk {
  signals: Signals = NO_SIGNALS;
  dirty: DirtyMinute[] = [];
  unclosed: DirtyMinute[] = [];
  /** Of each key, oldest first. */
  readonly cases = new Map<string, KeptCase[]>();
  /** The minutes through which each key was settled, but for what was taken back. */
  readonly settlements = new Map<string, number[]>();

  constructor(private readonly policy: Policy) {}

  add(calls: Parameters<typeof signalsOf>[0]): void {
    const added = signalsOf(calls, this.policy);
    this.signals = mergeSignals(this.signals, added);
    for (const { agreementId, minute } of added.pairs.values()) this.mark(agreementId, minute);
  }

  private mark(agreementId: string, minute: number): void {
    if (this.dirty.some((mark) => mark.agreementId === agreementId && mark.minute === minute)) return;
    this.dirty.push({ agreementId, minute, appendedAt: APPENDED });
  }

  /**
   * Judges some of the marks, as many as `wanted`, beginning with the one at `from`, and the minutes that are
   * closed: those before `before`.
   */
  evaluate(before: number, from = 0, wanted = this.dirty.length): void {
    const dirty = this.dirty.splice(from % Math.max(1, this.dirty.length), wanted);
    const closed = this.unclosed.filter((mark) => mark.minute < before);
    const near = new Set(minutesAround([...dirty, ...closed], this.policy));
    const docket = {
      integrationId: 'isv_eksempel',
      dirty,
      closed,
      pairs: [...this.signals.pairs.values()].filter((row) => near.has(row.minute)),
      routes: [...this.signals.routes.values()].filter((row) => near.has(row.minute)),
      settled: new Map(
        [...this.cases].map(([key, cases]) => [
          key,
          cases.flatMap((kept) => [kept.after, settledThrough(kept)].filter((minute) => minute !== null)),
        ]),
      ),
    };
    const left = leftUntilClosed(docket, this.policy);
    this.unclosed = [...this.unclosed.filter((mark) => !closed.includes(mark)), ...left];
    for (const { rule, subject, findings } of judge(docket, this.policy)) {
      const cases = this.cases.get(breachKeyOf(rule, subject)) ?? [];
      const breachId = `${breachKeyOf(rule, subject)} ${cases.length + 1}`;
      const context = { rule, subject, policy: this.policy, breachId };
      for (const decision of decideCases(cases, findings, context)) this.save(decision);
    }
  }

  private save({ breach, peak, after }: BreachDecision): void {
    const cases = this.cases.get(breach.breachKey) ?? [];
    const place = cases.findIndex((kept) => kept.breach.breachId === breach.breachId);
    cases[place < 0 ? cases.length : place] = { breach, peak, after, ownedUntil: null };
    this.cases.set(breach.breachKey, cases);
  }

  /** Settles the open cases of these keys, of all where none are given. */
  settle(minute: number, keys: readonly string[] = [...this.cases.keys()]): void {
    for (const key of keys) {
      const newest = this.cases.get(key)?.at(-1);
      if (newest?.breach.state !== 'open') continue;
      this.save(settle(newest, minute, new Date(APPENDED)));
      this.settlements.set(key, [...(this.settlements.get(key) ?? []), minute]);
    }
  }

  /** Takes back what was settled last, where no call has opened it again. */
  takeBack(): void {
    for (const [key, cases] of this.cases) {
      const newest = cases.at(-1)!;
      if (newest.breach.state === 'open') continue;
      const through = settledThrough(newest)!;
      this.save(unsettle(newest, new Date(APPENDED)));
      this.settlements.set(key, this.settlements.get(key)!.slice(0, -1));
      this.mark(newest.breach.scope.organizationId ?? '', through + 1);
    }
  }

  finish() {
    while (this.dirty.length + this.unclosed.length > 0) this.evaluate(Number.MAX_SAFE_INTEGER);
    return [...this.cases.values()]
      .flat()
      .map(({ breach, peak, after }) => ({ ...told(breach), peak, after }))
      .sort(byKey);
  }
}

// Everything but what tells how often the case was told: the version.
function told({ version: _version, ...rest }: Breach) {
  return rest;
}
const byKey = (left: { breachId: string }, right: { breachId: string }) =>
  left.breachId < right.breachId ? -1 : 1;

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
          const atOnce = new Desk(policy);
          atOnce.add(calls);
          const expected = atOnce.finish();
          opened += expected.length;

          const piecemeal = new Desk(policy);
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

describe('the final cases around resolutions', () => {
  // Calls come in the order of their minutes, but for those that are late: by a little, or by a lot.
  const lateCall = fc
    .record({
      call,
      minute: fc.integer({ min: 0, max: 29 }),
      late: fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: 0, max: 3 }) },
        fc.integer({ min: 0, max: 40 }),
      ),
    })
    .map(({ call: { data }, minute, late }) => ({
      event: callAt(at(minute, 30), data),
      minute,
      arrival: minute + late,
    }));
  const step = fc.record({
    size: fc.integer({ min: 1, max: 25 }),
    evaluations: fc.array(fc.record({ from: fc.nat(20), wanted: fc.integer({ min: 1, max: 6 }) }), {
      maxLength: 3,
    }),
    then: fc.constantFrom('nothing', 'nothing', 'settle', 'take back'),
    ahead: fc.integer({ min: 0, max: 2 }),
  });
  const days = fc.record({
    calls: fc.array(lateCall, { minLength: 60, maxLength: 260 }),
    steps: fc.array(step, { minLength: 4, maxLength: 30 }),
  });
  type LateCall = typeof lateCall extends fc.Arbitrary<infer Value> ? Value : never;
  type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

  /** As it happens: calls as they arrive, evaluations and people at any moment. */
  function asItHappens(calls: readonly LateCall[], steps: readonly Step[], used: Policy): Desk {
    const desk = new Desk(used);
    const rest = calls.toSorted((left, right) => left.arrival - right.arrival);
    let newest = 0;
    for (const { size, evaluations, then, ahead } of steps) {
      const arrived = rest.splice(0, size);
      newest = Math.max(newest, ...arrived.map(({ minute }) => minute));
      desk.add(arrived.map(({ event }) => event));
      for (const { from, wanted } of evaluations) desk.evaluate(0, from, wanted);
      // No judged minute lies behind the one that is settled: `minuteToSettle`.
      if (then === 'settle') desk.settle(first + newest + ahead);
      if (then === 'take back') desk.takeBack();
    }
    desk.add(rest.map(({ event }) => event));
    return desk;
  }

  /** The same calls in the order of their minutes, all judged before anything is settled through a later one. */
  function inOrder(calls: readonly LateCall[], settlements: Desk['settlements'], used: Policy): Desk {
    const desk = new Desk(used);
    const minutes = [...new Set([...settlements.values()].flat())].sort((left, right) => left - right);
    let from = -Infinity;
    const add = (through: number) => {
      const own = calls.filter(({ minute }) => first + minute > from && first + minute <= through);
      desk.add(own.map(({ event }): ApiCallEvent => event));
      desk.finish();
      from = through;
    };
    for (const through of minutes) {
      add(through);
      const keys = [...settlements].filter(([, own]) => own.includes(through)).map(([key]) => key);
      desk.settle(through, keys);
    }
    add(Infinity);
    expect(Object.fromEntries(desk.settlements)).toEqual(
      Object.fromEntries([...settlements].filter(([, own]) => own.length > 0)),
    );
    return desk;
  }

  it('are the same whatever the order, the cut and the timing of calls, and of those who settle and take back', () => {
    const seen = { settled: 0, again: 0, resolved: 0 };
    fc.assert(
      fc.property(days, ({ calls, steps }) => {
        const desk = asItHappens(calls, steps, policy);
        const cases = desk.finish();
        expect(cases).toEqual(inOrder(calls, desk.settlements, policy).finish());
        seen.settled += [...desk.settlements.values()].flat().length;
        seen.again += cases.filter(({ occurrence }) => occurrence > 1).length;
        seen.resolved += cases.filter(({ state }) => state === 'resolved').length;
      }),
      { numRuns: 200 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(50);
  });

  it('have the same newest proof of each key, also where later calls open cases of their own', () => {
    const short = { ...policy, reopenWithinMs: 3 * 60_000 };
    const newest = (desk: Desk) => {
      desk.finish();
      return [...desk.cases.values()]
        .map((cases) => {
          const { breach, peak, after } = cases.at(-1)!;
          const { breachId: _1, occurrence: _2, openedAt: _3, ...proof } = told(breach);
          return { ...proof, peak, after, breachId: breach.breachKey };
        })
        .sort(byKey);
    };
    let others = 0;
    fc.assert(
      fc.property(days, ({ calls, steps }) => {
        const desk = asItHappens(calls, steps, short);
        expect(newest(desk)).toEqual(newest(inOrder(calls, desk.settlements, short)));
        others += [...desk.cases.values()].filter((cases) => cases.length > 1).length;
      }),
      { numRuns: 120 },
    );
    expect(others).toBeGreaterThan(50);
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
    return { integrationId: 'isv_eksempel', dirty, closed, pairs, routes: [], settled: new Map() };
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
      settled: new Map(),
    };
    const [judgement] = judge(docket, policy);
    expect(judgement!.findings.map((finding) => finding.appendedAt)).toEqual([at(3)]);
  });

  it('counts no call of a settled minute for a later one, and all of them for that minute itself', () => {
    const calls = [0, 1, 2, 3].flatMap((minute) =>
      [0, 1, 2].map((second) => callAt(at(minute, second), { route: '/none' })),
    );
    const judgedWith = (settled: number[]) => {
      const docket = {
        integrationId: 'isv_eksempel',
        dirty: [0, 1, 2, 3].map((minute) => mark(minute)),
        pairs: [...signalsOf(calls, policy).pairs.values()],
        routes: [],
        closed: [],
        settled: new Map([
          ['RATE_MINUTE:isv_eksempel:148383', settled],
          ['RATE_MINUTE:isv_eksempel:200001', [first + 1]],
        ]),
      };
      return judge(docket, policy, [ruleNamed('RATE_MINUTE')]).flatMap(({ findings }) =>
        findings.map(({ verdict }) => minuteOf(verdict.windowEnd) - 1 - first),
      );
    };
    expect(judgedWith([])).toEqual([1, 2, 3]);
    expect(judgedWith([first + 1])).toEqual([1, 3]);
    expect(judgedWith([first + 2])).toEqual([1, 2]);
  });
});
