import { startKafkaRooms } from '../event-log/contract/kafka-rooms.testing.js';
import { probeRoom } from '../event-log/contract/probe-room.consumer.js';
import { describeWithKafka, startTestRooms } from '../testing/index.js';
import { describeReplayContract } from './replay.contract.js';

describeReplayContract('table in PostgreSQL', () => startTestRooms([probeRoom]));

describeWithKafka('Kafka', (brokers) => {
  describeReplayContract('Kafka', () => startKafkaRooms([probeRoom], brokers()));
});
