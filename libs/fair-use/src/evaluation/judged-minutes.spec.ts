import { onePolicy } from '../policy/policies.js';
import { RULES, ruleNamed, type Rule } from '../rules/registry.js';
import { minuteOf } from '../signals/minute.js';
import { signalsOf } from '../signals/signals.js';
import { callAt } from '../signals/signals.testing.js';
import { closedBefore, judge, leftUntilClosed, type DirtyMinute } from './judge.js';
import { policy, rowsOf, at, first, APPENDED } from './judge.testing.js';

describe('what is judged', () => {
  const rows = rowsOf(
    signalsOf(
      [0, 1, 3, 9].map((minute) => callAt(at(minute))),
      policy,
    ),
  );
  const mark = (minute: number, appendedAt = APPENDED): DirtyMinute => ({
    agreementId: '148383',
    minute: first + minute,
    appendedAt,
  });
  const judgedMinutes: number[] = [];
  const spy = (isMonotone: boolean): Rule => ({
    ...(RULES.find((rule) => rule.signals === 'pairs') as Extract<Rule, { signals: 'pairs' }>),
    isMonotone,
    judge: (_rows: unknown, _policy: unknown, minute: number) => {
      judgedMinutes.push(minute - first);
      return null;
    },
  });
  const docketOf = (dirty: DirtyMinute[], closed: DirtyMinute[] = []) => {
    return { integrationId: 'isv_eksempel', dirty, closed, rows, allAgreements: null, settled: new Map() };
  };
  const judged = (dirty: DirtyMinute[], closed: DirtyMinute[], isMonotone: boolean) => {
    judgedMinutes.length = 0;
    judge(docketOf(dirty, closed), onePolicy(policy), [spy(isMonotone)]);
    return [...judgedMinutes];
  };
  const left = (dirty: DirtyMinute[], rule: Rule) =>
    leftUntilClosed(docketOf(dirty), onePolicy(policy), [rule]).map(({ minute }) => minute - first);

  it('is the dirty minute and those with rows whose window holds it, oldest first', () => {
    expect(judged([mark(1)], [], true)).toEqual([1, 3]);
    expect(judged([mark(9), mark(0)], [], true)).toEqual([0, 1, 3, 9]);
    expect(judged([mark(5)], [], true)).toEqual([]);
  });

  it('is only what has closed, where more calls could lower the verdict', () => {
    expect(judged([mark(0)], [], false)).toEqual([]);
    expect(judged([mark(0)], [mark(1)], false)).toEqual([1]);
    expect(judged([], [mark(1)], true)).toEqual([]);
  });

  it('waits until it is closed: the same minutes, as long as there may be something to find', () => {
    expect(left([mark(1)], spy(false))).toEqual([1, 3]);
    expect(left([mark(1)], { ...spy(false), canCarry: () => false })).toEqual([]);
    const canCarry = ({ minute }: { minute: number }) => minute === first + 3;
    expect(left([mark(0), mark(9)], { ...spy(false), canCarry })).toEqual([3]);
    expect(left([mark(1)], spy(true))).toEqual([]);
  });

  it('closes two minutes after the log was read past it', () => {
    expect(closedBefore(new Date(at(5)), policy)).toBe(first + 3);
    expect(closedBefore(new Date(at(5, -1)), policy)).toBe(first + 2);
  });

  it('is dated by the newest record within the window, not by records outside it', () => {
    const calls = [0, 1].flatMap((minute) => [0, 1, 2].map((second) => callAt(at(minute, second))));
    const docket = {
      integrationId: 'isv_eksempel',
      dirty: [mark(0, at(2)), mark(1, at(3)), mark(2, at(700))],
      rows: rowsOf(signalsOf(calls, policy)),
      allAgreements: null,
      closed: [],
      settled: new Map(),
    };
    const [judgement] = judge(docket, onePolicy(policy));
    expect(judgement!.findings.map((finding) => finding.appendedAt)).toEqual([at(3)]);
  });

  it('counts no call of a settled minute for a later one, and all of them for that minute itself', () => {
    const calls = [0, 1, 2, 3].flatMap((minute) =>
      [0, 1, 2].map((second) => callAt(at(minute, second), { route: '/none' })),
    );
    const judgedWith = (settled: number[]) => {
      const docket = {
        integrationId: 'isv_eksempel',
        dirty: [0, 1, 2, 3].map((minute) => mark(minute)),
        rows: rowsOf(signalsOf(calls, policy)),
        allAgreements: null,
        closed: [],
        settled: new Map([
          ['RATE_MINUTE:isv_eksempel:148383', settled],
          ['RATE_MINUTE:isv_eksempel:200001', [first + 1]],
        ]),
      };
      return judge(docket, onePolicy(policy), [ruleNamed('RATE_MINUTE')]).flatMap(({ findings }) =>
        findings.map(({ verdict }) => minuteOf(verdict.windowEnd) - 1 - first),
      );
    };
    expect(judgedWith([])).toEqual([1, 2, 3]);
    expect(judgedWith([first + 1])).toEqual([1, 3]);
    expect(judgedWith([first + 2])).toEqual([1, 2]);
  });
});
