import { begin, audited, snooze, UNTOUCHED } from './handling.js';
import { ACTIONS, describePersons, INTERNAL_ACTIONS } from './timeline.js';
import { Handling1760000200051 } from './handling.migration.js';

const NOW = new Date('2026-10-05T08:00:00Z');
const handling = audited(begin(UNTOUCHED, 'warning', NOW));
const told = (action: (typeof ACTIONS)[number], more: object = {}, assignee: string | null = null) =>
  describePersons({ action, handling: { ...handling, ...more }, assignee });

describe('a step of a person', () => {
  it('is told in Danish and English, each in other words', () => {
    const sentences = ACTIONS.map((action) => told(action));
    expect(new Set(sentences.map(({ da }) => da)).size).toBe(ACTIONS.length);
    expect(new Set(sentences.map(({ en }) => en)).size).toBe(ACTIONS.length);
  });

  it('names who has the case, as long as that is known', () => {
    expect(told('breach_assigned', { isAssigned: true }, 'Mette').da).toBe('Sagen er tildelt Mette.');
    expect(told('breach_assigned', { isAssigned: true }).en).toBe('The case was assigned to somebody.');
    expect(told('breach_assigned', { isAssigned: false }).en).toBe(
      'The case is no longer assigned to anybody.',
    );
  });

  it('names the end of what it set, by Copenhagen’s clocks', () => {
    expect(told('breach_contacted').da).toBe(
      'En besked til partneren er gjort klar. Frist: 19. oktober 2026.',
    );
    const asleep = audited(snooze(begin(UNTOUCHED, 'info', NOW), '2026-10-06T06:00:00Z', NOW));
    expect(told('breach_snoozed', asleep).da).toBe('Sagen er udsat til 6. oktober 2026 kl. 08.00.');
    expect(told('breach_snoozed').en).toBe('The case is no longer put off.');
  });

  it('that is ours alone is kept from partners by the database too', async () => {
    const statements: string[] = [];
    await new Handling1760000200051().up({
      query: (sql: string) => Promise.resolve(statements.push(sql)),
    } as never);
    const policy = /action not in \(([^)]+)\)/.exec(statements.join('\n'))![1]!;
    expect(policy.split(', ').map((name) => name.slice(1, -1))).toEqual(INTERNAL_ACTIONS);
  });
});
