import { sampleApiCall, sampleSms } from '@taxameter/contracts/testing';

/** Events as they come to the door, a minute before it is 8 o'clock; `data` may hold what no type allows. */

const TIME = '2026-10-05T07:59:00Z';

export const apiCallEvent = (id: string, data: object = {}) =>
  sampleApiCall(id, TIME, { organizationId: '148383', ...data });

export const smsEvent = (messageId: string, data: object = {}) => sampleSms(messageId, TIME, data);
