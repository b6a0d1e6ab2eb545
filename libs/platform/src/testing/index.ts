export * from './test-database.service.js';
export * from './test-rooms.service.js';
