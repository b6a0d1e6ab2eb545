import { RestrictionRefused } from '../restriction/restriction.js';
import { ask, decide, hasBlockedAlone, lapse, temporaryEnd, type ApprovalRequest } from './approval.js';

const NOW = new Date('2026-10-05T08:00:00.000Z');
const HOURS = 4;
const later = (hours: number) => new Date(NOW.getTime() + hours * 3_600_000);

const block: ApprovalRequest = {
  kind: 'restriction',
  isTemporary: true,
  restriction: {
    scope: 'integration',
    organizationIds: [],
    mode: 'block',
    limitPerMinute: null,
    capability: 'sms',
    reasonCode: 'sms_terms',
    clause: 'SMS, punkt 3',
    note: { da: 'Spærret.', en: 'Blocked.' },
    endCondition: { da: 'Når fejlen er rettet.', en: 'When it is mended.' },
    until: null,
    breachId: null,
  },
};

const asked = (request: ApprovalRequest, at = NOW) =>
  ask(
    {
      approvalId: 'apv_1',
      integrationId: 'isv_a',
      request,
      restrictionId: 'rst_1',
      reason: 'sløjfe',
      askedBy: 'tok_anna',
    },
    HOURS,
    at,
  );
const verdict = (by: string, state: 'approved' | 'declined' = 'approved') => ({ state, by, reason: 'set' });

function refusal(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof RestrictionRefused) return error.code;
    throw error;
  }
}

describe('a request for a second person', () => {
  it('waits for hours when it holds already, and for a week when it does not', () => {
    expect(asked(block).expiresAt).toBe('2026-10-05T12:00:00.000Z');
    expect(asked({ kind: 'reactivation' }).expiresAt).toBe('2026-10-12T08:00:00.000Z');
  });

  it('is decided by another person than who asked, once, and in time', () => {
    const waiting = asked(block);
    expect(refusal(() => decide(waiting, verdict('tok_anna'), NOW))).toBe('same-person');
    expect(refusal(() => decide(waiting, verdict('tok_bo'), later(HOURS)))).toBe('approval-over');
    const approved = decide(waiting, verdict('tok_bo'), new Date(later(HOURS).getTime() - 1));
    expect(approved).toMatchObject({ state: 'approved', decidedBy: 'tok_bo', decisionReason: 'set' });
    expect(refusal(() => decide(approved, verdict('tok_carl', 'declined'), NOW))).toBe('approval-over');
  });

  it('expires at its own instant, whenever that is written down, and only while it waits', () => {
    const waiting = asked(block);
    expect(lapse(waiting, new Date(later(HOURS).getTime() - 1))).toBe(waiting);
    expect(lapse(waiting, later(9))).toMatchObject({ state: 'expired', decidedAt: waiting.expiresAt });
    const declined = decide(waiting, verdict('tok_bo', 'declined'), NOW);
    expect(lapse(declined, later(9))).toBe(declined);
  });
});

describe('a temporary block', () => {
  it('ends after the hours that are set, or when it was to end anyway', () => {
    expect(temporaryEnd(null, HOURS, NOW)).toBe('2026-10-05T12:00:00.000Z');
    expect(temporaryEnd('2026-10-05T20:00:00Z', HOURS, NOW)).toBe('2026-10-05T12:00:00.000Z');
    expect(temporaryEnd('2026-10-05T11:00:00+02:00', HOURS, NOW)).toBe('2026-10-05T09:00:00.000Z');
  });

  it('cannot follow one that the same person found nobody to approve, until a day has passed', () => {
    const earlier = asked(block);
    const blocked = (approval = earlier, by = 'tok_anna', now = later(5)) =>
      hasBlockedAlone([approval], by, now);
    expect(blocked()).toBe(true);
    expect(blocked(earlier, 'tok_bo')).toBe(false);
    // Not while it waits either: a second one just before the first ends would hold for twice the hours.
    expect(blocked(earlier, 'tok_anna', later(1))).toBe(true);
    expect(blocked(earlier, 'tok_anna', later(24))).toBe(false);
    expect(blocked(decide(earlier, verdict('tok_bo'), NOW))).toBe(false);
    expect(blocked(decide(earlier, verdict('tok_bo', 'declined'), NOW))).toBe(true);
    expect(blocked(asked({ kind: 'reactivation' }))).toBe(false);
  });
});
