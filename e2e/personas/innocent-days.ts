import { DAY, HOUR, MINUTE, SECOND, TODAY, type Diary } from './diary.js';
import { changesOf, CONTACTS, INVOICES, itemOf, LISTS, pageOf, SEND_SMS, WRITE } from './calls.js';
import { INNOCENT, type PersonaKind } from './persona.js';

/** Those with an ordinary day. */

export const ORDINARY: readonly PersonaKind[] = [
  {
    name: 'asks-for-changes',
    does: 'asks three lists for their changes every five minutes, and fetches what has changed',
    count: 8,
    breaks: INNOCENT,
    live: (diary) => {
      const from = TODAY + diary.chance.between(0, 299) * SECOND;
      for (const [index, route] of LISTS.slice(0, 3).entries()) {
        diary.every(5 * MINUTE, from + index * 4 * SECOND, 12 * HOUR, changesOf(route, 310));
      }
      diary.every(17 * MINUTE, from, 12 * HOUR, () => itemOf(CONTACTS, diary.chance.hex()));
    },
  },
  {
    name: 'is-called-by-webhooks',
    does: 'is told what has changed and fetches just that',
    count: 8,
    breaks: INNOCENT,
    live: (diary) => {
      const changes = diary.chance.between(100, 250);
      for (let index = 0; index < changes; index += 1) {
        const atMs = TODAY + diary.chance.between(5 * 60, 18 * 60) * MINUTE + diary.chance.between(0, 59_999);
        diary.call(atMs, itemOf(LISTS[diary.chance.between(0, 3)]!, diary.chance.hex()));
      }
    },
  },
  {
    name: 'is-quiet',
    does: 'makes a handful of calls a day',
    count: 13,
    breaks: INNOCENT,
    live: (diary) => {
      const calls = diary.chance.between(3, 25);
      for (let index = 0; index < calls; index += 1) {
        const atMs = TODAY + diary.chance.between(0, DAY - 1);
        diary.call(atMs, diary.chance.between(0, 1) === 0 ? pageOf(CONTACTS) : WRITE);
      }
    },
  },
  {
    name: 'is-clicked-by-people',
    does: 'shows pages to people, each of which takes four to six calls at once',
    count: 7,
    breaks: INNOCENT,
    live: (diary) => {
      const pages = diary.chance.between(60, 120);
      for (let page = 0; page < pages; page += 1) {
        const atMs = TODAY + diary.chance.between(6 * 60, 15 * 60) * MINUTE + diary.chance.between(0, 59_999);
        const calls = diary.chance.between(4, 6);
        for (let index = 0; index < calls; index += 1) {
          const call = index === 0 ? changesOf(INVOICES, 86_400) : itemOf(CONTACTS, diary.chance.hex());
          diary.call(atMs + index * 30, { ...call, durationMs: diary.chance.between(80, 400) });
        }
      }
    },
  },
  {
    name: 'catches-up-every-night',
    does: 'asks once a night for what has changed since the night before',
    count: 5,
    breaks: INNOCENT,
    live: (diary) => {
      const from = diary.chance.minuteOfToday(0, 4);
      for (const [index, route] of LISTS.entries()) {
        for (let page = 0; page < 4; page += 1) {
          diary.call(from + (index * 4 + page) * 3 * SECOND, changesOf(route, 86_500, { page }));
        }
      }
    },
  },
  {
    name: 'reminds-on-the-1st',
    does: 'sends 320–480 reminders by SMS on the 1st at ten, and somewhat fewer on the 1st of each month before',
    count: 4,
    breaks: INNOCENT,
    live: (diary) => {
      // Summer time all the while: ten o'clock is 08:00 UTC.
      const reminders = diary.chance.between(320, 480);
      for (const [month, share] of [
        [6, 0.4],
        [7, 0.7],
        [8, 0.9],
        [9, 1],
      ] as const) {
        remind(diary, Date.UTC(2026, month, 1, 8), Math.floor(reminders * share));
      }
    },
  },
  {
    name: 'sends-some-sms',
    does: 'sends 20–60 SMS in the course of the day, some of them a second time an hour later',
    count: 5,
    breaks: INNOCENT,
    live: (diary) => {
      const messages = diary.chance.between(20, 60);
      for (let index = 0; index < messages; index += 1) {
        const atMs = TODAY + 7 * HOUR + index * 9 * MINUTE;
        const about = { recipientHash: diary.chance.hex(64), voucherGuid: diary.voucher() };
        diary.call(atMs, SEND_SMS);
        diary.sms(atMs + 300, about);
        if (index % 10 === 9) diary.sms(atMs + HOUR, { ...about, isReminder: true });
      }
    },
  },
  {
    name: 'tries-sms-in-test-mode',
    does: 'sends 250 SMS in test mode within an hour, to numbers of all countries',
    count: 3,
    breaks: INNOCENT,
    live: (diary) => {
      const from = TODAY + diary.chance.between(7, 15) * HOUR;
      const recipientHash = diary.chance.hex(64);
      for (let index = 0; index < 250; index += 1) {
        const recipientCountry = ['DK', 'SE', 'NO', 'DE'][index % 4]!;
        diary.sms(from + index * 14 * SECOND, { testMode: true, recipientCountry, recipientHash });
      }
    },
  },
  {
    name: 'mistypes-a-number',
    does: 'sends 60 SMS, of which two are refused for their numbers',
    count: 3,
    breaks: INNOCENT,
    live: (diary) => {
      const from = diary.chance.minuteOfToday(7, 15);
      for (let index = 0; index < 60; index += 1) {
        const atMs = from + index * 50 * SECOND;
        const isRefused = index % 30 === 7;
        diary.call(atMs, { ...SEND_SMS, status: isRefused ? 400 : 200 });
        if (!isRefused) diary.sms(atMs + 200);
      }
    },
  },
];

/** So many reminders within three quarters of an hour. */
function remind(diary: Diary, fromMs: number, messages: number): void {
  for (let index = 0; index < messages; index += 1) {
    diary.sms(fromMs + Math.floor((index * 45 * MINUTE) / messages), { isReminder: true });
  }
}
