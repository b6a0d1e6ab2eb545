import {
  acknowledge,
  assign,
  audited,
  begin,
  contact,
  deadlineOfContact,
  defaultDeadline,
  forPartner,
  markFalsePositive,
  MAX_NOTES,
  note,
  noteText,
  reopen,
  resolve,
  snooze,
  UNTOUCHED,
  withoutNames,
  worsen,
  type Handling,
} from './handling.js';

/** A Monday. */
const NOW = new Date('2026-10-05T08:00:00Z');
const FIVE_DAYS = '2026-10-12T22:00:00.000Z';
const TEN_DAYS = '2026-10-19T22:00:00.000Z';

const begun = begin(UNTOUCHED, 'warning', NOW);
const message = { subject: 's', text: 't' };
const prepared = { at: NOW.toISOString(), da: message, en: message };

describe('a deadline', () => {
  it('is the end of the tenth working day for a warning, of the fifth for what is worse', () => {
    expect(defaultDeadline('warning', NOW)).toBe(TEN_DAYS);
    expect(defaultDeadline('error', NOW)).toBe(FIVE_DAYS);
    expect(defaultDeadline('critical', NOW)).toBe(FIVE_DAYS);
    expect(defaultDeadline('info', NOW)).toBeNull();
  });

  it('comes nearer when the case becomes worse, and never goes further away', () => {
    expect(worsen(begun, 'error', NOW).deadline).toBe(FIVE_DAYS);
    expect(worsen(begun, 'error', new Date('2026-10-19T08:00:00Z')).deadline).toBe(TEN_DAYS);
    expect(worsen(begin(UNTOUCHED, 'info', NOW), 'warning', NOW).deadline).toBe(TEN_DAYS);
  });

  it('that the partner was told of stays when the case becomes worse: nobody has told it of another', () => {
    const agreed = '2026-12-01T11:00:00.000Z';
    const told: Handling = { ...begun, state: 'contacted', deadline: agreed, contact: prepared };
    expect(worsen(told, 'critical', NOW).deadline).toBe(agreed);
  });

  it('begins anew with what the partner is told, or is what was agreed with it', () => {
    const thursday = new Date('2026-10-08T08:00:00Z');
    expect(deadlineOfContact('warning', undefined, thursday)).toBe('2026-10-22T22:00:00.000Z');
    expect(deadlineOfContact('warning', '2026-10-09T12:00:00+02:00', NOW)).toBe('2026-10-09T10:00:00.000Z');
    expect(deadlineOfContact('warning', null, NOW)).toBeNull();
    expect(() => deadlineOfContact('warning', NOW.toISOString(), NOW)).toThrow('is not in the future');
    expect(() => deadlineOfContact('warning', '2027-10-05T08:00:00Z', NOW)).toThrow('90 days');
  });

  it('is gone when the case is settled, and there again when that is taken back', () => {
    expect(resolve(begun).deadline).toBeNull();
    expect(reopen(resolve(begun), 'error', NOW).deadline).toBe(FIVE_DAYS);
  });
});

describe('work on a case', () => {
  it('goes from open over acknowledged and contacted to resolved', () => {
    const states = [begun, acknowledge(begun), contact(acknowledge(begun), prepared, TEN_DAYS)];
    expect(states.map(({ state }) => state)).toEqual(['open', 'acknowledged', 'contacted']);
    expect(resolve(states[2]!)).toMatchObject({ state: 'resolved', contact: prepared });
    expect(() => acknowledge(states[1]!)).toThrow('not possible while the state is "acknowledged"');
  });

  it('stays with who has it, whatever calls do', () => {
    const mine = assign(begun, 'Mette');
    expect(worsen(mine, 'critical', NOW).assignee).toBe('Mette');
    expect(begin(resolve(mine), 'info', NOW)).toMatchObject({ state: 'open', assignee: 'Mette' });
    expect(assign(mine, null).assignee).toBeNull();
  });

  it('wakes up when the case becomes worse or begins again', () => {
    const asleep = snooze(begun, '2026-10-06T08:00:00Z', NOW);
    expect(asleep.snoozedUntil).toBe('2026-10-06T08:00:00.000Z');
    expect(worsen(asleep, 'error', NOW).snoozedUntil).toBeNull();
    expect(snooze(asleep, null, NOW).snoozedUntil).toBeNull();
    expect(() => snooze(begun, '2026-10-05T07:59:59Z', NOW)).toThrow('is not in the future');
  });

  it('that is settled is not moved by late calls that show it was worse', () => {
    const settled = resolve(begun);
    expect(worsen(settled, 'critical', NOW)).toBe(settled);
  });

  it('counts a false positive once, and not when it is taken back', () => {
    const found = markFalsePositive(begun);
    expect(found).toMatchObject({ state: 'resolved', isFalsePositive: true, falsePositives: 1 });
    expect(markFalsePositive(found)).toBe(found);
    expect(markFalsePositive(resolve(begun)).falsePositives).toBe(1);
    expect(reopen(found, 'warning', NOW)).toMatchObject({ isFalsePositive: false, falsePositives: 0 });
    expect(markFalsePositive(begin(found, 'warning', NOW)).falsePositives).toBe(2);
  });

  it('has a limit of notes', () => {
    const full: Handling = { ...begun, notes: MAX_NOTES };
    expect(note(begun).notes).toBe(1);
    expect(() => note(full)).toThrow('200 notes at most');
  });
});

describe('a note', () => {
  it('has lines and no other control character, and at most 2,000 characters', () => {
    expect(noteText.safeParse('Ringet.\nDe ser på det.').success).toBe(true);
    expect(noteText.safeParse('a'.repeat(2_000)).success).toBe(true);
    expect(noteText.safeParse('a'.repeat(2_001)).success).toBe(false);
    expect(noteText.safeParse('a\u0007').success).toBe(false);
    expect(noteText.safeParse('  ').success).toBe(false);
  });
});

describe('who has a case', () => {
  const mine = assign(snooze(contact(begun, prepared, TEN_DAYS), '2026-10-06T08:00:00Z', NOW), 'Mette');

  it('is in no answer that is kept, not in the audit, and not for a partner', () => {
    expect(JSON.stringify([withoutNames(mine), audited(mine), forPartner(mine)])).not.toContain('Mette');
    expect([audited(mine).isAssigned, audited(begun).isAssigned]).toEqual([true, false]);
  });

  it('is told to a partner as little as what we put off, note and prepare', () => {
    expect(forPartner(note(mine))).toMatchObject({
      state: 'contacted',
      deadline: TEN_DAYS,
      snoozedUntil: null,
      contact: null,
      notes: 0,
    });
  });
});
