import type { ApiCall } from '@taxameter/contracts';
import { randomOf, sampleSms } from '@taxameter/contracts/testing';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { fairUseRoom, NOW, recordsOf, smsRecordsOf } from '../fair-use.testing.js';
import { defaultPolicy } from '../policy/default-policy.js';
import { COUNTED_SET_LIMIT } from './measure.js';
import { signalsOf } from './signals.js';
import { smsSignalsOf } from './sms-signals.js';
import {
  columnsOf,
  mergeSignals,
  SIGNAL_TABLE_NAMES,
  SIGNAL_TABLES,
  type RouteKey,
  type SignalKey,
  type SignalRows,
  type SignalTableName,
} from './tables.js';
import { callAt, CONTACTS } from './signals.testing.js';

let rooms: TestRooms;
beforeAll(async () => {
  rooms = await startTestRooms([fairUseRoom], { now: NOW });
});
afterAll(async () => {
  await rooms?.stop();
});

const SMS = { method: 'POST', route: '/v1/{organizationId}/sms/{voucherGuid}/send-sms' } as const;

/** Calls of one agreement in two minutes that differ in all that a signal reads. */
function variedCalls(count: number) {
  const random = randomOf(7);
  const oneOf = <Value>(...values: Value[]) => values[random() % values.length]!;
  return Array.from({ length: count }, () => {
    const time = new Date(Date.parse('2026-10-05T07:00:00Z') + (random() % 120_000)).toISOString();
    return callAt(time, {
      ...oneOf<Partial<ApiCall>>({}, {}, { method: 'POST', operation: 'write' }, SMS),
      status: oneOf(200, 200, 200, 404, 429, 403),
      errorReason: oneOf(null, 'missing_scope'),
      durationMs: random() % 2_000,
      retryAfterSec: oneOf(null, 20, 90),
      authScheme: oneOf('bearer', 'bearer', 'apikey'),
      query: {
        page: random() % 9,
        pageSize: oneOf(50, 500),
        hasChangesSince: oneOf(true, false),
        changesSinceAgeSec: oneOf(60, 900_000),
      },
      enforced: oneOf('none', 'none', 'none', 'block'),
      // More of them in a minute than a row keeps.
      ...oneOf<Partial<ApiCall>>({}, { operation: 'item', route: `${CONTACTS}/{guid}` }),
      resourceHash: (random() % 400).toString(16).padStart(16, '0'),
      responseHash: `${(random() % 300).toString(16).padStart(8, '0')}00000000`,
    });
  });
}

/** SMS of one agreement in the same minutes, some sent again and some abroad. */
function variedSms(count: number) {
  const random = randomOf(11);
  const voucher = (number: number) => `1bae9d36-27fd-46f8-a9d4-${String(number).padStart(12, '0')}`;
  return Array.from({ length: count }, (_, index) =>
    sampleSms(
      `m${index}`,
      new Date(Date.parse('2026-10-05T07:00:00Z') + (random() % 120_000)).toISOString(),
      {
        integrationId: 'isv_eksempel',
        organizationId: '148383',
        voucherGuid: voucher(random() % 300),
        recipientCountry: random() % 3 === 0 ? 'SE' : 'DK',
      },
    ),
  );
}

const byKey = (left: Partial<RouteKey> & SignalKey, right: Partial<RouteKey> & SignalKey) =>
  left.minute - right.minute || (left.route ?? '').localeCompare(right.route ?? '');

it('adds batch by batch to the rows what calls and SMS say together, in every measure', async () => {
  const calls = variedCalls(6_000);
  const sms = variedSms(600);
  for (const [from, to] of [
    [0, 1],
    [1, 8],
    [8, 150],
    [150, 6_000],
  ] as const) {
    await rooms.producer.append(recordsOf(calls.slice(from, to), 7));
    await rooms.producer.append(smsRecordsOf(sms.slice(2 * from, 2 * to), 7));
    await rooms.settle();
  }
  const database = rooms.databases.get('fair-use')!;
  const expected = mergeSignals(signalsOf(calls, defaultPolicy), smsSignalsOf(sms, defaultPolicy));
  const kept = <Name extends SignalTableName>(name: Name) =>
    database.query<SignalRows[Name][]>(`select ${columnsOf(name)} from ${SIGNAL_TABLES[name].name}`);
  for (const name of SIGNAL_TABLE_NAMES) {
    expect((await kept(name)).sort(byKey)).toEqual([...expected[name].values()].sort(byKey));
  }
  const pairs = (await kept('pairs')).sort(byKey);
  const routes = await kept('routes');
  expect(Math.max(...routes.map((row) => Object.keys(row.equalAnswers).length))).toBe(COUNTED_SET_LIMIT);
  expect(Math.max(...routes.map((row) => row.deepestSmallPage))).toBe(9);
  expect(new Set(pairs[0]!.callsBySlot).size).toBeGreaterThan(3);
  const [ofMinute] = await kept('smsMinutes');
  expect(Object.keys(ofMinute!.sendings)).toHaveLength(COUNTED_SET_LIMIT);
  expect(new Set(pairs[0]!.inFlightBySlot).size).toBeGreaterThan(3);
  expect(new Set(pairs[0]!.waitSlots).size).toBeGreaterThan(1);
});
