import type { ApiCallEvent, Breach } from '@taxameter/contracts';
import fc from 'fast-check';
import { breachKeyOf, type BreachDecision } from '../breach/decide-breach.js';
import { decideCases, type KeptCase } from '../breach/decide-cases.js';
import { settle, settledThrough, unsettle } from '../breach/settle.js';
import { onePolicy } from '../policy/policies.js';
import type { Policy } from '../policy/policy.js';
import { endOfRow, isIntegrationWide, RULES, ruleNamed } from '../rules/registry.js';
import { signalsOf } from '../signals/signals.js';
import { mergeSignals, NO_SIGNALS, SIGNAL_TABLE_NAMES, type Signals } from '../signals/tables.js';
import { callAt, CONTACTS } from '../signals/signals.testing.js';
import { minuteOf } from '../signals/minute.js';
import { judge, leftUntilClosed, minutesAround, needsAllAgreements, type DirtyMinute } from './judge.js';
import { policy, rowsOf, at, first, APPENDED } from './judge.testing.js';

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
    const marks = [...dirty, ...closed];
    const agreements = new Set(marks.map((mark) => mark.agreementId));
    const near = Object.fromEntries(
      SIGNAL_TABLE_NAMES.map((table) => [
        table,
        new Set(minutesAround(marks, onePolicy(this.policy), table)),
      ]),
    );
    const all = rowsOf(this.signals, (row, table) => near[table]!.has(row.minute));
    const rows = rowsOf(
      this.signals,
      (row, table) => near[table]!.has(row.minute) && agreements.has(row.agreementId),
    );
    const docket = {
      integrationId: 'isv_eksempel',
      dirty,
      closed,
      rows,
      allAgreements: needsAllAgreements(rows) ? all : null,
      settled: new Map(
        [...this.cases].map(([key, cases]) => [
          key,
          cases.flatMap((kept) => [kept.after, settledThrough(kept)].filter((minute) => minute !== null)),
        ]),
      ),
    };
    const left = leftUntilClosed(docket, onePolicy(this.policy));
    this.unclosed = [...this.unclosed.filter((mark) => !closed.includes(mark)), ...left];
    for (const { rule, subject, findings } of judge(docket, onePolicy(this.policy))) {
      const cases = this.cases.get(breachKeyOf(rule, subject)) ?? [];
      const breachId = `${breachKeyOf(rule, subject)} ${cases.length + 1}`;
      const context = { rule, subject, breachId };
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
      const through = endOfRow(ruleNamed(newest.breach.ruleId), minute);
      this.save(settle(newest, through, new Date(APPENDED)));
      this.settlements.set(key, [...(this.settlements.get(key) ?? []), through]);
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
      const isOfAll = isIntegrationWide(ruleNamed(newest.breach.ruleId));
      const agreements = isOfAll
        ? [...this.signals.pairs.values()].filter((row) => row.minute > through).map((row) => row.agreementId)
        : [newest.breach.scope.organizationId ?? ''];
      for (const agreementId of agreements) this.mark(agreementId, through + 1);
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
    // Most are of one agreement, so that it makes enough for the rule of a day.
    agreement: fc.constantFrom('148383', '148383', '148383', '200001'),
    route: fc.constantFrom(CONTACTS, '/v1/{organizationId}/invoices'),
    method: fc.constantFrom('GET' as const, 'GET' as const, 'POST' as const),
    durationMs: fc.integer({ min: 0, max: 70_000 }),
    status: fc.constantFrom(...Array<number>(10).fill(200), 404, 429),
    authScheme: fc.constantFrom(...Array<'bearer'>(20).fill('bearer'), 'apikey' as const),
    query: fc.record({ page: fc.constantFrom(0, 0, 1), hasChangesSince: fc.boolean() }),
  })
  .map(({ minute, second, agreement, ...data }) =>
    callAt(at(minute, second), { organizationId: agreement, ...data }),
  );

const callsOf = (minLength: number, maxLength: number) => fc.array(call, { minLength, maxLength });

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
        fc.oneof(callsOf(20, 160), callsOf(120, 160)).chain((calls) =>
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
