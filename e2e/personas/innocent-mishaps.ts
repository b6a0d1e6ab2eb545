import { DAY, HOUR, MINUTE, SECOND, TODAY, type Diary } from './diary.js';
import { ACCOUNTS, changesOf, CONTACTS, INVOICES, itemOf, LISTS, pageOf, TOKEN, WRITE } from './calls.js';
import { INNOCENT, type PersonaKind } from './persona.js';

/** Those to whom something happens that is not their fault, or that they deal with as they should. */

export const UNLUCKY: readonly PersonaKind[] = [
  {
    name: 'has-a-customer-without-the-plan',
    does: 'is refused with 403 and code 48 at every call, as its customer has not bought the plan',
    count: 4,
    breaks: INNOCENT,
    live: (diary) => {
      const refused = { status: 403, errorCode: 48 };
      diary.every(6 * SECOND, diary.chance.minuteOfToday(5, 20), HOUR, (index) => ({
        ...itemOf(LISTS[index % LISTS.length]!, diary.chance.hex()),
        ...refused,
      }));
    },
  },
  {
    name: 'knows-of-no-block',
    does: 'is blocked, does not know it, and goes on at its normal 12–30 calls a minute',
    count: 4,
    breaks: INNOCENT,
    live: (diary) => {
      const perMinute = diary.chance.between(12, 30);
      const from = diary.chance.minuteOfToday(5, 20);
      diary.evenly(from, { minutes: 30, perMinute }, () => ({
        ...itemOf(CONTACTS, diary.chance.hex()),
        status: 403,
        enforced: 'block',
      }));
    },
  },
  {
    name: 'is-slowed-down',
    does: 'is slowed down by a restriction of ours, with 429 to every other call',
    count: 4,
    breaks: INNOCENT,
    live: (diary) => {
      const from = diary.chance.minuteOfToday(5, 20);
      diary.evenly(from, { minutes: 20, perMinute: 20 }, (index) => ({
        ...itemOf(CONTACTS, diary.chance.hex()),
        ...(index % 2 === 1 && { status: 429, enforced: 'throttle', retryAfterSec: 6 }),
      }));
    },
  },
  {
    name: 'loses-consents',
    does: 'works for 60 customers, 35 of whom have withdrawn their consent, and stops after one or two refusals each',
    count: 4,
    breaks: INNOCENT,
    live: (diary) => {
      const from = diary.chance.minuteOfToday(5, 20);
      for (let number = 0; number < 60; number += 1) {
        const status = number < 35 ? [401, 403][number % 2]! : 200;
        for (let attempt = 0; attempt < (status === 200 ? 6 : 1 + (number % 2)); attempt += 1) {
          const atMs = from + number * 20 * SECOND + attempt * 5 * MINUTE;
          diary.call(atMs, {
            ...changesOf(CONTACTS, 900),
            status,
            organizationId: diary.agreementNumber(number),
          });
        }
      }
    },
  },
  {
    name: 'meets-a-failing-platform',
    does: 'is answered with 500, 502 and 503 for half an hour and tries again, more and more seldom',
    count: 4,
    breaks: INNOCENT,
    live: (diary) => {
      const from = diary.chance.minuteOfToday(5, 20);
      diary.every(3 * SECOND, from, 30 * MINUTE, (index) => ({
        ...(index % 3 === 0 ? WRITE : itemOf(INVOICES, diary.chance.hex())),
        status: [500, 502, 503][diary.chance.between(0, 2)]!,
        durationMs: 5_000,
      }));
      for (let wait = 1; wait < 60; wait *= 2)
        diary.call(from + (30 + wait) * MINUTE, changesOf(CONTACTS, 3_600));
    },
  },
  {
    name: 'meets-a-slow-platform',
    does: 'makes four calls at a time, each of which takes the platform half a minute',
    count: 4,
    breaks: INNOCENT,
    live: (diary) => {
      const from = diary.chance.minuteOfToday(5, 20);
      for (let round = 0; round < 40; round += 1) {
        for (let worker = 0; worker < 4; worker += 1) {
          const atMs = from + round * 36 * SECOND + worker * SECOND;
          const durationMs = diary.chance.between(20, 34) * SECOND;
          diary.call(atMs, { ...itemOf(INVOICES, diary.chance.hex()), durationMs });
        }
      }
    },
  },
  {
    name: 'waits-after-429',
    does: 'is refused with 429 once, with one call on its way, waits as told and goes on at a fifth of the pace',
    count: 2,
    breaks: INNOCENT,
    live: (diary) => waitAfter429(diary, 1),
  },
  {
    name: 'waits-after-429-with-three-on-their-way',
    does: 'is refused with 429 once, with three calls on their way, and waits likewise',
    count: 2,
    breaks: INNOCENT,
    live: (diary) => waitAfter429(diary, 3),
  },
  {
    name: 'is-new-and-errs',
    does: 'is being written by somebody who gets 20–40 calls wrong on the first day',
    count: 4,
    breaks: INNOCENT,
    live: (diary) => {
      const calls = diary.chance.between(20, 40);
      const from = diary.chance.minuteOfToday(6, 14);
      diary.every(90 * SECOND, from, calls * 90 * SECOND, () => ({
        ...WRITE,
        status: [400, 404, 415, 422][diary.chance.between(0, 3)]!,
      }));
    },
  },
  {
    name: 'asks-what-may-not-be-there',
    does: 'looks up what may have been deleted, and is answered with 404 three times in a hundred',
    count: 4,
    breaks: INNOCENT,
    live: (diary) => {
      const from = diary.chance.minuteOfToday(5, 20);
      diary.evenly(from, { minutes: 30, perMinute: 15 }, (index) => ({
        ...itemOf(CONTACTS, diary.chance.hex()),
        status: index % 33 === 32 ? 404 : 200,
      }));
    },
  },
  {
    name: 'renews-tokens',
    does: 'renews the token of each of 150 customers every hour, all within a minute',
    count: 4,
    breaks: INNOCENT,
    live: (diary) => {
      const from = TODAY + diary.chance.between(0, 59) * MINUTE;
      for (let hour = 0; hour < 6; hour += 1) {
        for (let number = 0; number < 150; number += 1) {
          const organizationId = diary.agreementNumber(number);
          const startMs = from + hour * HOUR;
          diary.call(startMs + number * 300, {
            ...TOKEN,
            // A client tells who it is by its secret, which is how a token is asked for.
            authScheme: number % 2 === 0 ? 'basic' : 'none',
          });
          if (number % 10 === hour)
            diary.call(startMs + 2 * MINUTE, { ...changesOf(CONTACTS, 3_600), organizationId });
        }
      }
    },
  },
  {
    name: 'has-a-token-run-out',
    does: 'is refused with 401 once an hour, renews its token and calls again',
    count: 4,
    breaks: INNOCENT,
    live: (diary) => {
      diary.every(10 * MINUTE, TODAY + diary.chance.between(0, 9) * MINUTE, DAY, (index) => ({
        ...changesOf(INVOICES, 600),
        status: index % 6 === 5 ? 401 : 200,
      }));
    },
  },
  {
    name: 'exports-the-accounts',
    does: 'fetches once an hour a list that takes no filter and seldom changes',
    count: 4,
    breaks: INNOCENT,
    live: (diary) => {
      const same = { queryHash: diary.chance.hex(), responseHash: diary.chance.hex() };
      diary.every(HOUR, TODAY + diary.chance.between(0, 59) * MINUTE, DAY, { ...pageOf(ACCOUNTS), ...same });
    },
  },
];

/** Reaches the limit of the API in one minute, and obeys. @param onTheirWay calls made before the first 429 was there */
function waitAfter429(diary: Diary, onTheirWay: number): void {
  const from = diary.chance.minuteOfToday(5, 20);
  const item = () => itemOf(CONTACTS, diary.chance.hex());
  diary.evenly(from, { minutes: 1, perMinute: 99 }, item);
  for (let index = 0; index <= onTheirWay; index += 1) {
    const answer = { status: 429, retryAfterSec: 60, durationMs: 30 };
    diary.call(from + MINUTE + SECOND + index * 400, { ...item(), ...answer });
  }
  diary.evenly(from + 3 * MINUTE, { minutes: 12, perMinute: 20 }, item);
}
