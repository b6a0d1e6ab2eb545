export * from './kafka-available.service.js';
export * from './kafka-broker.service.js';
export * from './test-database.service.js';
export * from './test-rooms.service.js';
