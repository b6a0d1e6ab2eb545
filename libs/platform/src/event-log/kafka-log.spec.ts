import { describeWithKafka } from '../testing/index.js';
import { describeEventLogContract } from './contract/event-log.contract.js';
import { probeRoom } from './contract/probe-room.consumer.js';
import { startKafkaRooms } from './contract/kafka-rooms.testing.js';

describeWithKafka('Kafka', (brokers) => {
  describeEventLogContract('Kafka', async () => {
    const rooms = await startKafkaRooms([probeRoom], brokers());
    return {
      producer: rooms.producer,
      database: rooms.databases.get('probe')!,
      accounting: () => rooms.system.accounting(),
      settle: () => rooms.settle(),
      stop: () => rooms.stop(),
    };
  });
});
