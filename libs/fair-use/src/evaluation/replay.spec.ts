import { apiCallKey, type ApiCall, type ApiCallEvent } from '@taxameter/contracts';
import { randomOf } from '@taxameter/contracts/testing';
import type { NewRecord } from '@taxameter/platform';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { fairUseRoom, frozen, judged, NOW, recordsOf, type BreachAnswer } from '../fair-use.testing.js';
import { callAt, CONTACTS } from '../signals/signals.testing.js';

/** The same topic read into an empty database gives the same cases and the same frozen evidence, to the byte. */

const FROM = Date.parse('2026-10-05T06:30:00Z');
const MINUTE_MS = 60_000;
const ITEM: Partial<ApiCall> = { operation: 'item', route: `${CONTACTS}/{id}`, query: null };

/** What breaks a rule, and how often a minute it is called for twelve minutes. */
const HABITS: readonly (readonly [perMinute: number, call: Partial<ApiCall>])[] = [
  [104, { ...ITEM, status: 200 }],
  [56, { ...ITEM, method: 'POST', operation: 'write' }],
  [4, { ...ITEM, durationMs: 40_000 }],
  [12, { ...ITEM, status: 404 }],
  [20, { ...ITEM, status: 429, retryAfterSec: 30 }],
  [2, { query: { page: 0 } }],
  [6, { query: { page: 0, hasChangesSince: true, changesSinceAgeSec: 10 } }],
  [9, { ...ITEM, status: 403, errorReason: 'missing_scope', authScheme: 'basic' }],
  [8, { ...ITEM, queryHash: '0123456789abcdef', responseHash: 'fedcba9876543210' }],
];

/** Calls of one integration with a habit on each agreement, good calls among them, and salvos; in the order of time. */
function callsOfAnHour(): ApiCallEvent[] {
  const random = randomOf(34);
  const calls = HABITS.flatMap(([perMinute, habit], agreement) =>
    Array.from({ length: 12 * perMinute }, (_, index) => {
      const ms = FROM + Math.floor(((index + random() / 2 ** 32) * MINUTE_MS) / perMinute);
      const data = random() % 10 === 0 ? ITEM : habit;
      return callAt(new Date(ms).toISOString(), {
        ...data,
        integrationId: `isv_${agreement % 3}`,
        organizationId: String(agreement),
      });
    }),
  );
  const salvos = [0, 2, 4, 6].flatMap((minute) =>
    Array.from({ length: 60 }, (_, index) =>
      callAt(new Date(FROM + minute * MINUTE_MS + 20_000 + index * 60).toISOString(), {
        ...ITEM,
        integrationId: 'isv_0',
        organizationId: 'salvos',
      }),
    ),
  );
  // Refused at the beginning of each minute, answered well in the rest of it: whoever judges too early sees a larger share.
  const swings = Array.from({ length: 12 * 120 }, (_, index) =>
    callAt(new Date(FROM + Math.floor(index / 120) * MINUTE_MS + swingMs(index % 120)).toISOString(), {
      ...ITEM,
      status: index % 120 < 30 ? 404 : 200,
      integrationId: 'isv_1',
      organizationId: 'swings',
    }),
  );
  // Nobody's call closes the minutes of all.
  const last = callAt(new Date(FROM + 85 * MINUTE_MS).toISOString(), { integrationId: 'unknown' });
  return [...calls, ...salvos, ...swings, last].sort((left, right) => (left.time < right.time ? -1 : 1));
}

async function casesIn(rooms: TestRooms): Promise<BreachAnswer[]> {
  const { body } = await rooms.call('ops', 'GET', '/v1/breaches?limit=500');
  return body.items as BreachAnswer[];
}

/** What is frozen of all cases, by case, occurrence and severity. */
async function allEvidence(rooms: TestRooms): Promise<string[]> {
  const cases = await casesIn(rooms);
  const pieces = await Promise.all(
    cases.map(async ({ breachId, breachKey }) =>
      (await frozen(rooms, breachId)).map((piece) => `${breachKey} ${JSON.stringify(piece)}`),
    ),
  );
  return pieces.flat().sort();
}

/** 30 calls within 20 seconds, 90 in the rest of the minute. */
const swingMs = (index: number) => (index < 30 ? index * 650 : 20_000 + (index - 30) * 440);

function groupedBy(calls: readonly ApiCallEvent[], keyOf: (call: ApiCallEvent) => string): ApiCallEvent[][] {
  const groups = new Map<string, ApiCallEvent[]>();
  for (const call of calls) groups.set(keyOf(call), [...(groups.get(keyOf(call)) ?? []), call]);
  return [...groups.values()];
}

/** The topic: some minutes of all at a time, so many calls of an agreement a record. */
function topicOf(calls: readonly ApiCallEvent[], minutesAtOnce: number, size: number): NewRecord[][] {
  const minuteOf = ({ time }: ApiCallEvent) => (Date.parse(time) - FROM) / MINUTE_MS;
  return groupedBy(calls, (call) => String(Math.floor(minuteOf(call) / minutesAtOnce))).map((slice) =>
    groupedBy(slice, ({ data }) => apiCallKey(data)).flatMap((own) => recordsOf(own, size)),
  );
}

async function allCases(rooms: TestRooms): Promise<string> {
  const cases = await casesIn(rooms);
  return JSON.stringify(
    cases
      .map(({ breachKey, severity, observed, threshold, evidence, guidance, peak }) => {
        return { breachKey, severity, observed, threshold, evidence, guidance, peak };
      })
      .sort((left, right) => (left.breachKey < right.breachKey ? -1 : 1)),
  );
}

it('gives the same evidence, to the byte, whether it is read as it grows, at once, or from records of another size', async () => {
  const calls = callsOfAnHour();
  const topic = topicOf(calls, 0.7, 40);
  const grown = await startTestRooms([fairUseRoom], { now: NOW });
  const later = { now: '2026-10-05T08:01:07Z' };
  const [atOnce, otherSize] = [await startTestRooms([], later), await startTestRooms([], later)];
  try {
    for (const records of topic) {
      await grown.producer.append(records);
      await judged(grown);
    }
    const expected = await allCases(grown);
    const found = (JSON.parse(expected) as { breachKey: string }[]).map(
      ({ breachKey }) => breachKey.split(':')[0],
    );
    expect(new Set(found)).toEqual(
      new Set([
        ...found,
        ...['RATE_MINUTE', 'BURST', 'WRITE_RATE', 'SERVER_TIME'],
        ...['ERROR_RATIO_4XX', 'THROTTLED_RATIO', 'POLLING_UNFILTERED', 'POLLING_TOO_OFTEN'],
      ]),
    );

    const evidence = await allEvidence(grown);
    const frozenOf = new Set(evidence.map((piece) => piece.split(':')[0]));
    // A rule about minutes, one about a share, one about hours.
    expect(frozenOf).toEqual(new Set(found));
    expect(found).toEqual(expect.arrayContaining(['RATE_MINUTE', 'ERROR_RATIO_4XX', 'LEGACY_AUTH']));
    expect(evidence.some((piece) => piece.includes('"shareOfCalls":0.'))).toBe(true);

    // The room is started when the whole topic is there.
    await atOnce.producer.append(topic.flat());
    await otherSize.producer.append(topicOf(calls, 2, 7).flat());
    for (const { databaseUrl } of [atOnce, otherSize]) {
      const replayed = await startTestRooms([fairUseRoom], { now: NOW, databaseUrl });
      try {
        await judged(replayed);
        expect(await allCases(replayed)).toBe(expected);
        expect(await allEvidence(replayed)).toEqual(evidence);
      } finally {
        await replayed.stop();
      }
    }
  } finally {
    await Promise.all([grown, atOnce, otherSize].map((rooms) => rooms.stop()));
  }
}, 120_000);
