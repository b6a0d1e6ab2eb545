import { breachOpened, type Severity } from '@taxameter/contracts';
import { defaultPolicy } from '../policy/default-policy.js';
import { judgeRateMinute } from '../rules/rate-minute.js';
import { ruleNamed } from '../rules/registry.js';
import type { Verdict } from '../rules/verdict.js';
import { minuteOf } from '../signals/minute.js';
import { signalsOf } from '../signals/signals.js';
import { callAt, CONTACTS } from '../signals/signals.testing.js';
import {
  breachKeyOf,
  decideBreach,
  type BreachCase,
  type BreachContext,
  type Finding,
} from './decide-breach.js';

const context: BreachContext = {
  rule: ruleNamed('RATE_MINUTE'),
  subject: { integrationId: 'isv_eksempel', agreementId: '148383', route: '' },
  breachId: 'br_1',
};

/** A verdict on the minute that starts at 12:00 or so many minutes after. */
function verdictOf(severity: Severity, value = 75, minutesLater = 0): Verdict {
  const at = (minute: number) => new Date(Date.UTC(2026, 8, 30, 12, minute + minutesLater)).toISOString();
  return {
    severity,
    value,
    unit: 'calls per minute',
    windowStart: at(-14),
    windowEnd: at(1),
    threshold: 70,
    evidence: [{ windowStart: at(0), windowEnd: at(1), value }],
  };
}
function found(verdict: Verdict, appendedAt = '2026-09-30T12:01:05.000Z'): Finding {
  return { verdict, appendedAt, policy: defaultPolicy };
}
const open = (severity: Severity): BreachCase => decideBreach(null, [found(verdictOf(severity))], context)!;

describe('a breach', () => {
  it('is opened by a verdict when there is none, with the figures that prove it', () => {
    const decision = decideBreach(null, [found(verdictOf('warning'))], context)!;
    expect(decision.change).toBe('opened');
    expect(decision.breach).toMatchObject({
      breachId: 'br_1',
      breachKey: 'RATE_MINUTE:isv_eksempel:148383',
      version: 1,
      policyVersion: 3,
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
    expect(breachOpened.schema.shape.data.safeParse(open('warning').breach).success).toBe(true);
  });

  it('is not opened without a verdict, and an open one is left alone', () => {
    expect(decideBreach(null, [], context)).toBeNull();
    expect(decideBreach(open('warning'), [], context)).toBeNull();
  });

  it('is opened once, though its value swings around the threshold for an hour', () => {
    let current: BreachCase | null = null;
    const changes: unknown[] = [];
    for (let minute = 0; minute < 60; minute += 1) {
      const verdict = minute % 2 === 0 ? verdictOf('warning', 71, minute) : verdictOf('info', 69, minute);
      const decision = decideBreach(current, [found(verdict)], context);
      if (decision) changes.push(decision.change);
      current = decision ?? current;
    }
    expect(changes).toEqual(['opened']);
  });

  it('is escalated, with a version more and new evidence, when it becomes more severe', () => {
    const current = open('warning');
    const later = { ...context, breachId: 'br_unused' };
    const decision = decideBreach(current, [found(verdictOf('critical', 140, 1))], later)!;
    expect(decision.change).toBe('escalated');
    expect(decision.breach).toMatchObject({
      breachId: 'br_1',
      version: 2,
      severity: 'critical',
      openedAt: current.breach.openedAt,
      observed: { value: 140 },
      evidence: [{ value: 140 }],
    });
    expect(decision.peak.value).toBe(140);
  });

  it('tells the first minute at which its severity held, and keeps the highest value beside it', () => {
    const minutes = [
      verdictOf('error', 95),
      verdictOf('critical', 101, 2),
      verdictOf('critical', 140, 3),
      verdictOf('critical', 120, 4),
    ];
    const together = decideBreach(
      null,
      minutes.map((verdict) => found(verdict)),
      context,
    )!;
    expect(together.breach.observed).toMatchObject({ value: 101, windowEnd: '2026-09-30T12:03:00.000Z' });
    expect(together.peak).toEqual({ value: 140, windowEnd: '2026-09-30T12:04:00.000Z' });
  });

  it('is not told anew when a later minute is worse in value only; its peak grows in silence', () => {
    const decision = decideBreach(open('warning'), [found(verdictOf('warning', 88, 3))], context)!;
    expect(decision).toMatchObject({ change: null, breach: { version: 1, observed: { value: 75 } } });
    expect(decision.peak.value).toBe(88);
    expect(decideBreach(decision, [found(verdictOf('warning', 80, 5))], context)).toBeNull();
  });

  it('is revised while the minute that proves it goes on', () => {
    const decision = decideBreach(open('warning'), [found(verdictOf('warning', 88))], context)!;
    expect(decision).toMatchObject({ change: 'revised', breach: { version: 2, observed: { value: 88 } } });
    expect(decideBreach(decision, [found(verdictOf('warning', 88))], context)).toBeNull();
  });

  it('is revised when late calls show that its severity held earlier, and is dated as before', () => {
    const late = found(verdictOf('warning', 71, -5), '2026-09-30T20:00:00.000Z');
    const decision = decideBreach(open('warning'), [late], context)!;
    expect(decision.change).toBe('revised');
    expect(decision.breach).toMatchObject({
      observed: { value: 71, windowEnd: '2026-09-30T11:56:00.000Z' },
      openedAt: '2026-09-30T12:01:05.000Z',
      retroactive: false,
    });
  });

  it('is left alone by a lower verdict, whatever its value and minute', () => {
    expect(decideBreach(open('warning'), [found(verdictOf('info', 500, -5))], context)).toBeNull();
    expect(decideBreach(open('warning'), [found(verdictOf('warning'))], context)).toBeNull();
  });

  it('is retroactive when its window ended more than two hours before the log took the events in', () => {
    const at = (appendedAt: string) =>
      decideBreach(null, [found(verdictOf('error'), appendedAt)], context)!.breach;
    expect(at('2026-09-30T14:01:00.000Z').retroactive).toBe(false);
    expect(at('2026-09-30T14:01:00.001Z').retroactive).toBe(true);
  });

  it('that a backlog opened is no longer retroactive when it becomes worse today', () => {
    const current = decideBreach(null, [found(verdictOf('info'), '2026-09-30T20:00:00.000Z')], context)!;
    expect(current.breach.retroactive).toBe(true);
    const worse = decideBreach(current, [found(verdictOf('error'))], context)!;
    expect(worse.breach.retroactive).toBe(false);
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
    const { breach } = decideBreach(null, [found(verdictOf('info'))], { ...context, subject })!;
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
