import { validateEvent } from '@taxameter/contracts';
import { SmsRefused, describeSms } from './describe-sms.js';
import type { AcceptedSms } from './describe-sms.js';

const SMS: AcceptedSms = {
  integrationId: 'isv_a',
  organizationId: '148383',
  channel: 'send_sms',
  recipient: '+45 20 12 34 56',
  encoding: 'GSM7',
  characters: 143,
  segments: 1,
};
const describeIt = (more: Partial<AcceptedSms> = {}) =>
  describeSms(
    { ...SMS, ...more },
    {
      source: '/sms-service/a',
      newMessageId: 'sms_new',
      now: new Date('2026-09-30T22:00:00.000Z'),
      hash: (purpose, value, length) =>
        Buffer.from(`${purpose} ${value}`).toString('hex').padEnd(64, '0').slice(0, length),
    },
  );

describe('an accepted SMS', () => {
  it('is an event of the contract, without its number in clear', () => {
    const event = describeIt();
    expect(validateEvent(event).ok).toBe(true);
    expect(event).toMatchObject({
      id: 'sms_new',
      time: '2026-09-30T22:00:00.000Z',
      data: {
        messageId: 'sms_new',
        recipientCountry: 'DK',
        recipientMasked: '+45 20 ** ** 56',
        testMode: false,
      },
    });
    expect(JSON.stringify(event)).not.toMatch(/2012|1234|3456/);
  });

  it('keeps the key and the time that it is given', () => {
    const event = describeIt({ messageId: 'own-1', sentAt: new Date('2026-09-30T21:59:59.999Z') });
    expect([event.id, event.data.messageId, event.time]).toEqual([
      'own-1',
      'own-1',
      '2026-09-30T21:59:59.999Z',
    ]);
  });

  it.each([
    ['+298212345', 'FO', '+298 21 ** 45'],
    ['+299212345', 'GL', '+299 21 ** 45'],
    ['+491701234567', 'DE', '+49 17 ** ** ** 67'],
  ])('to %s is of %s', (recipient, recipientCountry, recipientMasked) => {
    const given = recipientCountry === 'DE' ? { recipientCountry } : {};
    expect(describeIt({ recipient, ...given }).data).toMatchObject({ recipientCountry, recipientMasked });
  });

  it.each([
    ['recipient', { recipient: '20123456' }],
    ['recipientCountry', { recipient: '+491701234567' }],
    ['segments', { segments: 0 }],
    ['integrationId', { integrationId: 'a b' }],
    ['messageId', { messageId: '' }],
  ])('is refused with the field %s named', (field, more) => {
    const refused = (() => {
      try {
        describeIt(more);
      } catch (error) {
        return error as SmsRefused;
      }
      return null;
    })();
    expect(refused).toBeInstanceOf(SmsRefused);
    expect([refused?.field, refused?.message.startsWith(field)]).toEqual([field, true]);
  });
});
