import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiCall, smsSent, TOPICS } from '@taxameter/contracts';
import { sampleApiCall } from '@taxameter/contracts/testing';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { roomsNamed } from '@taxameter/server';
import { defaultPolicy } from '../libs/fair-use/src/policy/default-policy.js';
import { ROOT } from './command-line.js';
import { CAST, eventsOf, isGuilty, KINDS } from './personas/cast.js';
import { Chance, DAY, HOUR, TODAY, type UsageEvent } from './personas/diary.js';
import { feed, proofs, ruleIds, untilJudged, type Cut, type Proof } from './personas/feed.js';
import { describeScores, score, type RuleState, type Scores } from './personas/scores.js';

/** 200 invented integrations of which is known what they do: who breaks a rule is found by it, and nobody else is accused. */

const NOW = new Date(TODAY + DAY + 5 * HOUR).toISOString();
const PAGE = 'docs/fair-use-personas.md';
const WITHIN_MS = 240_000;
/** Its cases are looked at by us before partners hear of any. */
const IN_SHADOW = new Set(['RATE_INTEGRATION']);

/** Closes the last hour of everybody else; nobody's call. */
const LAST_CALL = sampleApiCall('the-last', new Date(TODAY + DAY + 4 * HOUR).toISOString(), {
  integrationId: 'unknown',
  organizationId: null,
});

const IN_ORDER: Cut = { eventsPerRecord: 500, minutesAtOnce: 60, delayMs: () => 0 };

/** As late as the policy forgives, each event by itself. */
function shuffled(): Cut {
  const chance = new Chance(7);
  return {
    eventsPerRecord: 83,
    minutesAtOnce: 97,
    delayMs: () => chance.between(0, defaultPolicy.latenessMs - 1),
  };
}

async function judgedCases(events: readonly UsageEvent[], cut: Cut) {
  const rooms: TestRooms = await startTestRooms(roomsNamed(['fair-use']), { now: NOW });
  try {
    await feed(rooms, events, cut);
    await untilJudged(rooms, WITHIN_MS);
    const { partitions } = await rooms.system.accounting();
    const read = partitions.filter(({ topic }) => topic === TOPICS.apiCalls.name);
    return { cases: await proofs(rooms), rules: await ruleIds(rooms), read };
  } finally {
    await rooms.stop();
  }
}

describe('200 integrations', () => {
  const events = [...CAST.flatMap(eventsOf), LAST_CALL];
  let cases: readonly Proof[];
  let scores: Scores;
  let read: readonly { readonly counted: number; readonly quarantined: number }[];

  beforeAll(async () => {
    const judged = await judgedCases(events, IN_ORDER);
    cases = judged.cases;
    read = judged.read;
    const names = new Set([...judged.rules, ...KINDS.flatMap(({ breaks }) => Object.keys(breaks))]);
    const stateOf = (ruleId: string): RuleState => {
      if (!judged.rules.includes(ruleId)) return 'not there yet';
      return IN_SHADOW.has(ruleId) ? 'in shadow' : 'judged';
    };
    scores = score(CAST, cases, new Map([...names].map((ruleId) => [ruleId, stateOf(ruleId)])));
  }, WITHIN_MS + 30_000);

  it('are mostly innocent, of many kinds, and each does the same in every run', () => {
    expect(CAST).toHaveLength(200);
    expect(CAST.filter(({ kind }) => !isGuilty(kind)).length).toBeGreaterThan(100);
    expect(KINDS.filter(isGuilty).length).toBeGreaterThanOrEqual(12);
    expect(new Set(CAST.map(({ integrationId }) => integrationId)).size).toBe(200);
    for (const persona of CAST.filter((_, index) => index % 9 === 0)) {
      expect(JSON.stringify(eventsOf(persona))).toBe(JSON.stringify(eventsOf(persona)));
    }
  });

  it('send events as the contract has them, each of which counts once', () => {
    const calls = events.filter(({ type }) => type === apiCall.type);
    expect(read.reduce((total, { counted }) => total + counted, 0)).toBe(calls.length);
    expect(read.reduce((total, { quarantined }) => total + quarantined, 0)).toBe(0);
    const messages = events.filter(({ type }) => type === smsSent.type);
    expect(messages.filter((message) => !smsSent.schema.safeParse(message).success)).toEqual([]);
    expect(new Set(messages.map(({ id }) => id)).size).toBe(messages.length);
  });

  it('are found by the right rule, each that breaks one', () => {
    expect(scores.missed).toEqual([]);
  });

  it('are accused of nothing that they did not do, but for the faults that the page names', () => {
    expect(scores.wrong).toEqual([]);
    expect(scores.mended).toEqual([]);
  });

  it(`give what ${PAGE} says`, () => {
    const page = describeScores(scores, CAST, cases);
    // Copied from there when it is right that it has changed.
    mkdirSync(join(ROOT, 'out'), { recursive: true });
    writeFileSync(join(ROOT, 'out/fair-use-personas.md'), page);
    process.stdout.write(page.slice(page.indexOf('## By rule'), page.indexOf('## By kind')));
    expect(readFileSync(join(ROOT, PAGE), 'utf8')).toBe(page);
  });

  it(
    'end in the same cases, to the byte, when their events come in another order and another cut',
    async () => {
      const again = await judgedCases(events, shuffled());
      expect(JSON.stringify(again.cases)).toBe(JSON.stringify(cases));
    },
    WITHIN_MS + 30_000,
  );
});
