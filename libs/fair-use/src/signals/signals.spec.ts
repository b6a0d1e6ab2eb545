import fc from 'fast-check';
import type { ApiCall } from '@taxameter/contracts';
import { defaultPolicy } from '../policy/default-policy.js';
import { minuteOf, minuteStart } from './minute.js';
import { signalsOf } from './signals.js';
import { mergeSignals, NO_SIGNALS, SIGNAL_TABLE_NAMES, type Signals } from './tables.js';
import { callAt, CONTACTS } from './signals.testing.js';

const AT = '2026-09-30T21:59:30.000Z';

const signals = (...overrides: Partial<ApiCall>[]) =>
  signalsOf(
    overrides.map((data) => callAt(AT, data)),
    defaultPolicy,
  );
const callsIn = (found: Signals) => [...found.pairs.values()].reduce((sum, row) => sum + row.calls, 0);
const sweepsIn = (found: Signals, kind: 'unfilteredSweeps' | 'changesSinceSweeps' = 'unfilteredSweeps') =>
  [...found.routes.values()].reduce((sum, row) => sum + row[kind], 0);
const rows = (found: Signals) =>
  SIGNAL_TABLE_NAMES.map((name) =>
    [...found[name].entries()].sort(([left], [right]) => left.localeCompare(right)),
  );

describe('minutes', () => {
  it('put a call at :59.999 and one at :00.000 into different minutes', () => {
    const found = signalsOf(
      [callAt('2026-09-30T21:59:59.999Z'), callAt('2026-09-30T22:00:00.000Z')],
      defaultPolicy,
    );
    expect([...found.pairs.values()].map((row) => [minuteStart(row.minute), row.calls])).toEqual([
      ['2026-09-30T21:59:00.000Z', 1],
      ['2026-09-30T22:00:00.000Z', 1],
    ]);
  });

  it('follow the instant, not the local time as written', () => {
    expect(minuteOf('2026-10-01T00:30:00+02:00')).toBe(minuteOf('2026-09-30T22:30:00Z'));
  });

  it('run on without gap or repetition through the night when summer time ends', () => {
    expect(minuteOf('2026-10-25T01:00:00Z') - minuteOf('2026-10-25T00:59:00Z')).toBe(1);
    expect(minuteOf('2026-10-25T02:30:00+01:00') - minuteOf('2026-10-25T02:30:00+02:00')).toBe(60);
  });

  it('refuse text that is no instant', () => {
    expect(() => minuteOf('yesterday')).toThrow(RangeError);
  });
});

describe('calls', () => {
  it('count attempts, also those that the limit of the API answered with 429 or the client aborted', () => {
    expect(callsIn(signals({ status: 200 }, { status: 429 }, { status: 404 }, { status: 0 }))).toBe(4);
  });

  it('leave out what our own restriction answered', () => {
    expect(callsIn(signals({ enforced: 'throttle', status: 429 }, { enforced: 'block', status: 403 }))).toBe(
      0,
    );
  });

  it('leave out answers that are the fault of the platform', () => {
    expect(callsIn(signals({ status: 500 }, { status: 503 }))).toBe(0);
  });

  it('leave out calls of nobody', () => {
    const found = signals({ integrationId: 'unknown' });
    expect(callsIn(found) + sweepsIn(found)).toBe(0);
  });

  it('leave out tokens that are asked for without saying for whom: one for each of many customers is no haste', () => {
    const token = { operation: 'auth', method: 'POST', organizationId: null } as const;
    expect(callsIn(signals(token, { ...token, status: 401 }))).toBe(0);
    expect(callsIn(signals({ ...token, organizationId: '148383' }))).toBe(1);
  });

  it('keep calls without an agreement apart from those of an agreement', () => {
    const found = signals({ organizationId: null }, { organizationId: '148383' });
    expect([...found.pairs.values()].map((row) => row.agreementId)).toEqual(['', '148383']);
  });
});

describe('measures of a minute', () => {
  const measures = (...overrides: Partial<ApiCall>[]) => [...signals(...overrides).pairs.values()][0];

  it('count as writes what changes data, whatever came of it', () => {
    const found = measures(
      ...(['POST', 'PUT', 'PATCH', 'DELETE'] as const).map((method) => ({
        method,
        operation: 'write' as const,
      })),
      { method: 'POST', operation: 'action', status: 429 },
      ...(['GET', 'HEAD', 'OPTIONS'] as const).map((method) => ({ method })),
    );
    expect(found).toMatchObject({ calls: 8, writes: 5 });
  });

  it('do not count as a write a request for a token', () => {
    expect(measures({ method: 'POST', operation: 'auth' })).toMatchObject({ calls: 1, writes: 0 });
  });

  it('add the server time, of each call up to the end of its minute', () => {
    expect(measures({ durationMs: 400 }, { durationMs: 600 })?.serverTimeMs).toBe(1_000);
    // The calls begin half a minute before it ends.
    expect(measures({ durationMs: 30_000 }, { durationMs: 31_000 })?.serverTimeMs).toBe(60_000);
    expect(measures({ durationMs: Number.MAX_SAFE_INTEGER })?.serverTimeMs).toBe(30_000);
  });

  it('count as refused what would be refused again, and 429 by itself', () => {
    const found = measures(
      ...[400, 401, 403, 404, 422, 499].map((status) => ({ status })),
      ...[0, 200, 304, 399].map((status) => ({ status })),
      { status: 403, errorCode: 48 },
      { status: 404, errorCode: 48 },
      { status: 429 },
    );
    expect(found).toMatchObject({ calls: 13, clientErrors: 7, throttled: 1 });
  });

  it('count the calls of each slot of five seconds', () => {
    const found = signalsOf(
      ['00.000', '04.999', '05.000', '59.999'].map((second) => callAt(`2026-09-30T21:59:${second}Z`)),
      defaultPolicy,
    );
    const [row] = found.pairs.values();
    expect(row?.callsBySlot).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  });

  it('know no server time of what does not count against the partner', () => {
    expect(
      measures({ durationMs: 10 }, { durationMs: 50, status: 503 }, { durationMs: 50, enforced: 'throttle' }),
    ).toMatchObject({ calls: 1, serverTimeMs: 10 });
  });
});

describe('unfiltered sweeps', () => {
  it('count a list that is fetched without a filter, with page 0, page null or no page', () => {
    expect(sweepsIn(signals({ query: { page: 0 } }, { query: { page: null } }, { query: {} }))).toBe(3);
  });

  it('do not count a call of which nobody says how it was asked, nor one answered by 304', () => {
    const found = signals({ query: null }, { query: undefined }, { query: { page: 0 }, status: 304 });
    expect(sweepsIn(found)).toBe(0);
  });

  it('do not count the later pages of the same sweep', () => {
    expect(sweepsIn(signals({ query: { page: 1 } }, { query: { page: 2 } }))).toBe(0);
  });

  it('do not count a list with any filter', () => {
    const filtered = signals(
      { query: { hasChangesSince: true } },
      { query: { hasDateRange: true } },
      { query: { hasQueryFilter: true } },
    );
    expect(sweepsIn(filtered)).toBe(0);
    expect(callsIn(filtered)).toBe(3);
  });

  it('do not count a list that has no filter to use', () => {
    expect(sweepsIn(signals({ route: '/v1/{organizationId}/accounts/entry' }))).toBe(0);
  });

  it('do not count other operations, other methods, or what our own restriction answered', () => {
    expect(sweepsIn(signals({ operation: 'item' }, { method: 'HEAD' }, { enforced: 'throttle' }))).toBe(0);
  });

  it('do not count an answer that delivered no list', () => {
    expect(sweepsIn(signals({ status: 401 }, { status: 429 }, { status: 0 }, { status: 500 }))).toBe(0);
  });
});

describe('sweeps for changes', () => {
  const changes = { page: 0, hasChangesSince: true };
  const changesIn = (...overrides: Partial<ApiCall>[]) =>
    sweepsIn(signals(...overrides), 'changesSinceSweeps');

  it('count a list that is asked for its changes, whatever else narrows it', () => {
    expect(changesIn({ query: changes }, { query: { ...changes, hasDateRange: true } })).toBe(2);
    expect(sweepsIn(signals({ query: changes }))).toBe(0);
  });

  it('do not count other filters, later pages, other lists and answers that delivered no list', () => {
    expect(
      changesIn(
        { query: { page: 0, hasQueryFilter: true } },
        { query: { page: 0 } },
        { query: { ...changes, page: 1 } },
        { query: changes, route: '/v1/{organizationId}/accounts/entry' },
        { query: changes, status: 304 },
        { query: changes, status: 429 },
      ),
    ).toBe(0);
  });

  it('share the row of a route with the full fetches of the same minute', () => {
    const found = signals({ query: changes }, { query: { page: 0 } }, { query: changes });
    expect([...found.routes.values()]).toMatchObject([{ unfilteredSweeps: 1, changesSinceSweeps: 2 }]);
  });
});

describe('merging', () => {
  const call = fc.record({
    seconds: fc.integer({ min: 0, max: 600 }),
    integrationId: fc.constantFrom('isv_a', 'isv_b', 'unknown'),
    organizationId: fc.constantFrom('1', '2', null),
    route: fc.constantFrom(
      CONTACTS,
      '/v1.1/{organizationId}/contacts',
      '/v1/{organizationId}/accounts',
      `${CONTACTS}/{guid}`,
    ),
    enforced: fc.constantFrom('none' as const, 'block' as const),
    page: fc.constantFrom(0, 2, null),
    hasChangesSince: fc.boolean(),
    method: fc.constantFrom('GET' as const, 'POST' as const),
    operation: fc.constantFrom('list' as const, 'item' as const),
    resourceHash: fc.constantFrom(null, '00c1', '00c2'),
    responseHash: fc.constantFrom(null, '00a1', '00a2'),
    durationMs: fc.integer({ min: 0, max: 90_000 }),
    status: fc.constantFrom(200, 403, 404, 429, 503),
    retryAfterSec: fc.constantFrom(null, 20, 90),
    errorCode: fc.constantFrom(48, null),
    authScheme: fc.constantFrom('bearer' as const, 'apikey' as const),
  });
  const events = fc.array(call, { maxLength: 60 }).map((calls) =>
    calls.map(({ seconds, page, hasChangesSince, ...data }) =>
      callAt(new Date(Date.UTC(2026, 8, 30, 12) + seconds * 1000).toISOString(), {
        ...data,
        query: { page, hasChangesSince },
      }),
    ),
  );

  it('gives the same sums for any order and any cut into batches', () => {
    const cuts = fc.array(fc.nat({ max: 60 }), { maxLength: 5 });
    fc.assert(
      fc.property(events, cuts, fc.func(fc.integer()), (all, cutsAt, rank) => {
        const shuffled = [...all].sort((left, right) => rank(left.id) - rank(right.id));
        const bounds = [0, ...cutsAt.sort((left, right) => left - right), shuffled.length];
        const batches = bounds.map((start, index) =>
          shuffled.slice(start, bounds[index + 1] ?? shuffled.length),
        );
        const merged = batches
          .map((batch) => signalsOf(batch, defaultPolicy))
          .reduce(mergeSignals, NO_SIGNALS);
        // A bound beyond the end, or two equal ones, make empty batches; none makes an event appear twice.
        expect(batches.flat()).toHaveLength(all.length);
        expect(rows(merged)).toEqual(rows(signalsOf(all, defaultPolicy)));
      }),
    );
  });

  it('is commutative and associative, and changes neither side', () => {
    fc.assert(
      fc.property(events, events, events, (a, b, c) => {
        const [left, middle, right] = [a, b, c].map((batch) => signalsOf(batch, defaultPolicy)) as [
          Signals,
          Signals,
          Signals,
        ];
        const before = rows(left);
        expect(rows(mergeSignals(left, middle))).toEqual(rows(mergeSignals(middle, left)));
        expect(rows(mergeSignals(mergeSignals(left, middle), right))).toEqual(
          rows(mergeSignals(left, mergeSignals(middle, right))),
        );
        expect(rows(left)).toEqual(before);
      }),
    );
  });
});
