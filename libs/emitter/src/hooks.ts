/** What the entries of all frameworks have in common. */

export { Emitter, startEmitter } from './emitter.service.js';
export type { EmitterStats } from './emitter.service.js';
export type { Caller, Details } from './calls/write-call.js';
export type { HookSettings } from './calls/observe.service.js';
export { NotStored } from './outbox/outbox.service.js';
export type { Judgement } from './restrictions/gate.service.js';
export type { EmitterSettings } from './settings.js';
export { SmsRefused } from './sms/describe-sms.js';
export type { AcceptedSms } from './sms/describe-sms.js';
