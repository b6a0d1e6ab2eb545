/** The public door of the emitter: the access-log importer, and its command. */

export { importAccessLog, importEvents } from './import/import-access-log.service.js';
export type { ImportProgress } from './import/import-access-log.service.js';
export { ImportRefused } from './import/import-options.js';
export type { ImportOptions } from './import/import-options.js';
export type { ImportReport, LineProblem } from './import/import-report.js';
export { registerImportCommand } from './import/import.command.js';
export type { ImportCommandContext } from './import/import.command.js';
export { EventSender } from './send/event-sender.service.js';
export { SendingFailed } from './send/post-batch.service.js';
export type { Door, DoorAnswer, Retry } from './send/post-batch.service.js';
