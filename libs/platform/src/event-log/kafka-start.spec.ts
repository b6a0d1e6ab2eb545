import { TOPICS } from '@taxameter/contracts';
import { ConfigurationError } from '../configuration.js';
import {
  describeWithKafka,
  describeWithOwnKafka,
  startTestBroker,
  startTestRooms,
  type TestRooms,
} from '../testing/index.js';
import { call, record } from './contract/event-log.contract.js';
import { cleanedUpAfterEach, newPrefix, untilTrue } from './contract/kafka-rooms.testing.js';
import { probeRoom } from './contract/probe-room.consumer.js';
import { httpProbeRoom } from '../http/http-probe-room.testing.js';
import { createTopics } from './kafka-topics.service.js';

/** A Kafka that is not as it should be when a process starts: said in a sentence, tried again where that can help. */

const after = cleanedUpAfterEach();
const standing = { 'message.timestamp.type': 'CreateTime', 'retention.ms': '-1' };
const ready = async (rooms: TestRooms) => rooms.call('anonymous', 'GET', '/health/ready');
const becomesReady = (rooms: TestRooms) =>
  untilTrue(async () => (await ready(rooms)).status === 200, 40_000, 'ready');

describeWithKafka('a topic that does not exist at start', (brokers) => {
  it('is named with the command that makes it, and read as soon as it is there', async () => {
    const prefix = newPrefix();
    const rooms = await startTestRooms([probeRoom], {
      settings: { KAFKA_BROKERS: brokers(), TOPIC_PREFIX: prefix },
    });
    after(() => rooms.stop());
    await untilTrue(() => rooms.system.consumers().every(({ reason }) => reason?.includes('does not exist')));
    expect(rooms.system.consumers()[0]!.reason).toContain(`${prefix}${TOPICS.apiCalls.name} does not exist`);
    expect(rooms.system.consumers()[0]!.reason).toContain('taxameter topics create');
    const answer = await ready(rooms);
    expect(answer).toMatchObject({ status: 503, body: { type: 'urn:taxameter:problem:not-joined' } });
    expect((await rooms.call('anonymous', 'GET', '/health/live')).status).toBe(200);
    await expect(rooms.producer.append([record('isv_a|1', call('early'))])).rejects.toThrow(
      /does not exist .*taxameter topics create/,
    );
    await createTopics({ brokers: brokers().split(','), prefix, settings: standing });
    await becomesReady(rooms);
    await rooms.producer.append([record('isv_a|1', call('now'))]);
    await rooms.settle();
  });
});

describeWithKafka('a topic that a room only writes to', (brokers) => {
  it('is missed by health before the first event is refused', async () => {
    const prefix = newPrefix();
    const writing = { ...httpProbeRoom, writes: [TOPICS.apiCalls.name] };
    const rooms = await startTestRooms([writing], {
      settings: { KAFKA_BROKERS: brokers(), TOPIC_PREFIX: prefix },
    });
    after(() => rooms.stop());
    expect(await ready(rooms)).toMatchObject({
      status: 503,
      body: { detail: expect.stringMatching(/does not exist .*taxameter topics create/) as string },
    });
    await createTopics({ brokers: brokers().split(','), prefix, settings: standing });
    await becomesReady(rooms);
  });
});

describeWithOwnKafka('a broker', () => {
  it('that is away at start is waited for, and not pretended to be there', async () => {
    const broker = await startTestBroker();
    after(() => broker.stop());
    const prefix = newPrefix();
    await createTopics({ brokers: broker.brokers.split(','), prefix, settings: standing });
    await broker.nodes[0]!.kill('SIGKILL');
    const rooms = await startTestRooms([probeRoom], {
      settings: { KAFKA_BROKERS: broker.brokers, TOPIC_PREFIX: prefix },
    });
    after(() => rooms.stop());
    expect((await ready(rooms)).status).toBe(503);
    await untilTrue(() =>
      rooms.system.consumers().every(({ reason }) => reason?.includes('no Kafka broker')),
    );
    await expect(rooms.producer.append([record('isv_a|1', call('early'))])).rejects.toThrow(
      /no Kafka broker answers at 127\.0\.0\.1:\d+: start it, or correct KAFKA_BROKERS/,
    );
    await broker.nodes[0]!.restart();
    await becomesReady(rooms);
    await rooms.producer.append([record('isv_a|1', call('now'))]);
    await rooms.settle();
  });

  it('lets a process in with the right login, and ends its start with a sentence for a wrong one', async () => {
    const { saslBrokers, brokers, login, stop } = await startTestBroker();
    after(stop);
    const prefix = newPrefix();
    await createTopics({ brokers: brokers.split(','), prefix, settings: standing });
    const startWith = (password: string) =>
      startTestRooms([probeRoom], {
        settings: {
          KAFKA_BROKERS: saslBrokers,
          TOPIC_PREFIX: prefix,
          KAFKA_SASL_MECHANISM: 'scram-sha-512',
          KAFKA_SASL_USERNAME: login.username,
          KAFKA_SASL_PASSWORD: password,
        },
      });
    const wrong = startWith('wrong');
    await expect(wrong).rejects.toThrow(ConfigurationError);
    await expect(wrong).rejects.toThrow(/refuses the login: correct KAFKA_SASL_MECHANISM/);
    const rooms = await startWith(login.password);
    after(() => rooms.stop());
    await becomesReady(rooms);
    await rooms.producer.append([record('isv_a|1', call('let in'))]);
    await rooms.settle();
  });
});
