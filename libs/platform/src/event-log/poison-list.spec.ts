import { FUTURE_TOLERANCE_MS, TOPICS } from '@taxameter/contracts';
import { shuffled } from '@taxameter/contracts/testing';
import { createHash } from 'node:crypto';
import { describeWithKafka } from '../testing/index.js';
import { faultMoments, faultRounds } from '../testing/fault-rounds.service.js';
import { call, record, sms } from './contract/event-log.contract.js';
import { startKafkaRooms, untilTrue, type KafkaRooms } from './contract/kafka-rooms.testing.js';
import { probeRoom } from './contract/probe-room.consumer.js';
import { STRUCTURED_CONTENT_TYPE, type NewRecord } from './record.js';

/** Every known poison at once among good events: nothing stands still, and each ends where it belongs, with its reason and bytes. */

const ROUNDS = faultRounds(1);
const GOOD = 300;
const DAY_MS = 86_400_000;
const below = faultMoments();
const encoder = new TextEncoder();
const deep = '['.repeat(20_000) + ']'.repeat(20_000);
const megabytes5 = 'x'.repeat(5_000_000);
/** Event times go by the broker's clock. */
const at = (offsetMs: number) => new Date(Date.now() + offsetMs).toISOString();
const soon = () => at(-60_000);

type Call = ReturnType<typeof call>;
/** A call whose JSON is changed as text: so it can say what JSON.stringify does not. */
const callAs = (id: string, change: (text: string) => string, event: Call = call(id, '/bad', soon())) =>
  change(JSON.stringify(event));
const withDuration = (figure: string) => (text: string) =>
  text.replace('"durationMs":10', `"durationMs":${figure}`);
const withRoute = (escaped: string) => (text: string) =>
  text.replace('"route":"/bad"', `"route":"${escaped}"`);
const asDeep = (text: string) => text.replace('"data":{', `"data":{"unknown":${deep},`);

const QUARANTINED: readonly (readonly [
  what: string,
  text: (id: string) => string,
  reason: string,
  field: string,
])[] = [
  ['half an object', () => '{"half', 'not_json', ''],
  ['an empty value', () => '', 'not_json', ''],
  ['no object', () => '17', 'not_an_event', ''],
  ['NaN', (id) => callAs(id, withDuration('NaN')), 'not_json', ''],
  ['1e309', (id) => callAs(id, withDuration('1e309')), 'breaks_schema', 'data.durationMs'],
  ['a negative figure', (id) => callAs(id, withDuration('-1')), 'breaks_schema', 'data.durationMs'],
  ['half a millisecond', (id) => callAs(id, withDuration('0.5')), 'breaks_schema', 'data.durationMs'],
  ['text for a number', (id) => callAs(id, withDuration('"10"')), 'breaks_schema', 'data.durationMs'],
  ['null for a number', (id) => callAs(id, withDuration('null')), 'breaks_schema', 'data.durationMs'],
  ['NUL, escaped', (id) => callAs(id, withRoute('/\\u0000')), 'breaks_schema', 'data.route'],
  ['NUL, as a byte', (id) => callAs(id, withRoute('/\0')), 'not_json', ''],
  ['half a surrogate pair', (id) => callAs(id, withRoute('/\\ud800')), 'breaks_schema', 'data.route'],
  ['a value of 5 MB', (id) => callAs(id, withRoute(megabytes5)), 'breaks_schema', 'data.route'],
  [
    '20,000 levels with a wrong figure',
    (id) => callAs(id, (text) => asDeep(withDuration('-1')(text))),
    'breaks_schema',
    'data.durationMs',
  ],
  [
    'an unknown type',
    (id) => JSON.stringify({ ...call(id), type: 'com.example.alien' }),
    'unknown_type',
    'type',
  ],
  ['an event of another topic', (id) => JSON.stringify(sms(id.replaceAll(' ', '-'))), 'wrong_topic', 'type'],
  ['the year 1970', (id) => JSON.stringify(call(id, '/bad', '1970-01-01T00:00:00Z')), 'too_late', 'time'],
  ['eight days ago', (id) => JSON.stringify(call(id, '/bad', at(-8 * DAY_MS))), 'too_late', 'time'],
  [
    'an hour ahead',
    (id) => JSON.stringify(call(id, '/bad', at(FUTURE_TOLERANCE_MS + 3_600_000))),
    'in_the_future',
    'time',
  ],
  [
    'the year 9999',
    (id) => JSON.stringify(call(id, '/bad', '9999-12-31T23:59:59Z')),
    'in_the_future',
    'time',
  ],
  [
    'a day that is none',
    (id) => JSON.stringify(call(id, '/bad', '2026-02-30T00:00:00Z')),
    'breaks_schema',
    'time',
  ],
];

/** Odd, and yet a call that counts. */
const COUNTED: readonly (readonly [what: string, text: (id: string) => string])[] = [
  ['20,000 levels that nobody reads', (id) => callAs(id, asDeep, call(id, `/good/${id}`, soon()))],
  [
    '5 MB that nobody reads',
    (id) =>
      callAs(
        id,
        (text) => text.replace('"data":{', `"data":{"unknown":"${megabytes5}",`),
        call(id, `/good/${id}`, soon()),
      ),
  ],
  [
    'an integration that nobody knows',
    (id) => callAs(id, (text) => text.replace('isv_a', 'isv_of_nobody'), call(id, `/good/${id}`, soon())),
  ],
];

const rawRecord = (text: string, key: string | null = `isv_${below(20)}|1`): NewRecord => ({
  ...record('isv_a|1', encoder.encode(text), STRUCTURED_CONTENT_TYPE, TOPICS.apiCalls),
  partition: below(TOPICS.apiCalls.partitions),
  key,
});

const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** What is written in one round, and what must come of it. */
function roundOf(round: number) {
  const goods = Array.from({ length: GOOD }, (_, index) => `${round} good ${index}`);
  const odd = COUNTED.map(([what, text]) => {
    const id = `${round} ${what}`;
    return { id, text: text(id) };
  });
  const bad = QUARANTINED.map(([what, text, reason, field]) => ({
    reason,
    field,
    text: text(`${round} ${what}`),
  }));
  const good = goods.map((id) => JSON.stringify(call(id, `/good/${id}`, soon())));
  const twice = shuffled(good, below).slice(0, 40);
  return {
    records: shuffled(
      [
        ...[...good, ...twice, ...odd.map(({ text }) => text), ...bad.map(({ text }) => text)].map((text) =>
          rawRecord(text),
        ),
        rawRecord(JSON.stringify(call(`${round} no key`, `/good/${round} no key`, soon())), null),
        { ...rawRecord(''), value: null },
        { ...rawRecord('', null), value: null },
      ],
      below,
    ),
    routes: [...goods, ...odd.map(({ id }) => id), `${round} no key`].map((id) => `/good/${id}`),
    quarantined: bad.map(({ reason, field, text }) => `${reason} ${field} ${digestOf(encoder.encode(text))}`),
    duplicate: twice.length,
    ignored: 2,
  };
}

describeWithKafka('a log full of poison', (brokers) => {
  let rooms: KafkaRooms;

  beforeAll(async () => {
    // With the log's own time, as in production; a record of 5 MB fits.
    rooms = await startKafkaRooms([probeRoom], brokers(), {
      asAgreed: true,
      topicSettings: { 'max.message.bytes': '6000000' },
    });
  });

  afterAll(() => rooms?.stop());

  it.each(Array.from({ length: ROUNDS }, (_, round) => [round + 1]))(
    'is read without standing still: good events count, each bad one has its reason and its bytes (%i)',
    async (number) => {
      const database = rooms.databases.get('probe')!;
      await database.query('delete from quarantine');
      await database.query('delete from effect');
      const accountOf = async () => {
        const { partitions } = await rooms.system.accounting();
        const names = ['read', 'counted', 'duplicate', 'quarantined', 'ignored', 'lag'] as const;
        return Object.fromEntries(
          names.map((name) => [name, partitions.reduce((sum, partition) => sum + partition[name], 0)]),
        );
      };
      const before = await accountOf();
      const round = roundOf(number);
      const standing = new Set<string>();
      await rooms.producer.append(round.records);
      await untilTrue(
        async () => {
          for (const { state, reason } of rooms.system.consumers())
            if (state !== 'running') standing.add(`${state}: ${reason}`);
          const account = await accountOf();
          return (
            standing.size > 0 ||
            (account['lag'] === 0 && account['read'] === before['read']! + round.records.length)
          );
        },
        60_000,
        'reading all',
      );
      expect([...standing]).toEqual([]);

      const effects = await database.query<{ what: string }[]>('select what from effect');
      expect(effects.map(({ what }) => what).sort()).toEqual([...round.routes].sort());
      const rows = await database.query<{ reason: string; field: string; bytes: Buffer }[]>(
        'select reason, field, bytes from quarantine',
      );
      expect(rows.map(({ reason, field, bytes }) => `${reason} ${field} ${digestOf(bytes)}`).sort()).toEqual(
        [...round.quarantined].sort(),
      );
      const after = await accountOf();
      const change = Object.fromEntries(
        Object.keys(after).map((name) => [name, after[name]! - before[name]!]),
      );
      expect(change).toEqual({
        ...{ read: round.records.length, counted: round.routes.length, duplicate: round.duplicate },
        ...{ quarantined: round.quarantined.length, ignored: round.ignored, lag: 0 },
      });
    },
    120_000,
  );
});
