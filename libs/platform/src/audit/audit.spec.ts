import { startKafkaRooms } from '../event-log/contract/kafka-rooms.testing.js';
import { probeRoom } from '../event-log/contract/probe-room.consumer.js';
import { kafkaClient } from '../event-log/kafka-client.service.js';
import { createLogger } from '../logging.service.js';
import { describeWithKafka, runSqlAsOwner, startTestRooms } from '../testing/index.js';
import { describeAuditContract } from './audit.contract.js';

describeAuditContract('table in PostgreSQL', async () => {
  const rooms = await startTestRooms([probeRoom]);
  return {
    rooms,
    settings: {},
    expire: (topic, partition, below) =>
      runSqlAsOwner(
        rooms.databaseUrl,
        `delete from event_log.log_record where topic = '${topic}' and partition = ${partition} and "offset" < ${below}`,
      ),
  };
});

describeWithKafka('Kafka', (brokers) => {
  describeAuditContract('Kafka', async () => {
    const rooms = await startKafkaRooms([probeRoom], brokers());
    return {
      rooms,
      settings: { KAFKA_BROKERS: brokers(), TOPIC_PREFIX: rooms.prefix },
      expire: async (topic, partition, below) => {
        const settings = { brokers: brokers().split(','), prefix: rooms.prefix, ssl: false, login: null };
        const admin = kafkaClient(settings, 'spec', createLogger('silent')).admin();
        await admin.connect();
        // kafkajs knows the leader only of topics that it was asked for.
        await admin.fetchTopicOffsets(rooms.prefix + topic);
        const partitions = [{ partition, offset: String(below) }];
        await admin.deleteTopicRecords({ topic: rooms.prefix + topic, partitions });
        await admin.disconnect();
      },
    };
  });
});
