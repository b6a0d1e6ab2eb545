export * from './kafka-available.service.js';
export * from './kafka-broker.service.js';
export * from './test-database.service.js';
export * from './test-rooms.service.js';
export { faultEvents, faultMoments, faultRounds } from './fault-rounds.service.js';
export { mendKafkajs } from '../event-log/kafkajs-mends.service.js';
export { processRecords, readPosition } from '../event-log/process-records.service.js';
export { subscriptionsOf } from './subscriptions-of.service.js';
