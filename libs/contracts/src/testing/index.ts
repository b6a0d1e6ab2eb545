export * from './random.js';
export * from './sample-events.js';
