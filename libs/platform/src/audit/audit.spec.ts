import { deleteRecordsBelow, specKafka, startKafkaRooms } from '../event-log/contract/kafka-rooms.testing.js';
import { probeRoom } from '../event-log/contract/probe-room.consumer.js';
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
        const admin = specKafka(brokers()).admin();
        await admin.connect();
        await deleteRecordsBelow(admin, rooms.prefix + topic, { partition, offset: below });
        await admin.disconnect();
      },
    };
  });
});
