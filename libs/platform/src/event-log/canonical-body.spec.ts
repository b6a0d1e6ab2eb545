import { canonicalBody } from './canonical-body.js';
import { sms } from './contract/event-log.contract.js';

const body = (more: object = {}, data: object = {}) => {
  const event = sms('m_1');
  return canonicalBody({ ...event, ...more, data: { ...event.data, ...data } });
};
const first = body();

describe('canonicalBody', () => {
  it.each<[string, object, object]>([
    ['another source', { source: '/sms-service/b' }, {}],
    ['another CloudEvents id', { id: 'other' }, {}],
    ['the same instant with an offset', { time: '2026-09-30T23:59:59.999+02:00' }, {}],
    ['an unknown field', { trace: 'x' }, { carrier: 'y' }],
    ['null where a field may be absent', {}, { voucherGuid: null }],
    ['undefined where a field may be absent', {}, { isReminder: undefined }],
    ['a subject', { subject: 'isv_a' }, {}],
  ])('is the same with %s', (_, more, data) => {
    expect(body(more, data)).toBe(first);
  });

  it('is the same whatever the order of the fields', () => {
    const event = sms('m_1');
    const data = Object.fromEntries(Object.entries(event.data).reverse());
    expect(canonicalBody({ ...event, data })).toBe(first);
  });

  it.each<[string, object, object]>([
    ['more segments', {}, { segments: 3 }],
    ['another agreement', {}, { organizationId: '2' }],
    ['no agreement', {}, { organizationId: null }],
    ['a millisecond later', { time: '2026-09-30T22:00:00.000Z' }, {}],
    ['test mode', {}, { testMode: true }],
    ['false where the field was absent', {}, { isReminder: false }],
    ['another message id', {}, { messageId: 'm_2' }],
  ])('differs with %s', (_, more, data) => {
    expect(body(more, data)).not.toBe(first);
  });

  it('does not take a list for an object with the same words', () => {
    const event = { ...sms('m_1'), type: 'com.example.alien' };
    expect(canonicalBody({ ...event, data: ['a'] })).not.toBe(canonicalBody({ ...event, data: 'a' }));
  });
});
