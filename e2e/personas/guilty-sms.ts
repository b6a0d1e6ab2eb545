import { MINUTE, SECOND } from './diary.js';
import { SEND_SMS } from './calls.js';
import type { PersonaKind } from './persona.js';

/** Those whose SMS cost money or break the terms. */

const GUILTY = 3;

export const WRONG_SMS: readonly PersonaKind[] = [
  {
    name: 'sends-abroad',
    does: 'sends 12–20 SMS to numbers in Sweden and Germany',
    count: GUILTY,
    breaks: { SMS_FOREIGN: 'error' },
    live: (diary) => {
      const from = diary.chance.minuteOfToday(8, 16);
      const messages = diary.chance.between(12, 20);
      for (let index = 0; index < messages; index += 1) {
        diary.sms(from + index * 3 * MINUTE, { recipientCountry: index % 3 === 0 ? 'DE' : 'SE' });
      }
    },
  },
  {
    name: 'floods-with-sms',
    does: 'sends 650–750 SMS within an hour and never sent many before',
    count: GUILTY,
    breaks: { SMS_SPIKE: 'error' },
    live: (diary) => {
      const hourMs = diary.chance.minuteOfToday(8, 16);
      const from = hourMs - (hourMs % (60 * MINUTE));
      const messages = diary.chance.between(650, 750);
      for (let index = 0; index < messages; index += 1) diary.sms(from + index * 4_500);
    },
  },
  {
    name: 'sends-the-same-sms-again',
    does: 'sends one reminder to the same customer 12–15 times in some minutes',
    count: GUILTY,
    breaks: { SMS_REPEAT: 'error' },
    live: (diary) => {
      const same = { recipientHash: diary.chance.hex(64), voucherGuid: diary.voucher(), isReminder: true };
      const from = diary.chance.minuteOfToday(8, 16);
      const messages = diary.chance.between(12, 15);
      for (let index = 0; index < messages; index += 1) diary.sms(from + index * 25 * SECOND, same);
    },
  },
  {
    name: 'does-not-check-numbers',
    does: 'has two of five SMS refused, as their numbers are none',
    count: GUILTY,
    breaks: { SMS_INVALID: 'error' },
    live: (diary) => {
      const from = diary.chance.minuteOfToday(8, 16);
      for (let index = 0; index < 40; index += 1) {
        const atMs = from + index * 40 * SECOND;
        const isRefused = index % 5 < 2;
        diary.call(atMs, { ...SEND_SMS, status: isRefused ? 400 : 200 });
        if (!isRefused) diary.sms(atMs + 200);
      }
    },
  },
];
