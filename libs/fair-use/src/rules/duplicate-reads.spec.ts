import type { ApiCall } from '@taxameter/contracts';
import { defaultPolicy } from '../policy/default-policy.js';
import { COUNTED_SET_LIMIT } from '../signals/measure.js';
import { signalsOf } from '../signals/signals.js';
import { callAt } from '../signals/signals.testing.js';
import { hasRepeats, judgeDuplicateReads } from './duplicate-reads.js';
import { NOON, sweepsAt, times } from './rules.testing.js';

const row = (minutesBefore: number, equalAnswers: Record<string, number>) =>
  sweepsAt(minutesBefore, { equalAnswers });
const judge = (...rows: ReturnType<typeof row>[]) => judgeDuplicateReads(rows, defaultPolicy, NOON);

const hash = (value: number) => value.toString(16).padStart(8, '0').padEnd(16, '0');
const SAME: Partial<ApiCall> = { queryHash: hash(1), resourceHash: null, responseHash: hash(2) };
const judgeCalls = (...calls: readonly Partial<ApiCall>[]) =>
  judge(
    ...signalsOf(
      calls.map((data) => callAt('2026-09-30T12:00:10.000Z', data)),
      defaultPolicy,
    ).routes.values(),
  );

describe('DUPLICATE_READS', () => {
  it.each([
    [19, null],
    [20, 'info'],
    [49, 'info'],
    [50, 'warning'],
    [199, 'warning'],
    [200, 'error'],
  ])('finds the same answer %d times to be %s', (count, severity) => {
    expect(judgeCalls(...times(count, SAME))?.severity ?? null).toBe(severity);
  });

  it.each([
    ['another question', { queryHash: hash(9) }],
    ['another record', { resourceHash: hash(9) }],
    ['another answer', { responseHash: hash(9) }],
    ['an answer of which nobody says what it was', { responseHash: null }],
    ['a refusal', { status: 404 }],
    ['what is no GET', { method: 'POST' as const }],
    ['what our own restriction answered', { enforced: 'throttle' as const }],
  ])('does not add %s', (_, other) => {
    expect(judgeCalls(...times(19, SAME), ...times(19, { ...SAME, ...other }))).toBeNull();
    expect(judgeCalls(...times(19, SAME), SAME, { ...SAME, ...other })?.value).toBe(20);
  });

  it('does not take a record for a question with the same hash', () => {
    const record = { ...SAME, queryHash: null, resourceHash: hash(1) };
    expect(judgeCalls(...times(19, SAME), ...times(19, record))).toBeNull();
  });

  it('adds the minutes of ten, and not of the eleventh', () => {
    expect(judge(row(0, { a: 10 }), row(9, { a: 10, b: 12 }))?.value).toBe(20);
    expect(judge(row(0, { a: 10 }), row(10, { a: 10 }))).toBeNull();
  });

  it('says nothing of who reads nothing, or everything once', () => {
    expect(judge()).toBeNull();
    const different = times(1_000, SAME).map((call, index) => ({ ...call, responseHash: hash(index) }));
    expect(judgeCalls(...different)).toBeNull();
  });

  it('may forget a question when too many others are asked, which is why it waits for closed minutes', () => {
    const last = times(20, { ...SAME, responseHash: hash(5_000) });
    const others = times(COUNTED_SET_LIMIT, SAME).map((call, index) => ({
      ...call,
      responseHash: hash(index),
    }));
    expect(judgeCalls(...last, ...others.slice(1))?.value).toBe(20);
    expect(judgeCalls(...last, ...others)).toBeNull();
  });

  it('has a minute wait only where something was asked more than once', () => {
    expect([{}, { a: 1, b: 1 }, { a: 1, b: 2 }].map((answers) => hasRepeats(row(0, answers)))).toEqual([
      false,
      false,
      true,
    ]);
    const { windowMinutes, thresholds } = defaultPolicy.rules.DUPLICATE_READS;
    expect(Math.min(...Object.values(thresholds))).toBeGreaterThan(windowMinutes);
  });

  it('reports the question that was asked most, and the minutes in which it was', () => {
    const verdict = judge(row(0, { a: 12, b: 3 }), row(1, { b: 30 }), row(4, { a: 11 }))!;
    expect(verdict).toMatchObject({ severity: 'info', value: 33, unit: 'equal answers', threshold: 20 });
    expect(verdict.evidence.map((line) => line.value)).toEqual([30, 3]);
  });
});
