import type { Severity } from '@taxameter/contracts';
import { minuteOf, minuteStart } from '../signals/minute.js';
import { casesOf, compareCases, type HistoricCase } from './historic-cases.js';

const NOON = minuteOf('2026-09-30T12:00:00Z');
const A_DAY = 24 * 60;
const subject = { integrationId: 'isv_eksempel', agreementId: '148383', route: '' };

function found(minute: number, severity: Severity = 'warning', value = 75) {
  return {
    minute: NOON + minute,
    verdict: {
      severity,
      value,
      unit: 'calls per minute',
      windowStart: minuteStart(NOON + minute - 14),
      windowEnd: minuteStart(NOON + minute + 1),
      threshold: 70,
      evidence: [],
    },
  };
}
const cases = (...findings: ReturnType<typeof found>[]) =>
  casesOf('RATE_MINUTE', subject, findings, A_DAY * 60_000);

describe('the cases that a policy would have opened', () => {
  it('are one for findings with no more than a day between them, with the worst and highest of them', () => {
    expect(cases(found(0), found(3, 'error', 90), found(4, 'error', 95), found(A_DAY + 4))).toEqual([
      {
        ruleId: 'RATE_MINUTE',
        subject,
        severity: 'error',
        openedAt: '2026-09-30T12:01:00.000Z',
        lastAt: '2026-10-01T12:05:00.000Z',
        value: 95,
        unit: 'calls per minute',
        threshold: 70,
        windowStart: '2026-09-30T11:50:00.000Z',
        windowEnd: '2026-09-30T12:05:00.000Z',
        findings: 4,
      },
    ]);
  });

  it('are two where more than a day lies between', () => {
    expect(cases(found(0), found(A_DAY + 1)).map((one) => one.openedAt)).toEqual([
      '2026-09-30T12:01:00.000Z',
      '2026-10-01T12:02:00.000Z',
    ]);
  });

  it('are none without findings', () => {
    expect(cases()).toEqual([]);
  });
});

describe('two policies side by side', () => {
  const [mild] = cases(found(0), found(60));
  const [sharp] = cases(found(30, 'error', 90));
  const [later] = cases(found(5 * A_DAY));
  const changes = (candidates: HistoricCase[], todays: HistoricCase[]) =>
    compareCases(candidates, todays).map(({ change }) => change);

  it('differ by what one of them opens and the other does not', () => {
    expect(changes([mild!], [])).toEqual(['new']);
    expect(changes([], [mild!])).toEqual(['gone']);
    expect(changes([later!], [mild!])).toEqual(['new', 'gone']);
  });

  it('differ by severity where their cases overlap', () => {
    expect(changes([sharp!], [mild!])).toEqual(['sharper']);
    expect(changes([mild!], [sharp!])).toEqual(['milder']);
    expect(changes([mild!], [mild!])).toEqual(['same']);
  });

  it('give one case of today to one of the candidate only', () => {
    const [early, late] = [cases(found(0)), cases(found(60))].flat();
    expect(changes([early!, late!], [mild!])).toEqual(['same', 'new']);
  });
});
