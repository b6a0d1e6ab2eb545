import { TOPICS } from '@taxameter/contracts';
import { auditRooms } from '../audit/audit.service.js';
import { parseConfiguration } from '../configuration.js';
import { describeWithKafka, startTestRooms, type TestRooms } from '../testing/index.js';
import { call, record } from './contract/event-log.contract.js';
import { startKafkaRooms } from './contract/kafka-rooms.testing.js';
import { probeRoom } from './contract/probe-room.consumer.js';

/** What the switch `COMPARE_CALL_BODIES` does, from the log to the audit. */

const COMPARING = { COMPARE_CALL_BODIES: 'true' };

let rooms: TestRooms;

afterEach(() => rooms?.stop());

const append = async (...events: ReturnType<typeof call>[]) => {
  for (const event of events) await rooms.producer.append([record('isv_a|1', event)]);
  await rooms.settle();
};
const sql = <Row>(text: string) => rooms.databases.get('probe')!.query<Row[]>(text);

/** The same call twice, then under its id another one: in a batch with it as in a later one. */
async function sendChanged(): Promise<void> {
  await append(call('once', '/first'), call('once', '/first'), call('once', '/other'));
  await append(call('once', '/later'), call('once', '/first'));
}

async function account() {
  const { partitions } = await rooms.system.accounting();
  const { read, counted, duplicate, quarantined } = partitions.find(
    ({ topic, read: any }) => topic === TOPICS.apiCalls.name && any > 0,
  )!;
  return { read, counted, duplicate, quarantined };
}

async function expectComparison(settings: Record<string, string>): Promise<void> {
  await sendChanged();
  expect(await account()).toEqual({ read: 5, counted: 1, duplicate: 2, quarantined: 2 });
  expect(await sql('select what from effect')).toEqual([{ what: '/first' }]);
  const kept = await sql<{ reason: string; detail: string; bytes: Buffer }>(
    'select reason, detail, bytes from quarantine order by "offset"',
  );
  expect(kept).toMatchObject(
    Array(2).fill({ reason: 'conflicting_duplicate', detail: expect.stringContaining('another body') }),
  );
  expect(kept.map(({ bytes }) => bytes.toString()).join()).toMatch(/other.*later/);
  const configuration = parseConfiguration({ DATABASE_URL: rooms.databaseUrl, ...settings });
  expect((await auditRooms([probeRoom], configuration, {})).differences).toEqual([]);
}

describe('a call that comes again with another body', () => {
  it('is a duplicate as long as nobody asks for more', async () => {
    rooms = await startTestRooms([probeRoom]);
    await sendChanged();
    expect(await account()).toEqual({ read: 5, counted: 1, duplicate: 4, quarantined: 0 });
    expect(await sql('select from seen_call where body_hash is not null')).toEqual([]);
  });

  it('is quarantined where bodies are compared, and the audit agrees, whatever its own setting', async () => {
    rooms = await startTestRooms([probeRoom], { settings: COMPARING });
    await expectComparison({});
  });

  it('is never counted by a replay, which says why', async () => {
    rooms = await startTestRooms([probeRoom], { settings: COMPARING });
    await append(call('once', '/first'), call('once', '/other'));
    const [item] = await sql('select topic, partition, "offset", index from quarantine');
    const { body } = await rooms.call('ops', 'POST', '/v1/quarantine/replay', {
      body: { room: 'probe', reason: 'to see', items: [item] },
    });
    expect(body.items).toMatchObject([{ outcome: 'still_bad', found: 'conflicting_duplicate' }]);
    expect(await sql('select what from effect')).toEqual([{ what: '/first' }]);
  });
});

describeWithKafka('over Kafka', (brokers) => {
  it('a call that comes again with another body is quarantined where bodies are compared', async () => {
    const kafka = await startKafkaRooms([probeRoom], brokers(), { settings: COMPARING });
    rooms = kafka;
    await expectComparison({ KAFKA_BROKERS: brokers(), TOPIC_PREFIX: kafka.prefix });
  });
});
