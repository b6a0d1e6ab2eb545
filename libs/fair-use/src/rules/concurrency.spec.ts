import fc from 'fast-check';
import { defaultPolicy } from '../policy/default-policy.js';
import { signalsOf } from '../signals/signals.js';
import { callAt } from '../signals/signals.testing.js';
import { judgeConcurrency } from './concurrency.js';
import { isAtLeast, minutesOf, NOON, times } from './rules.testing.js';

const judge = (highest: readonly number[]) =>
  judgeConcurrency(
    minutesOf(highest.map((calls) => ({ inFlightBySlot: [1, calls, ...times(10, 1)] }))),
    defaultPolicy,
    NOON,
  );
/** What is in flight at the middles of the slots of noon's minute, of calls [ms into it, how long they took]. */
const inFlight = (...calls: readonly (readonly [ms: number, durationMs: number])[]) => {
  const events = calls.map(([ms, durationMs]) =>
    callAt(new Date(NOON * 60_000 + ms).toISOString(), { durationMs }),
  );
  return [...signalsOf(events, defaultPolicy).pairs.values()].map((row) => row.inFlightBySlot);
};

describe('CONCURRENCY', () => {
  it.each([
    [5, null],
    [6, 'warning'],
    [10, 'warning'],
    [11, 'error'],
    [25, 'error'],
    [26, 'critical'],
  ])('finds %d calls at once, in three of ten minutes, to be %s', (calls, severity) => {
    expect(judge(times(3, calls))?.severity ?? null).toBe(severity);
  });

  it('forgives two minutes, however many calls, and forgets the eleventh', () => {
    expect(judge([...times(2, 5000), ...times(8, 5)])).toBeNull();
    expect(judge([6, 0, 0, 0, 6, 0, 0, 0, 0, 6])?.severity).toBe('warning');
    expect(judge([6, 0, 0, 0, 6, 0, 0, 0, 0, 0, 6])).toBeNull();
  });

  it('says nothing of an integration without calls, and of calls between the instants looked at', () => {
    expect(judge([])).toBeNull();
    const short = times(3, 0).flatMap((_, minute) =>
      times(100, 0).map(() => callAt(new Date((NOON - minute) * 60_000 + 3_000).toISOString())),
    );
    const rows = [...signalsOf(short, defaultPolicy).pairs.values()];
    expect(judgeConcurrency(rows, defaultPolicy, NOON)).toBeNull();
    expect(rows[0]!.inFlightBySlot).toEqual([]);
  });

  it('sees a call from its start until it is answered, and no longer', () => {
    const seen = (slot: number, calls = 1) => [
      times(12, 0).map((none, index) => (index === slot ? calls : none)),
    ];
    expect(inFlight([2_500, 1])).toEqual(seen(0));
    expect(inFlight([2_400, 100])).toEqual([[]]);
    expect(inFlight([2_400, 101])).toEqual(seen(0));
    expect(inFlight([2_501, 4_999])).toEqual([[]]);
    expect(inFlight([2_501, 5_000])).toEqual(seen(1));
    expect(inFlight([57_500, 0])).toEqual([[]]);
    expect(inFlight([57_000, 900_000], [57_400, 101])).toEqual(seen(11, 2));
  });

  it('never takes calls made one after the other for two at once', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 9_000 }), { minLength: 1, maxLength: 60 }), (durations) => {
        let ms = 0;
        const calls = durations.map((durationMs) => [(ms += durationMs) - durationMs, durationMs] as const);
        expect(Math.max(...inFlight(...calls).flat(), 0)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('reports the most that was in flight in each such minute', () => {
    const verdict = judge([300, 3, 7, 8, 5])!;
    expect(verdict).toMatchObject({ severity: 'warning', value: 7, unit: 'calls at once', threshold: 6 });
    expect(verdict.evidence.map((line) => line.value)).toEqual([300, 7, 8]);
  });

  it('never becomes milder by more calls, so that a running minute may be judged', () => {
    const minutes = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 10, maxLength: 10 });
    fc.assert(
      fc.property(minutes, minutes, (some, more) => {
        const after = some.map((calls, minute) => calls + more[minute]!);
        expect(isAtLeast(judge(after), judge(some))).toBe(true);
      }),
    );
  });
});
