import type { ApiCall } from '@taxameter/contracts';
import fc from 'fast-check';
import { defaultPolicy } from '../policy/default-policy.js';
import { signalsOf } from '../signals/signals.js';
import { callAt } from '../signals/signals.testing.js';
import { isAtLeast, NOON, sweepsAt, times } from './rules.testing.js';
import { judgeSmallPages } from './small-pages.js';

const row = (minutesBefore: number, smallPages: number, deepestSmallPage: number) =>
  sweepsAt(minutesBefore, { smallPages, deepestSmallPage });
const judge = (...rows: ReturnType<typeof row>[]) => judgeSmallPages(rows, defaultPolicy, NOON);
/** What is found in lists fetched at noon with these queries. */
const judgeCalls = (...calls: readonly Partial<ApiCall>[]) =>
  judge(
    ...signalsOf(
      calls.map((data) => callAt('2026-09-30T12:00:10.000Z', data)),
      defaultPolicy,
    ).routes.values(),
  );
const pagesOf = (count: number, query: ApiCall['query'] = {}) =>
  times(count, {}).map((_, page) => ({ query: query && { page, ...query } }));

describe('SMALL_PAGES', () => {
  it.each([
    [9, null],
    [10, 'info'],
    [49, 'info'],
    [50, 'warning'],
    [5_000, 'warning'],
  ])('finds %d small pages to be %s', (pages, severity) => {
    expect(judgeCalls(...pagesOf(pages))?.severity ?? null).toBe(severity);
  });

  it('says nothing of who fetches the first page again and again, or one page far down', () => {
    expect(judge(row(0, 500, 1))).toBeNull();
    expect(judge(row(0, 1, 500))).toBeNull();
    expect(judge()).toBeNull();
  });

  it('takes pages without a size to be the 100 that the API gives, and 101 for no small page', () => {
    expect(judgeCalls(...pagesOf(10, { pageSize: null }))?.value).toBe(10);
    expect(judgeCalls(...pagesOf(10, { pageSize: 100 }))?.value).toBe(10);
    expect(judgeCalls(...pagesOf(10, { pageSize: 101 }))).toBeNull();
  });

  it('does not count a page of which nobody says how it was asked for, nor one that was not delivered', () => {
    expect(judgeCalls(...times(20, { query: null }))).toBeNull();
    expect(judgeCalls(...pagesOf(20).map((call) => ({ ...call, status: 429 })))).toBeNull();
    expect(judgeCalls(...pagesOf(20).map((call) => ({ ...call, operation: 'item' as const })))).toBeNull();
  });

  it('adds the pages of fifteen minutes, and not of the sixteenth', () => {
    expect(judge(row(0, 5, 10), row(14, 5, 5))?.value).toBe(10);
    expect(judge(row(0, 5, 10), row(15, 5, 5))).toBeNull();
  });

  it('reports how many pages deep it went, and the pages of each minute', () => {
    const verdict = judge(row(0, 30, 12), row(2, 4, 4))!;
    expect(verdict).toMatchObject({ severity: 'info', value: 12, unit: 'small pages', threshold: 10 });
    expect(verdict.evidence.map((line) => line.value)).toEqual([4, 30]);
  });

  it('never becomes milder by more pages, so that a running minute may be judged', () => {
    const minutes = fc.array(fc.tuple(fc.nat({ max: 8 }), fc.nat({ max: 80 })), {
      minLength: 15,
      maxLength: 15,
    });
    fc.assert(
      fc.property(minutes, minutes, (some, more) => {
        const before = some.map(([pages, deepest], index) => row(index, pages, deepest));
        const after = some.map(([pages, deepest], index) =>
          row(index, pages + more[index]![0], Math.max(deepest, more[index]![1])),
        );
        expect(isAtLeast(judge(...after), judge(...before))).toBe(true);
      }),
    );
  });
});
