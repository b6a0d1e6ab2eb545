import { randomOf } from '@taxameter/contracts/testing';
import { readLine, lineOf } from '../load/sent-file.js';
import { membersOf, minuteOf, type LoadEvent } from '../load/personas.js';
import { differencesOf, Expectation, type Counts } from './expect.js';

const random = randomOf(5);
const members = membersOf(8, random);
const MINUTE = Date.parse('2026-10-24T22:00:00Z');
const byPersona = (persona: string) => members.find((member) => member.persona === persona)!;
const eventsOf = (persona: string) => minuteOf(byPersona(persona), MINUTE, random).map(({ event }) => event);

function expectationOf(events: readonly LoadEvent[], sure = true) {
  const expectation = new Expectation();
  for (const event of events) expectation.add(readLine(lineOf('ok', event)), sure);
  return expectation.rows;
}

const exactly = (rows: ReturnType<typeof expectationOf>) =>
  new Map<string, Counts>([...rows].map(([key, { atMost }]) => [key, { ...atMost }]));

describe('the oracle', () => {
  const mails = Array.from({ length: 20 }, () => eventsOf('mailer')).flat();
  const rows = expectationOf([...eventsOf('retry-storm'), ...mails]);

  it('finds no difference where each measure is as sent', () => {
    expect(rows.size).toBeGreaterThan(1);
    expect(differencesOf(rows, exactly(rows))).toEqual([]);
  });

  it('puts an instant into the day that it has in Copenhagen', () => {
    expect([...rows.keys()].every((key) => key.startsWith('2026-10-25|'))).toBe(true);
  });

  it.each(['calls', 'calls429', 'sms', 'smsTest'] as const)(
    'sees one too many and one too few in %s',
    (measure) => {
      for (const more of [1, -1]) {
        const found = exactly(rows);
        const [key, row] = [...found].find(([, counts]) => counts[measure] > 0)!;
        row[measure] += more;
        expect(differencesOf(rows, found)).toEqual([
          expect.stringMatching(`^${key.replaceAll('|', '\\|')}: ${measure} is`),
        ]);
      }
    },
  );

  it('sees usage that nobody sent', () => {
    const found = exactly(rows);
    found.set('2026-10-25|stranger|1', { ...[...found.values()][0]!, calls: 1 });
    expect(differencesOf(rows, found)).toEqual([expect.stringContaining('nobody sent it')]);
  });

  it('takes an event of unknown outcome counted or not, but not twice', () => {
    const [event] = eventsOf('poller') as [LoadEvent];
    const unsure = expectationOf([event], false);
    const [[key, { atMost, atLeast }]] = [...unsure] as [[string, { atMost: Counts; atLeast: Counts }]];
    const judged = (calls: number) => differencesOf(unsure, new Map([[key, { ...atMost, calls }]])).length;
    expect(atLeast.calls).toBe(0);
    expect([judged(0), judged(1), judged(2)]).toEqual([0, 0, 1]);
  });
});

describe('the personas', () => {
  it('send the same events for the same seed', () => {
    const all = (seed: number) => {
      const chance = randomOf(seed);
      return membersOf(8, chance).flatMap((member) => minuteOf(member, MINUTE, chance));
    };
    expect(all(3)).toEqual(all(3));
    expect(all(3)).not.toEqual(all(4));
  });

  it('have one that sends copies of its events, up to fifty', () => {
    const copies = Array.from({ length: 50 }, () => minuteOf(byPersona('duplicate-storm'), MINUTE, random))
      .flat()
      .map((sending) => sending.copies);
    expect(Math.max(...copies)).toBeGreaterThan(40);
    expect(Math.max(...copies)).toBeLessThanOrEqual(50);
  });
});
