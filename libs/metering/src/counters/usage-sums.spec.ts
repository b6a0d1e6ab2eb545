import type { ApiCallEvent, SmsSentEvent } from '@taxameter/contracts';
import fc from 'fast-check';
import { call, sms } from '../events.testing.js';
import {
  CALL_KINDS,
  foldRoutes,
  MEASURES,
  sumUsage,
  type Measures,
  type PairRow,
  type UsageSums,
} from './usage-sums.js';

const timed = (event: ApiCallEvent | SmsSentEvent) => ({ event, time: new Date(event.time) });
const sum = (...events: (ApiCallEvent | SmsSentEvent)[]) => sumUsage(events.map(timed));
const smsIn = (rows: readonly PairRow[]) =>
  Object.fromEntries(rows.map((row) => [row.window, row.sms]).sort());
const OPERATIONS = ['list', 'item', 'write', 'action', 'file', 'auth', 'other'] as const;
const LEVELS = ['minutes', 'hours', 'days', 'quarters'] as const;

const folded = (measure: keyof Measures, figures: readonly number[]): number =>
  measure === 'durationMaxMs' ? Math.max(0, ...figures) : figures.reduce((sum, figure) => sum + figure, 0);

/** Rows added up by key, as the database does it, in key order. */
function added(parts: readonly UsageSums[]) {
  return LEVELS.map((level) => {
    const rows = new Map<string, PairRow>();
    for (const row of parts.flatMap((part): readonly PairRow[] => part[level])) {
      const dimensions = Object.entries(row).filter(([name]) => !MEASURES.includes(name as keyof Measures));
      const key = JSON.stringify(dimensions);
      const present = rows.get(key);
      const more = Object.fromEntries(
        MEASURES.map((measure) => [measure, folded(measure, [row[measure], present?.[measure] ?? 0])]),
      );
      rows.set(key, { ...row, ...more });
    }
    return [...rows].sort(([left], [right]) => (left < right ? -1 : 1));
  });
}

const instants = fc
  .integer({ min: Date.parse('2026-09-30T20:00:00Z'), max: Date.parse('2026-10-01T02:00:00Z') })
  .map((ms) => new Date(ms).toISOString());
const pairs = fc.record({
  integrationId: fc.constantFrom('isv_a', 'isv_b'),
  organizationId: fc.constantFrom('1', '2', null),
});
const events = fc.oneof(
  fc
    .tuple(
      instants,
      pairs,
      fc.record({
        status: fc.constantFrom(0, 200, 204, 302, 404, 429, 500, 503),
        durationMs: fc.maxSafeNat(),
        responseBytes: fc.option(fc.maxSafeNat()),
        route: fc.constantFrom('/v1/x', '/v1/y|z'),
        operation: fc.constantFrom(...OPERATIONS),
      }),
    )
    .map(([time, pair, more]) => call('c', time, { ...pair, ...more })),
  fc
    .tuple(instants, pairs, fc.record({ segments: fc.integer({ min: 1, max: 9 }), testMode: fc.boolean() }))
    .map(([time, pair, more]) => sms('m', time, { ...pair, ...more })),
);

describe('sums of usage', () => {
  it('are the same in any order and however the events are cut into batches', () => {
    const shuffled = fc
      .array(events, { maxLength: 60 })
      .chain((list) =>
        fc.tuple(
          fc.constant(list),
          fc.shuffledSubarray(list, { minLength: list.length }),
          fc.integer({ min: 0, max: list.length }),
        ),
      );
    fc.assert(
      fc.property(shuffled, ([list, mixed, cut]) => {
        expect(added([sum(...mixed.slice(0, cut)), sum(...mixed.slice(cut))])).toEqual(added([sum(...list)]));
      }),
    );
  });

  it('hold every event exactly once at each level', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 60 }), (list) => {
        const sums = sum(...list);
        for (const level of LEVELS) {
          const counted = sums[level].reduce((total, row) => total + row.calls + row.sms + row.smsTest, 0);
          expect(counted).toBe(list.length);
          for (const row of sums[level]) {
            expect(CALL_KINDS.reduce((total, kind) => total + row[kind], 0)).toBe(row.calls);
          }
        }
        for (const measure of MEASURES) {
          const [first, ...others] = LEVELS.map((level) =>
            folded(
              measure,
              sums[level].map((row) => row[measure]),
            ),
          );
          expect(others).toEqual([first, first, first]);
        }
      }),
    );
  });

  it('put an SMS of the last millisecond into Q3 and one of local midnight into Q4', () => {
    const { quarters, days } = sum(
      sms('last', '2026-09-30T21:59:59.999Z'),
      sms('first', '2026-09-30T22:00:00.000Z'),
    );
    expect(smsIn(quarters)).toEqual({ '2026-Q3': 1, '2026-Q4': 1 });
    expect(smsIn(days)).toEqual({ '2026-09-30': 1, '2026-10-01': 1 });
  });

  it('begin the year in Copenhagen, an hour before UTC does', () => {
    expect(smsIn(sum(sms('new year', '2026-12-31T23:00:00Z')).quarters)).toEqual({ '2027-Q1': 1 });
    expect(smsIn(sum(sms('old year', '2026-12-31T22:59:59.999Z')).quarters)).toEqual({ '2026-Q4': 1 });
  });

  it('go by the instant and not by the date as it is written', () => {
    const { quarters } = sum(sms('q4', '2026-10-01T00:30:00+02:00'), sms('q3', '2026-10-01T00:30:00+03:00'));
    expect(smsIn(quarters)).toEqual({ '2026-Q3': 1, '2026-Q4': 1 });
  });

  it('keep the two hours apart that both show 02:30 on the night of 25 October', () => {
    const { hours, days } = sum(sms('summer', '2026-10-25T00:30:00Z'), sms('winter', '2026-10-25T01:30:00Z'));
    expect(smsIn(hours)).toEqual({ '2026-10-25T00:00:00.000Z': 1, '2026-10-25T01:00:00.000Z': 1 });
    expect(smsIn(days)).toEqual({ '2026-10-25': 2 });
  });

  it('have no gap in the minutes of the night of 29 March', () => {
    const { minutes, days } = sum(
      call('a', '2026-03-29T00:59:59.999Z'),
      call('b', '2026-03-29T01:00:00Z'),
      call('c', '2026-03-29T01:01:00Z'),
    );
    expect(minutes.map((row) => row.window)).toEqual([
      '2026-03-29T00:59:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T01:01:00.000Z',
    ]);
    expect(days).toHaveLength(1);
  });

  it('never ask for the zone in which the process runs', () => {
    const local = ['getTimezoneOffset', 'getFullYear', 'getMonth', 'getDate', 'getDay', 'getHours'] as const;
    const originals = local.map((name) => [name, Date.prototype[name]] as const);
    for (const name of local) {
      Date.prototype[name] = () => {
        throw new Error(`${name} depends on the zone of the process`);
      };
    }
    try {
      expect(smsIn(sum(sms('first', '2026-09-30T22:00:00Z')).quarters)).toEqual({ '2026-Q4': 1 });
    } finally {
      for (const [name, original] of originals) Date.prototype[name] = original;
    }
  });

  it('split statuses into classes, with 429 inside 4xx and an aborted call in none', () => {
    const [row] = sum(
      ...[0, 200, 404, 429, 500].map((status) => call(`${status}`, '2026-10-05T07:00:00Z', { status })),
    ).minutes;
    expect(row).toMatchObject({ calls: 5, calls4xx: 2, calls429: 1, calls5xx: 1 });
  });

  it('put each kind of call into a measure of its own, and an SMS into none', () => {
    const calls = OPERATIONS.flatMap((operation, index) =>
      Array.from({ length: index + 1 }, (_, copy) =>
        call(`${operation} ${copy}`, '2026-10-05T07:00:00Z', { operation }),
      ),
    );
    expect(sum(...calls, sms('m', '2026-10-05T07:00:00Z')).quarters).toMatchObject([
      {
        ...{ calls: 28, sms: 1, callsList: 1, callsItem: 2, callsWrite: 3, callsAction: 4 },
        ...{ callsFile: 5, callsAuth: 6, callsOther: 7 },
      },
    ]);
  });

  it('know the slowest call, cut to a day', () => {
    const slow = (durationMs: number) => call(`${durationMs}`, '2026-10-05T07:00:00Z', { durationMs });
    expect(sum(slow(3), slow(70), slow(5)).minutes).toMatchObject([{ durationMs: 78, durationMaxMs: 70 }]);
    expect(sum(slow(2 ** 50)).quarters).toMatchObject([{ durationMaxMs: 86_400_000 }]);
  });

  it('count an SMS of three segments as one message, and one of test mode apart', () => {
    const [row] = sum(
      sms('long', '2026-10-05T07:00:00Z', { segments: 3 }),
      sms('test', '2026-10-05T07:00:01Z', { segments: 2, testMode: true }),
    ).minutes;
    expect(row).toMatchObject({ calls: 0, sms: 1, smsSegments: 3, smsTest: 1 });
  });

  it('are empty without events', () => {
    expect(sum()).toEqual({ minutes: [], hours: [], days: [], quarters: [] });
  });
});

describe('folded routes', () => {
  const on = (id: string, route: string, more: Partial<ApiCallEvent['data']> = {}) =>
    call(id, '2026-10-05T07:00:00Z', { route, ...more });
  const { hours } = sum(
    on('a', '/kept'),
    on('b', '/x/1', { durationMs: 40 }),
    on('c', '/x/2', { durationMs: 7 }),
    on('d', '/x/3', { status: 500 }),
    on('e', '/x/4', { organizationId: '2' }),
    on('f', '*'),
    sms('g', '2026-10-05T07:00:00Z'),
  );

  it('are one row for each agreement and status class, together with a route that is named so', () => {
    const rows = foldRoutes(hours, ({ route }) => route.startsWith('/x/'));
    expect(
      rows.map((row) => [row.route, row.agreementId, row.statusClass, row.calls, row.durationMaxMs]).sort(),
    ).toEqual([
      ['*', '1', 2, 3, 40],
      ['*', '1', 5, 1, 10],
      ['*', '2', 2, 1, 10],
      ['', '1', 0, 0, 0],
      ['/kept', '1', 2, 1, 10],
    ]);
  });

  it('change nothing where none is', () => {
    expect(foldRoutes(hours, () => false).sort(byRoute)).toEqual([...hours].sort(byRoute));
  });
});

const byRoute = (left: { route: string }, right: { route: string }) => (left.route < right.route ? -1 : 1);
