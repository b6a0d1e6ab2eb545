import { HOUR, MINUTE, SECOND } from './diary.js';
import { ACCOUNTS, CONTACTS, itemOf, pageOf, WRITE } from './calls.js';
import type { PersonaKind } from './persona.js';

/** Those that call too much: each misbehaves for as short as its rule needs. */

const GUILTY = 3;

export const TOO_MUCH: readonly PersonaKind[] = [
  {
    name: 'hurries',
    does: 'calls one agreement 72–85 times a minute for six minutes',
    count: GUILTY,
    breaks: { RATE_MINUTE: 'warning' },
    live: (diary) => {
      const perMinute = diary.chance.between(72, 85);
      diary.evenly(diary.chance.minuteOfToday(6, 18), { minutes: 6, perMinute }, () =>
        itemOf(CONTACTS, diary.chance.hex()),
      );
    },
  },
  {
    name: 'hammers',
    does: 'calls one agreement as often as the API lets it, a hundred times a minute, for a quarter of an hour',
    count: GUILTY,
    breaks: { RATE_MINUTE: 'critical' },
    live: (diary) => {
      diary.evenly(diary.chance.minuteOfToday(6, 18), { minutes: 15, perMinute: 100 }, () =>
        itemOf(CONTACTS, diary.chance.hex()),
      );
    },
  },
  {
    name: 'fires-salvos',
    does: 'makes 55–70 calls within five seconds, one after the other, every two minutes',
    count: GUILTY,
    breaks: { BURST: 'error' },
    live: (diary) => {
      const from = diary.chance.minuteOfToday(6, 18);
      for (let salvo = 0; salvo < 4; salvo += 1) {
        const calls = diary.chance.between(55, 70);
        const slotMs = from + salvo * 2 * MINUTE + 20 * SECOND;
        for (let index = 0; index < calls; index += 1) {
          diary.call(slotMs + index * 70, { ...itemOf(CONTACTS, diary.chance.hex()), durationMs: 50 });
        }
      }
    },
  },
  {
    name: 'writes-without-pause',
    does: 'writes 43–48 times a minute for six minutes',
    count: GUILTY,
    breaks: { WRITE_RATE: 'warning' },
    live: (diary) => {
      const perMinute = diary.chance.between(43, 48);
      diary.evenly(diary.chance.minuteOfToday(6, 18), { minutes: 6, perMinute }, WRITE);
    },
  },
  {
    name: 'calls-side-by-side',
    does: 'has 12–16 calls in flight at once, in each of five minutes',
    count: GUILTY,
    breaks: { CONCURRENCY: 'error' },
    live: (diary) => {
      const from = diary.chance.minuteOfToday(6, 18);
      const abreast = diary.chance.between(12, 16);
      for (let minute = 0; minute < 5; minute += 1) {
        for (let worker = 0; worker < abreast; worker += 1) {
          const atMs = from + minute * MINUTE + 30 * SECOND + worker * 50;
          diary.call(atMs, { ...itemOf(CONTACTS, diary.chance.hex()), durationMs: 3_700 });
        }
      }
    },
  },
  {
    name: 'keeps-the-server-busy',
    does: 'has three heavy reports made at a time, minute after minute',
    count: GUILTY,
    breaks: { SERVER_TIME: 'info' },
    live: (diary) => {
      const from = diary.chance.minuteOfToday(6, 18);
      for (let minute = 0; minute < 7; minute += 1) {
        for (let worker = 0; worker < 3; worker += 1) {
          const durationMs = diary.chance.between(25, 40) * SECOND;
          diary.call(from + minute * MINUTE + worker * SECOND, { ...pageOf(ACCOUNTS), durationMs });
        }
      }
    },
  },
  {
    name: 'never-rests',
    does: 'stays below every limit of a minute, at 42 calls, for half the day',
    count: 1,
    breaks: { RATE_DAY: 'warning' },
    live: (diary) => {
      diary.evenly(diary.chance.minuteOfToday(1, 8), { minutes: 730, perMinute: 42 }, () =>
        itemOf(CONTACTS, diary.chance.hex()),
      );
    },
  },
  {
    name: 'rushes-on-all-agreements',
    does: 'calls six agreements 56 times a minute each, at the same time',
    count: 2,
    breaks: { RATE_INTEGRATION: 'warning' },
    live: (diary) => {
      const from = diary.chance.minuteOfToday(6, 18);
      for (let number = 0; number < 6; number += 1) {
        const organizationId = diary.agreementNumber(number);
        diary.evenly(from, { minutes: 6, perMinute: 56 }, () => ({
          ...itemOf(CONTACTS, diary.chance.hex()),
          organizationId,
        }));
      }
    },
  },
  {
    name: 'runs-into-the-limit',
    does: 'is refused with 429 again and again, and waits each time as it is told to',
    count: GUILTY,
    breaks: { THROTTLED_RATIO: 'warning' },
    live: (diary) => {
      const from = diary.chance.minuteOfToday(6, 18);
      for (let minute = 0; minute < 6; minute += 1) {
        const startMs = from + minute * MINUTE;
        for (let index = 0; index < 40; index += 1) {
          diary.call(startMs + index * 500, itemOf(CONTACTS, diary.chance.hex()));
        }
        // Two were on their way when the first answer came.
        for (let index = 0; index < 2; index += 1) {
          const refused = { status: 429, retryAfterSec: 35, durationMs: 20 };
          diary.call(startMs + 20 * SECOND + index * 300, {
            ...itemOf(CONTACTS, diary.chance.hex()),
            ...refused,
          });
        }
      }
    },
  },
  {
    name: 'ignores-429',
    does: 'is told to wait a minute, and calls on every second',
    count: GUILTY,
    breaks: { IGNORES_429: 'error' },
    live: (diary) => {
      const from = diary.chance.minuteOfToday(6, 18) + diary.chance.between(0, 59) * SECOND;
      for (let index = 0; index < 48; index += 1) {
        const answer = { status: 429, retryAfterSec: 60, durationMs: 15 };
        diary.call(from + index * SECOND, { ...itemOf(CONTACTS, diary.chance.hex()), ...answer });
      }
    },
  },
  {
    name: 'ignores-a-block-loudly',
    does: 'is blocked, and calls 110–130 times a minute for a quarter of an hour all the same',
    count: GUILTY,
    breaks: { IGNORES_BLOCK: 'error' },
    live: (diary) => {
      const perMinute = diary.chance.between(110, 130);
      const answer = { status: 403, enforced: 'block', durationMs: 3 } as const;
      diary.evenly(diary.chance.minuteOfToday(6, 18), { minutes: 13, perMinute }, () => ({
        ...itemOf(CONTACTS, diary.chance.hex()),
        ...answer,
      }));
    },
  },
  {
    name: 'repeats-what-failed',
    does: 'sends the same wrong call eight times a minute for an hour',
    count: GUILTY,
    breaks: { ERROR_RATIO_4XX: 'critical' },
    live: (diary) => {
      const status = [400, 404, 422][diary.chance.between(0, 2)]!;
      const from = diary.chance.minuteOfToday(6, 18);
      diary.every(7_200, from, HOUR, { ...WRITE, status, errorCode: 42 });
    },
  },
];
