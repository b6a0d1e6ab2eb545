import {
  recommendedCallsPerMinute,
  recommendedCallsPerSlot,
  recommendedMinutesBetweenChanges,
  recommendedMinutesBetweenSweeps,
  recommendedMsBetweenWrites,
  recommendedRefusals,
  recommendedServerTimeMs,
} from '../../libs/fair-use/src/guidance/recommendations.js';
import { defaultPolicy } from '../../libs/fair-use/src/policy/default-policy.js';
import { DAY, HOUR, MINUTE, SECOND, TODAY, type CallData, type Diary } from './diary.js';
import { ACCOUNTS, changesOf, CONTACTS, INVOICES, itemOf, LISTS, pageOf, WRITE } from './calls.js';
import { INNOCENT, type PersonaKind } from './persona.js';

/** Those that call much, and do nothing wrong. */

const PER_MINUTE = recommendedCallsPerMinute(defaultPolicy);

export const BUSY_AND_FAIR: readonly PersonaKind[] = [
  {
    name: 'obeys-to-the-letter',
    does: 'uses up every piece of our advice, without a break, for 24 hours',
    count: 1,
    breaks: INNOCENT,
    live: obey,
  },
  {
    name: 'obeys-all-at-once',
    does: 'makes the calls that we advise for a minute in salvos as large as we advise, for two hours',
    count: 2,
    breaks: INNOCENT,
    live: (diary) => {
      const from = diary.chance.minuteOfToday(1, 20) + 17 * SECOND;
      const atOnce = recommendedCallsPerSlot(defaultPolicy);
      for (let minute = 0; minute < 120; minute += 1) {
        for (let index = 0; index < PER_MINUTE; index += 1) {
          const salvoMs = Math.floor(index / atOnce) * 20 * SECOND;
          const call = { ...itemOf(CONTACTS, diary.chance.hex()), durationMs: 40 };
          diary.call(from + minute * MINUTE + salvoMs + (index % atOnce) * 50, call);
        }
      }
    },
  },
  {
    name: 'has-300-agreements',
    does: 'works for 300 customers, each of whom it treats well, and for all of them at once in the morning',
    count: 1,
    breaks: INNOCENT,
    live: (diary) => {
      for (let number = 0; number < 300; number += 1) {
        const organizationId = diary.agreementNumber(number);
        diary.every(HOUR, TODAY + number * 3 * SECOND, DAY, (index) => ({
          ...changesOf(LISTS[index % LISTS.length]!, 3_600),
          organizationId,
        }));
        // 7 × 300 calls a minute are many, and each customer's are few.
        diary.evenly(TODAY + 6 * HOUR, { minutes: 6, perMinute: 7 }, () => ({
          ...itemOf(INVOICES, diary.chance.hex()),
          organizationId,
        }));
      }
    },
  },
  {
    name: 'invoices-at-month-end',
    does: 'writes 400–600 invoices on the 1st, as quickly as we advise',
    count: 5,
    breaks: INNOCENT,
    live: (diary) => {
      const gapMs = Math.max(recommendedMsBetweenWrites(defaultPolicy), Math.ceil(MINUTE / PER_MINUTE));
      const from = diary.chance.minuteOfToday(5, 9);
      const invoices = diary.chance.between(400, 600);
      for (let index = 0; index < invoices; index += 1) diary.call(from + index * gapMs, WRITE);
    },
  },
  {
    name: 'hurries-for-four-minutes',
    does: 'writes a batch at 75–95 calls a minute, and is done after four minutes',
    count: 4,
    breaks: INNOCENT,
    live: (diary) => {
      const perMinute = diary.chance.between(75, 95);
      diary.evenly(diary.chance.minuteOfToday(5, 18), { minutes: 4, perMinute }, WRITE);
    },
  },
  {
    name: 'syncs-for-the-first-time',
    does: 'fetches everything for the first time, at the pace that we advise and on the largest pages',
    count: 4,
    breaks: INNOCENT,
    live: (diary) => {
      const from = diary.chance.minuteOfToday(1, 20);
      const pages = diary.chance.between(60, 90);
      diary.evenly(from, { minutes: Math.ceil((4 * pages) / PER_MINUTE), perMinute: PER_MINUTE }, (index) =>
        pageOf(LISTS[Math.floor(index / pages) % LISTS.length]!, { page: index % pages }),
      );
    },
  },
  {
    name: 'backs-up-at-night',
    does: 'copies all lists at night, on pages of a thousand',
    count: 4,
    breaks: INNOCENT,
    live: (diary) => {
      const from = diary.chance.minuteOfToday(0, 4);
      diary.evenly(from, { minutes: 20, perMinute: 20 }, (index) => ({
        ...pageOf([...LISTS, ACCOUNTS][Math.floor(index / 80)]!, { page: index % 80 }),
        responseHash: diary.chance.hex(),
        durationMs: diary.chance.between(400, 1_500),
      }));
    },
  },
];

/** Every piece of advice at its limit at once: pace, gaps, pages, time of the server, refusals. */
function obey(diary: Diary): void {
  const gapMs = MINUTE / PER_MINUTE;
  const durationMs = Math.floor((recommendedServerTimeMs(defaultPolicy) / MINUTE) * gapMs);
  const { minCalls } = defaultPolicy.rules.ERROR_RATIO_4XX;
  const refusals = recommendedRefusals(defaultPolicy);
  const fullMs = recommendedMinutesBetweenSweeps(defaultPolicy) * MINUTE;
  const changesMs = recommendedMinutesBetweenChanges(defaultPolicy) * MINUTE;
  const writesMs = recommendedMsBetweenWrites(defaultPolicy);
  const startMs = TODAY + 37 * SECOND;
  let [nextFullMs, nextChangesMs, nextWriteMs] = [startMs, startMs, startMs];
  for (let index = 0; index * gapMs < DAY; index += 1) {
    const atMs = Math.floor(startMs + index * gapMs);
    let data: CallData = itemOf(INVOICES, diary.chance.hex());
    if (atMs >= nextFullMs) [data, nextFullMs] = [pageOf(CONTACTS), atMs + fullMs];
    else if (atMs >= nextChangesMs)
      [data, nextChangesMs] = [changesOf(INVOICES, changesMs / SECOND), atMs + changesMs];
    else if (index % minCalls >= minCalls - refusals) data = { ...data, status: 404 };
    else if (atMs >= nextWriteMs) [data, nextWriteMs] = [WRITE, atMs + writesMs];
    diary.call(atMs, { ...data, durationMs });
  }
}
