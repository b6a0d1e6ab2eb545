import { RestrictionRefused } from '../restriction/restriction.js';
import { answer, MAX_ANSWERS, partnerWords, reply, type Answer } from './answer.js';

const MONDAY = new Date('2026-10-05T08:00:00Z');
const about = { restrictionId: 'rst_1', integrationId: 'isv_a', by: 'tok_1', byRole: 'partner' };
const objection = { ...about, kind: 'objection', text: 'Det er ikke os.' } as const;
const words = { da: 'Vi ser på det.', en: 'We look at it.' };

describe('the deadline of an answer', () => {
  it('is nearer for who is blocked than for who is throttled', () => {
    expect(reply(null, objection, 'block', MONDAY).answerDueAt).toBe('2026-10-07T22:00:00.000Z');
    expect(reply(null, objection, 'throttle', MONDAY).answerDueAt).toBe('2026-10-12T22:00:00.000Z');
    // From the day before Christmas Eve on: the 28th and 29th.
    const christmas = new Date('2026-12-23T08:00:00Z');
    expect(reply(null, objection, 'block', christmas).answerDueAt).toBe('2026-12-29T23:00:00.000Z');
  });

  it('does not move when the partner writes again, and begins anew after an answer', () => {
    const first = reply(null, objection, 'block', MONDAY);
    const tuesday = new Date('2026-10-06T08:00:00Z');
    expect(reply(first, objection, 'block', tuesday).answerDueAt).toBe(first.answerDueAt);
    const answered = answer(first, { ...about, answer: words }, tuesday);
    expect(answered).toMatchObject({ kind: 'answer', answerDueAt: null, text: null });
    expect(reply(answered, objection, 'block', tuesday).answerDueAt).toBe('2026-10-08T22:00:00.000Z');
  });
});

describe('an exchange', () => {
  it('ends where people had better telephone', () => {
    const newest: Answer = { ...reply(null, objection, 'block', MONDAY), version: MAX_ANSWERS };
    expect(() => reply(newest, objection, 'block', MONDAY)).toThrow(RestrictionRefused);
    expect(reply({ ...newest, version: MAX_ANSWERS - 1 }, objection, 'block', MONDAY).kind).toBe('objection');
  });

  it('never ends with a word of the partner that nobody can answer', () => {
    const last: Answer = { ...reply(null, objection, 'block', MONDAY), version: MAX_ANSWERS };
    const answered = answer(last, { ...about, answer: words }, MONDAY);
    expect(answered).toMatchObject({ kind: 'answer', answerDueAt: null });
    const newest = { ...answered, version: MAX_ANSWERS + 1 };
    expect(() => answer(newest, { ...about, answer: words }, MONDAY)).toThrow(RestrictionRefused);
    expect(() => reply(newest, objection, 'block', MONDAY)).toThrow(RestrictionRefused);
  });

  it('takes lines, and neither nothing nor other control characters', () => {
    expect(partnerWords.safeParse('Hej\n\nDet er rettet. ✅').success).toBe(true);
    for (const wrong of ['', '  \n ', 'a\u0000b', 'a\rb', '\ud800', 'x'.repeat(2_001)]) {
      expect([wrong, partnerWords.safeParse(wrong).success]).toEqual([wrong, false]);
    }
  });
});
