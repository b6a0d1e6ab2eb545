import { breachOpened, type Breach, type Severity } from '@taxameter/contracts';
import { defaultPolicy } from '../policy/default-policy.js';
import { judgeRateMinute } from '../rules/rate-minute.js';
import { ruleNamed } from '../rules/registry.js';
import type { Verdict } from '../rules/verdict.js';
import { minuteOf } from '../signals/minute.js';
import { signalsOf } from '../signals/signals.js';
import { callAt, CONTACTS } from '../signals/signals.testing.js';
import { breachKeyOf, decideBreach, type BreachContext } from './decide-breach.js';

const context: BreachContext = {
  rule: ruleNamed('RATE_MINUTE'),
  subject: { integrationId: 'isv_eksempel', agreementId: '148383', route: '' },
  policy: defaultPolicy,
  appendedAt: '2026-09-30T12:01:05.000Z',
  breachId: 'br_1',
};

function verdictOf(severity: Severity, value = 75): Verdict {
  return {
    severity,
    value,
    unit: 'calls per minute',
    windowStart: '2026-09-30T11:46:00.000Z',
    windowEnd: '2026-09-30T12:01:00.000Z',
    threshold: 70,
    evidence: [{ windowStart: '2026-09-30T12:00:00.000Z', windowEnd: '2026-09-30T12:01:00.000Z', value }],
  };
}
const open = (severity: Severity): Breach => decideBreach(null, verdictOf(severity), context)!.breach;

describe('a breach', () => {
  it('is opened by a verdict when there is none, with the figures that prove it', () => {
    const decision = decideBreach(null, verdictOf('warning'), context)!;
    expect(decision.event).toBe('opened');
    expect(decision.breach).toMatchObject({
      breachId: 'br_1',
      breachKey: 'RATE_MINUTE:isv_eksempel:148383',
      version: 1,
      policyVersion: 1,
      severity: 'warning',
      state: 'open',
      scope: { integrationId: 'isv_eksempel', organizationId: '148383', route: null },
      observed: { value: 75, windowEnd: '2026-09-30T12:01:00.000Z' },
      threshold: 70,
      occurrence: 1,
      retroactive: false,
      openedAt: '2026-09-30T12:01:05.000Z',
    });
  });

  it('has the shape that the contract gives its fact', () => {
    expect(breachOpened.schema.shape.data.safeParse(open('warning')).success).toBe(true);
  });

  it('is not opened without a verdict, and an open one is left alone', () => {
    expect(decideBreach(null, null, context)).toBeNull();
    expect(decideBreach(open('warning'), null, context)).toBeNull();
  });

  it('is opened once, though its value swings around the threshold for an hour', () => {
    let current: Breach | null = null;
    const events: string[] = [];
    for (let minute = 0; minute < 60; minute += 1) {
      const verdict = minute % 2 === 0 ? verdictOf('warning', 71) : verdictOf('info', 69);
      const decision = decideBreach(current, verdict, context);
      if (decision) events.push(decision.event);
      current = decision?.breach ?? current;
    }
    expect(events).toEqual(['opened']);
  });

  it('is escalated, with a version more and new evidence, when it becomes more severe', () => {
    const current = open('warning');
    const later = { ...context, breachId: 'br_unused', appendedAt: '2026-09-30T12:02:05.000Z' };
    const decision = decideBreach(current, verdictOf('critical', 140), later)!;
    expect(decision.event).toBe('escalated');
    expect(decision.breach).toMatchObject({
      breachId: 'br_1',
      version: 2,
      severity: 'critical',
      openedAt: current.openedAt,
      observed: { value: 140 },
      evidence: [{ value: 140 }],
    });
  });

  it.each(['info', 'warning'] as const)('stays as it is at %s when it is a warning already', (severity) => {
    expect(decideBreach(open('warning'), verdictOf(severity, 500), context)).toBeNull();
  });

  it('is retroactive when its window ended more than two hours before the log took the events in', () => {
    const at = (appendedAt: string) =>
      decideBreach(null, verdictOf('error'), { ...context, appendedAt })!.breach;
    expect(at('2026-09-30T14:01:00.000Z').retroactive).toBe(false);
    expect(at('2026-09-30T14:01:00.001Z').retroactive).toBe(true);
  });

  it('that a backlog opened is no longer retroactive when it becomes worse today', () => {
    const late = { ...context, appendedAt: '2026-09-30T20:00:00.000Z' };
    const current = decideBreach(null, verdictOf('info'), late)!.breach;
    expect(current.retroactive).toBe(true);
    expect(decideBreach(current, verdictOf('error'), context)!.breach.retroactive).toBe(false);
  });

  it('opens a new case when the last one was resolved', () => {
    const resolved: Breach = { ...open('error'), state: 'resolved' };
    const decision = decideBreach(resolved, verdictOf('info'), { ...context, breachId: 'br_2' })!;
    expect([decision.event, decision.breach.breachId, decision.breach.version]).toEqual([
      'opened',
      'br_2',
      1,
    ]);
  });
});

describe('the key of a breach', () => {
  it('names the route only where the rule has one', () => {
    const subject = { integrationId: 'isv_eksempel', agreementId: '148383', route: CONTACTS };
    expect(breachKeyOf(ruleNamed('POLLING_UNFILTERED'), subject)).toBe(
      'POLLING_UNFILTERED:isv_eksempel:148383:/v1/{organizationId}/contacts',
    );
    expect(breachKeyOf(ruleNamed('RATE_MINUTE'), subject)).toBe('RATE_MINUTE:isv_eksempel:148383');
  });

  it('is never that of another integration, however an identifier is chosen', () => {
    const rule = ruleNamed('RATE_MINUTE');
    const one = breachKeyOf(rule, { integrationId: 'a:b', agreementId: 'c', route: '' });
    const other = breachKeyOf(rule, { integrationId: 'a', agreementId: 'b:c', route: '' });
    expect(one).not.toBe(other);
  });

  it('stands for a case without an agreement as null in its scope', () => {
    const subject = { ...context.subject, agreementId: '' };
    const { breach } = decideBreach(null, verdictOf('info'), { ...context, subject })!;
    expect([breach.breachKey, breach.scope.organizationId]).toEqual(['RATE_MINUTE:isv_eksempel:', null]);
  });
});

describe('a backlog of two hours that arrives at once', () => {
  it('is no burst: the calls count in the minutes in which they were made', () => {
    const start = Date.UTC(2026, 8, 30, 10);
    const backlog = Array.from({ length: 120 * 49 }, (_, index) =>
      callAt(new Date(start + Math.floor(index / 49) * 60_000).toISOString()),
    );
    const { pairs } = signalsOf(backlog, defaultPolicy);
    const last = minuteOf('2026-09-30T11:59:00Z');
    expect(pairs.size).toBe(120);
    expect(judgeRateMinute([...pairs.values()], defaultPolicy, last)).toBeNull();
  });
});
