import type { Severity } from '@taxameter/contracts';
import { defaultPolicy } from '../policy/default-policy.js';
import { ruleNamed } from '../rules/registry.js';
import { minuteOf, minuteStart } from '../signals/minute.js';
import { decideCases, type KeptCase } from './decide-cases.js';
import type { BreachDecision, Finding } from './decide-breach.js';
import { minuteToSettle, settle, unsettle, unsettledRows } from './settle.js';

const NOON = minuteOf('2026-09-30T12:00:00Z');
const NOW = new Date('2026-09-30T12:10:00Z');
const A_DAY = 24 * 60;

const context = (breachId: string) => ({
  rule: ruleNamed('RATE_MINUTE'),
  subject: { integrationId: 'isv_eksempel', agreementId: '148383', route: '' },
  breachId,
});

/** A verdict on the minute so many after noon. */
function on(minute: number, severity: Severity = 'warning', value = 75): Finding {
  const windowEnd = minuteStart(NOON + minute + 1);
  return {
    appendedAt: windowEnd,
    policy: defaultPolicy,
    verdict: {
      severity,
      value,
      unit: 'calls per minute',
      windowStart: minuteStart(NOON + minute - 14),
      windowEnd,
      threshold: 70,
      evidence: [{ windowStart: minuteStart(NOON + minute), windowEnd, value }],
    },
  };
}

const kept = ({ breach, peak, after }: BreachDecision, ownedUntil: string | null = null): KeptCase => ({
  breach,
  peak,
  after,
  ownedUntil,
});
const opened = kept(decideCases([], [on(0)], context('br_1'))[0]!);
/** Settled at ten past noon. */
const settled = kept(settle(opened, NOON + 10, NOW));
const decide = (cases: readonly KeptCase[], ...findings: Finding[]) =>
  decideCases(cases, findings, context('br_2')).map(({ change, breach, after }) => ({
    change,
    id: `${breach.breachId} ${breach.version} ${breach.occurrence} ${breach.state}`,
    severity: breach.severity,
    proof: breach.observed.windowEnd,
    after,
  }));

describe('a settled case', () => {
  it('says through which minute, and keeps its figures', () => {
    const { breach } = settled;
    expect(breach).toEqual({
      ...opened.breach,
      version: 2,
      state: 'resolved',
      resolvedThrough: '2026-09-30T12:10:00.000Z',
      resolvedReason: 'manual',
    });
  });

  it('is not opened by a minute up to the one that was settled, and is by the next', () => {
    expect(decide([settled], on(10))).toEqual([]);
    expect(decide([settled], on(11))).toMatchObject([
      { change: 'opened', id: 'br_1 3 2 open', after: NOON + 10 },
    ]);
  });

  it('is corrected and stays settled where late calls show that it was earlier or worse', () => {
    expect(decide([settled], on(-3))).toMatchObject([
      { change: 'revised', id: 'br_1 3 1 resolved', proof: minuteStart(NOON - 2) },
    ]);
    expect(decide([settled], on(4, 'critical', 140))).toMatchObject([
      { change: 'escalated', id: 'br_1 3 1 resolved', severity: 'critical' },
    ]);
  });

  it('that is broken again within a day is the same case once more, by its own figures', () => {
    const last = 10 + A_DAY;
    expect(decide([settled], on(last, 'info', 55))).toEqual([
      {
        change: 'opened',
        id: 'br_1 3 2 open',
        severity: 'info',
        proof: minuteStart(NOON + last + 1),
        after: NOON + 10,
      },
    ]);
  });

  it('leaves what is broken more than a day later to a new case', () => {
    expect(decide([settled], on(11 + A_DAY))).toMatchObject([
      { change: 'opened', id: 'br_2 1 1 open', after: NOON + 10 },
    ]);
  });

  it('is opened again when the first of several minutes lies within the day', () => {
    expect(decide([settled], on(2 * A_DAY, 'critical', 140), on(20))).toMatchObject([
      { id: 'br_1 3 2 open', severity: 'critical' },
    ]);
  });

  it('is not opened again under another owner, who would read what its predecessor was told', () => {
    const sold = { ...settled, ownedUntil: minuteStart(NOON + 30) };
    expect(decide([sold], on(29))).toMatchObject([{ id: 'br_1 3 2 open' }]);
    expect(decide([sold], on(30))).toMatchObject([{ id: 'br_2 1 1 open' }]);
  });

  it('is as it was, but for its version, when the resolution is taken back', () => {
    expect(unsettle(settled, NOW).breach).toEqual({ ...opened.breach, version: 3 });
    expect(JSON.stringify(unsettle(settled, NOW).breach)).not.toContain('resolved');
  });
});

describe('a case that was opened again', () => {
  const again = kept(decideCases([settled], [on(20)], context('br_2'))[0]!);

  it('has nothing to do with minutes from before it was settled any more', () => {
    expect(decide([again], on(5, 'critical', 140))).toEqual([]);
    expect(decide([again], on(15))).toMatchObject([{ change: 'revised', id: 'br_1 4 2 open' }]);
  });
});

describe('a case that comes and goes', () => {
  /** Settled and broken again, at so many minutes after noon each. */
  const flapped = (...minutes: number[]) =>
    minutes.reduce<KeptCase>((before, minute) => {
      const over = { ...kept(settle(before, NOON + minute, NOW)), reopenedAfter: before.reopenedAfter ?? [] };
      const [next] = decideCases([over], [on(minute + 20)], context('br_2'));
      return { ...kept(next!), reopenedAfter: next!.reopenedAfter! };
    }, opened);

  it('says so when it was opened again four times within a day, and not before', () => {
    expect(flapped(10, 60, 110).breach).not.toHaveProperty('flapping');
    expect(flapped(10, 60, 110, 10 + A_DAY).breach).toMatchObject({ occurrence: 5, flapping: true });
    expect(flapped(10, 60, 110, 11 + A_DAY).breach).not.toHaveProperty('flapping');
  });

  it('goes on saying so', () => {
    expect(flapped(10, 60, 110, 160, 160 + A_DAY).breach.flapping).toBe(true);
  });
});

describe('of several cases with one key', () => {
  const second = kept(decideCases([settled], [on(2 * A_DAY)], context('br_2'))[0]!);

  it('each is corrected by minutes of its own time', () => {
    const findings = [on(4, 'critical', 140), on(2 * A_DAY - 5)];
    expect(decide([settled, second], ...findings)).toMatchObject([
      { change: 'escalated', id: 'br_1 3 1 resolved' },
      { change: 'revised', id: 'br_2 2 1 open' },
    ]);
  });

  it('the newer one takes a late minute that might have opened the older again: an id is decided once', () => {
    expect(decide([settled, second], on(15))).toMatchObject([{ change: 'revised', id: 'br_2 2 1 open' }]);
  });
});

describe('the minute that is settled', () => {
  it('is the present one, or a later one of which calls were read already', () => {
    expect(minuteToSettle(NOW, null)).toBe(NOON + 10);
    expect(minuteToSettle(NOW, NOON - 60)).toBe(NOON + 10);
    expect(minuteToSettle(NOW, NOON + 13)).toBe(NOON + 13);
  });

  it('is the last whose calls count for no later minute', () => {
    const rows = [1, 2, 3, 4].map((minute) => ({ minute }));
    const counted = (minute: number, ...minutes: number[]) =>
      unsettledRows(rows, minute, minutes).map((row) => row.minute);
    expect(counted(4)).toEqual([1, 2, 3, 4]);
    expect(counted(4, 2)).toEqual([3, 4]);
    expect(counted(4, 4)).toEqual([1, 2, 3, 4]);
    expect(counted(4, 3, 1)).toEqual([4]);
  });
});
