import { sampleSms } from '@taxameter/contracts/testing';
import fc from 'fast-check';

import type { Policy } from '../policy/policy.js';
import { RULES } from '../rules/registry.js';
import { callAt, CONTACTS } from '../signals/signals.testing.js';
import { minuteOf } from '../signals/minute.js';
import { policy, at, first, type UsageEvent } from './judge.testing.js';
import { Desk, told, byKey } from './desk.testing.js';

const SEND_SMS = '/v1/{organizationId}/sms/{voucherGuid}/send-sms';
const missingScope = fc.constantFrom(null, 'missing_scope');
const apiCall = fc
  .record({
    minute: fc.integer({ min: 0, max: 14 }),
    second: fc.integer({ min: 0, max: 59 }),
    // Most are of one agreement, so that it makes enough for the rule of a day.
    agreement: fc.constantFrom('148383', '148383', '148383', '200001'),
    ...{
      route: fc.constantFrom(CONTACTS, '/v1/{organizationId}/invoices', SEND_SMS),
      errorReason: missingScope,
    },
    method: fc.constantFrom('GET' as const, 'GET' as const, 'POST' as const),
    durationMs: fc.integer({ min: 0, max: 70_000 }),
    status: fc.constantFrom(...Array<number>(12).fill(200), 404, 404, 429, 401, 403),
    retryAfterSec: fc.constantFrom(null, 30, 90, 240),
    authScheme: fc.constantFrom(...Array<'bearer'>(20).fill('bearer'), 'apikey' as const),
    enforced: fc.constantFrom(...Array<'none'>(8).fill('none'), 'block' as const),
    query: fc.record({
      page: fc.constantFrom(0, 0, 0, 0, 1, 2),
      hasChangesSince: fc.boolean(),
      changesSinceAgeSec: fc.constantFrom(99, 101),
    }),
    resourceHash: fc.constantFrom(null, null, null, '1', '2', '3', '4', '5'),
    responseHash: fc.constantFrom(null, 'a', 'b'),
  })
  .map(({ minute, second, agreement, ...data }) => {
    // Of one record, where it says of which.
    const item = data.resourceHash ? { operation: 'item' as const, route: `${data.route}/{guid}` } : {};
    return callAt(at(minute, second), { organizationId: agreement, ...data, ...item });
  });

// To one person and about one thing more often than not.
const sms = fc
  .record({
    minute: fc.integer({ min: 0, max: 14 }),
    second: fc.integer({ min: 0, max: 59 }),
    organizationId: fc.constantFrom('148383', '148383', '200001'),
    recipientHash: fc.constantFrom('a'.repeat(64), 'b'.repeat(64)),
    voucherGuid: fc.constantFrom('1bae9d36-27fd-46f8-a9d4-a63ebd3ca953', null),
    recipientCountry: fc.constantFrom('DK', 'DK', 'SE'),
  })
  .map(({ minute, second, ...data }) =>
    sampleSms('', at(minute, second), { integrationId: 'isv_eksempel', ...data }),
  );

const call: fc.Arbitrary<UsageEvent> = fc.oneof(
  { weight: 9, arbitrary: apiCall },
  { weight: 1, arbitrary: sms },
);

const callsOf = (minLength: number, maxLength: number) => fc.array(call, { minLength, maxLength });

/** Minutes after which the calls are over, and not all is quiet. */
const SOON = 16;

describe('the final cases', () => {
  it('are the same whatever the order, the cut into batches and the moments of evaluation', () => {
    const step = fc.record({
      size: fc.integer({ min: 1, max: 12 }),
      evaluations: fc.array(fc.record({ from: fc.nat(20), wanted: fc.integer({ min: 1, max: 6 }) }), {
        maxLength: 3,
      }),
    });
    let [opened, cleared, again] = [0, 0, 0];
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
          const early = atOnce.finish(first + SOON);
          const expected = atOnce.finish();
          opened += expected.length;
          cleared += atOnce.cleared;
          again += expected.filter(({ occurrence }) => occurrence > 1).length;

          const piecemeal = new Desk(policy);
          const rest = [...shuffled];
          for (const { size, evaluations } of steps) {
            piecemeal.add(rest.splice(0, size));
            // No call that is yet to come lies before this minute.
            const before = Math.min(first + SOON, ...rest.map(({ time }) => minuteOf(time)));
            for (const { from, wanted } of evaluations) piecemeal.evaluate(before, from, wanted);
          }
          piecemeal.add(rest);
          expect(piecemeal.finish(first + SOON)).toEqual(early);
          expect(piecemeal.finish()).toEqual(expected);
          for (const { ruleId } of expected) broken.add(ruleId);
        },
      ),
      { numRuns: 300 },
    );
    expect(opened).toBeGreaterThan(300);
    expect(Math.min(cleared, again)).toBeGreaterThan(100);
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
    .map(({ call: { time: _time, ...rest }, minute, late }) => ({
      event: { ...rest, time: at(minute, 30) },
      minute,
      arrival: minute + late,
    }));
  /** Minutes after which all calls are over. */
  const LATEST = 31;
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
    let [newest, present] = [0, 0];
    for (const { size, evaluations, then, ahead } of steps) {
      const arrived = rest.splice(0, size);
      newest = Math.max(newest, ...arrived.map(({ minute }) => minute));
      desk.add(arrived.map(({ event }) => event));
      const before = Math.min(first + LATEST, ...rest.map(({ minute }) => first + minute));
      for (const { from, wanted } of evaluations) desk.evaluate(before, from, wanted);
      // No judged minute lies behind the one that is settled: `minuteToSettle`.
      present = Math.max(present, first + newest + ahead);
      if (then === 'settle') desk.settle(present);
      if (then === 'take back') desk.takeBack(present);
    }
    desk.add(rest.map(({ event }) => event));
    return desk;
  }

  /**
   * The same calls in the order of their minutes, all judged before anything is settled through a later one, and as much of them closed
   * as was closed when it was settled.
   */
  function inOrder(calls: readonly LateCall[], happened: Desk, used: Policy): Desk {
    const desk = new Desk(used);
    const settled = [...happened.settlements].flatMap(([key, own]) => own.map((one) => ({ ...one, key })));
    // What was taken back comes first: of one minute, what was settled last is what stands.
    const people = [...happened.heldUp, ...settled].sort((left, right) => left.through - right.through);
    let from = -Infinity;
    const add = (through: number) => {
      const own = calls.filter(({ minute }) => first + minute > from && first + minute <= through);
      desk.add(own.map(({ event }) => event));
      from = through;
    };
    for (const { key, through, before, lookedBefore, ...rest } of people) {
      add(through);
      desk.finish(before, (looked) => (looked === key ? lookedBefore : 0));
      if ('present' in rest) desk.holdUp(key, rest.present);
      else desk.settle(through, [key]);
    }
    add(Infinity);
    const minutes = (map: Desk['settlements']) =>
      Object.fromEntries([...map].map(([key, own]) => [key, own.map(({ through }) => through)]));
    expect(minutes(desk.settlements)).toEqual(
      minutes(new Map([...happened.settlements].filter(([, own]) => own.length > 0))),
    );
    return desk;
  }

  it('are the same whatever the order, the cut and the timing of calls, and of those who settle and take back', () => {
    const seen = { settled: 0, again: 0, cleared: 0, manual: 0, heldUp: 0 };
    fc.assert(
      fc.property(days, ({ calls, steps }) => {
        const desk = asItHappens(calls, steps, policy);
        const cases = desk.finish();
        expect(cases).toEqual(inOrder(calls, desk, policy).finish());
        seen.settled += [...desk.settlements.values()].flat().length;
        seen.again += cases.filter(({ occurrence }) => occurrence > 1).length;
        seen.cleared += cases.filter(({ resolvedReason }) => resolvedReason === 'cleared').length;
        seen.manual += cases.filter(({ resolvedReason }) => resolvedReason === 'manual').length;
        seen.heldUp += desk.heldUp.length;
      }),
      { numRuns: 100, endOnFailure: true },
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
        expect(newest(desk)).toEqual(newest(inOrder(calls, desk, short)));
        others += [...desk.cases.values()].filter((cases) => cases.length > 1).length;
      }),
      { numRuns: 60, endOnFailure: true },
    );
    expect(others).toBeGreaterThan(50);
  });
});
