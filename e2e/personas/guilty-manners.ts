import { HOUR, MINUTE, SECOND, TODAY } from './diary.js';
import { ACCOUNTS, changesOf, CONTACTS, INVOICES, itemOf, LISTS, pageOf } from './calls.js';
import type { PersonaKind } from './persona.js';

/** Those that call in a way that costs much for nothing, or with credentials that are no good. */

const GUILTY = 3;

export const WASTEFUL: readonly PersonaKind[] = [
  {
    name: 'polls-unfiltered',
    does: 'fetches a whole list every four minutes for an hour',
    count: GUILTY,
    breaks: { POLLING_UNFILTERED: 'warning' },
    live: (diary) => {
      const route = LISTS[diary.chance.between(0, 3)]!;
      diary.every(4 * MINUTE, diary.chance.minuteOfToday(6, 18), HOUR, pageOf(route));
    },
  },
  {
    name: 'polls-unfiltered-all-the-time',
    does: 'fetches a whole list every ten seconds for an hour',
    count: GUILTY,
    breaks: { POLLING_UNFILTERED: 'critical' },
    live: (diary) => {
      const route = LISTS[diary.chance.between(0, 3)]!;
      diary.every(10 * SECOND, diary.chance.minuteOfToday(6, 18), HOUR, pageOf(route));
    },
  },
  {
    name: 'asks-too-often',
    does: 'asks a list for its changes every 45 seconds for an hour',
    count: GUILTY,
    breaks: { POLLING_TOO_OFTEN: 'warning' },
    live: (diary) => {
      diary.every(45 * SECOND, diary.chance.minuteOfToday(6, 18), HOUR, changesOf(INVOICES, 45));
    },
  },
  {
    name: 'never-moves-its-cursor',
    does: 'asks for the changes since nine days ago, every other hour',
    count: GUILTY,
    breaks: { STALE_CHANGES_SINCE: 'info' },
    live: (diary) => {
      const ageSec = 9 * 86_400 + diary.chance.between(0, 40_000);
      diary.every(2 * HOUR, TODAY + 30 * MINUTE, 24 * HOUR, (index) =>
        changesOf(CONTACTS, ageSec + index * 7_200),
      );
    },
  },
  {
    name: 'fetches-one-by-one',
    does: 'asks for a list and then for each of its 55–70 entries, again and again',
    count: GUILTY,
    breaks: { N_PLUS_ONE: 'warning' },
    live: (diary) => {
      const from = diary.chance.minuteOfToday(6, 18);
      for (let round = 0; round < 4; round += 1) {
        const startMs = from + round * 3 * MINUTE;
        diary.call(startMs, changesOf(CONTACTS, 180));
        const entries = diary.chance.between(55, 70);
        for (let index = 0; index < entries; index += 1) {
          diary.call(startMs + SECOND + index * 800, itemOf(CONTACTS, diary.chance.hex()));
        }
      }
    },
  },
  {
    name: 'reads-the-same-again',
    does: 'fetches the chart of accounts seven times a minute, which has not changed',
    count: GUILTY,
    breaks: { DUPLICATE_READS: 'warning' },
    live: (diary) => {
      const same = { queryHash: diary.chance.hex(), responseHash: diary.chance.hex() };
      const from = diary.chance.minuteOfToday(6, 18);
      diary.evenly(from, { minutes: 11, perMinute: 7 }, { ...pageOf(ACCOUNTS), ...same });
    },
  },
  {
    name: 'turns-small-pages',
    does: 'reads a long list in 60–80 pages of a hundred',
    count: GUILTY,
    breaks: { SMALL_PAGES: 'warning' },
    live: (diary) => {
      const pageSize = [100, 50, null][diary.chance.between(0, 2)]!;
      const pages = diary.chance.between(60, 80);
      const from = diary.chance.minuteOfToday(6, 18);
      for (let page = 0; page < pages; page += 1) {
        diary.call(from + page * 5 * SECOND, pageOf(INVOICES, { page, pageSize }));
      }
    },
  },
  {
    name: 'tries-a-dead-token',
    does: 'calls with a token that has run out, 230 times within an hour',
    count: GUILTY,
    breaks: { AUTH_FAILURES: 'error' },
    live: (diary) => {
      const from = diary.chance.minuteOfToday(6, 18);
      diary.every(14_300, from, 55 * MINUTE, { ...changesOf(CONTACTS, 900), status: 401 });
    },
  },
  {
    name: 'signs-in-the-old-way',
    does: 'sends a key or a password with each of 110–140 calls of a day',
    count: GUILTY,
    breaks: { LEGACY_AUTH: 'error' },
    live: (diary) => {
      const authScheme = (['apikey', 'basic'] as const)[diary.chance.between(0, 1)]!;
      const calls = diary.chance.between(110, 140);
      diary.every(9 * MINUTE, TODAY + 20 * SECOND, calls * 9 * MINUTE, () => ({
        ...itemOf(CONTACTS, diary.chance.hex()),
        authScheme,
      }));
    },
  },
  {
    name: 'lacks-a-scope',
    does: 'calls all day what it was never approved for',
    count: GUILTY,
    breaks: { SCOPE_MISMATCH: 'warning' },
    live: (diary) => {
      const refused = { status: 403, errorReason: 'missing_scope', scopes: ['dineropublicapi:read'] };
      diary.every(20 * MINUTE, TODAY + 5 * MINUTE, 23 * HOUR, { ...pageOf(ACCOUNTS), ...refused });
    },
  },
];
