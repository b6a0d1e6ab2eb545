import { TOPICS } from '@taxameter/contracts';
import { Kafka, logLevel } from 'kafkajs';
import { createTopics, readTopics } from '../event-log/kafka-topics.service.js';
import { describeWithKafka, describeWithOwnKafka } from './kafka-available.service.js';
import { startTestBroker } from './kafka-broker.service.js';

const ask = async (kafka: Kafka) => {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await admin.listTopics();
  } finally {
    await admin.disconnect();
  }
};
const clientOf = (brokers: string, more: object = {}) =>
  new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING, retry: { retries: 0 }, ...more });

describeWithKafka('the broker of the run', (brokers) => {
  it('is there before the first spec runs and does not make a topic that is only asked for', async () => {
    const kafka = clientOf(brokers());
    const producer = kafka.producer({ allowAutoTopicCreation: true });
    await producer.connect();
    const send = producer.send({ topic: 'nobody.made.this', messages: [{ value: 'x' }] });
    await expect(send).rejects.toThrow(/does not host this topic-partition/);
    await producer.disconnect();
    expect(await ask(kafka)).not.toContain('nobody.made.this');
  });
});

describeWithOwnKafka("a broker of one's own", () => {
  it('can be started twice at once, and stopping one leaves the other', async () => {
    const [one, two] = await Promise.all([startTestBroker(), startTestBroker()]);
    await one.stop();
    await expect(ask(clientOf(one.brokers))).rejects.toThrow(/ECONNREFUSED/);
    expect(await ask(clientOf(two.brokers))).toEqual([]);
    await two.stop();
  });

  it('keeps what was written when it is killed with -9 and started again', async () => {
    const broker = await startTestBroker();
    const kafka = clientOf(broker.brokers, { retry: { retries: 8 } });
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1 }], waitForLeaders: true });
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic: 'kept', acks: -1, messages: [{ value: 'x' }] });
    const before = broker.nodes[0]!.pid;
    await broker.nodes[0]!.kill('SIGKILL');
    await broker.nodes[0]!.restart();
    expect(broker.nodes[0]!.pid).not.toBe(before);
    expect(await admin.fetchTopicOffsets('kept')).toMatchObject([{ partition: 0, high: '1' }]);
    await Promise.all([producer.disconnect(), admin.disconnect()]);
    await broker.stop();
  });

  it('lets in at the second door only who knows the password', async () => {
    const broker = await startTestBroker();
    const sasl = (password: string) =>
      clientOf(broker.saslBrokers, {
        sasl: { mechanism: 'scram-sha-512', username: broker.login.username, password },
      });
    expect(await ask(sasl(broker.login.password))).toEqual([]);
    await expect(ask(sasl('guessed'))).rejects.toThrow(/invalid credentials/);
    const topics = (password: string) =>
      createTopics({
        brokers: [broker.saslBrokers],
        prefix: '',
        login: { mechanism: 'scram-sha-512', username: broker.login.username, password },
      });
    await expect(topics('guessed')).rejects.toThrow(/refuses the login: correct KAFKA_SASL_/);
    expect((await topics(broker.login.password)).differences).toEqual([]);
    await broker.stop();
  });

  it('starts three that go on taking acknowledged writes when one of them is killed', async () => {
    const cluster = await startTestBroker({ brokers: 3 });
    const made = await createTopics({ brokers: cluster.brokers.split(','), prefix: '' });
    expect(made.differences).toEqual([]);
    const kafka = clientOf(cluster.brokers, { retry: { retries: 8 } });
    const admin = kafka.admin();
    await admin.connect();
    const [found] = await readTopics(admin, [TOPICS.partners.name]);
    expect(found).toMatchObject({ copies: 3, settings: { 'min.insync.replicas': '2' } });
    const { topics } = await admin.fetchTopicMetadata({ topics: [TOPICS.partners.name] });
    const leader = topics[0]!.partitions[0]!.leader;
    await cluster.nodes.find(({ id }) => id === leader)!.kill('SIGKILL');

    const producer = kafka.producer({ retry: { retries: 20, maxRetryTime: 1_000 } });
    await producer.connect();
    const messages = [{ key: 'partner|p', value: 'x' }];
    const [answer] = await producer.send({ topic: TOPICS.partners.name, acks: -1, messages });
    expect(answer).toMatchObject({ partition: 0, errorCode: 0 });
    await Promise.all([producer.disconnect(), admin.disconnect()]);
    await cluster.stop();
  });
});
