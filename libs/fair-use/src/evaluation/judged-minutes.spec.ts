import { defaultPolicy } from '../policy/default-policy.js';
import { onePolicy } from '../policy/policies.js';
import { isIntegrationWide, RULES, ruleNamed, type Rule } from '../rules/registry.js';
import { endOfGrain, minuteOf } from '../signals/minute.js';
import { signalsOf } from '../signals/signals.js';
import { NO_SIGNALS } from '../signals/tables.js';
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
    const none = { allAgreements: {}, smsOfHour: () => 0, activeAgreements: new Map(), settled: new Map() };
    return { integrationId: 'isv_eksempel', dirty, closed, rows, ...none };
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

  it('is an hour only when its last minute has closed, though others within it have', () => {
    const hour: Rule = {
      ...(RULES.find((rule) => rule.signals === 'pairHours' && isIntegrationWide(rule)) as Extract<
        Rule,
        { signals: 'pairHours' }
      >),
      isMonotone: false,
      canCarry: () => true,
      judge: (_rows: unknown, _policy: unknown, minute: number) => {
        judgedMinutes.push(minute - first);
        return null;
      },
    };
    const judgedWith = (minute: number) => {
      judgedMinutes.length = 0;
      judge({ ...docketOf([], [mark(minute)]), allAgreements: rows }, onePolicy(policy), [hour]);
      return [...judgedMinutes];
    };
    expect(judgedWith(9)).toEqual([]);
    expect(judgedWith(59)).toEqual([59]);
  });

  it('is left once for all agreements together, by the same one of them each time', () => {
    const ofAll = rowsOf(
      signalsOf(
        ['148383', '200001'].map((organizationId) => callAt(at(3), { organizationId })),
        policy,
      ),
    );
    const wide: Rule = { ...spy(false), key: ['integration'], canCarry: () => true };
    for (const agreementId of ['148383', '200001', '300001']) {
      const docket = { ...docketOf([{ ...mark(2), agreementId }]), allAgreements: ofAll };
      expect(leftUntilClosed(docket, onePolicy(policy), [wide])).toEqual([
        { agreementId: '148383', minute: first + 3, appendedAt: APPENDED },
      ]);
    }
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
      allAgreements: {},
      smsOfHour: () => 0,
      activeAgreements: new Map(),
      closed: [],
      settled: new Map(),
    };
    const [judgement] = judge(docket, onePolicy(policy));
    expect(judgement!.findings.map((finding) => finding.appendedAt)).toEqual([at(3)]);
  });

  it('is dated by calls from before the window of the verdict, where these are why something counts in it', () => {
    const waiting = { status: 429, retryAfterSec: 600, durationMs: 0 };
    const calls = [
      callAt(at(0), waiting),
      ...[1, 2, 3, 4, 5].map((second) => callAt(at(9, second))),
      callAt(at(12)),
    ];
    const docket = {
      integrationId: 'isv_eksempel',
      dirty: [mark(0, at(20))],
      rows: rowsOf(signalsOf(calls, defaultPolicy)),
      allAgreements: {},
      activeAgreements: new Map(),
      smsOfHour: () => 0,
      closed: [],
      settled: new Map(),
    };
    const [judgement] = judge(docket, onePolicy(defaultPolicy), [ruleNamed('IGNORES_429')]);
    const found = judgement!.findings.map(({ verdict, appendedAt }) => [verdict.windowEnd, appendedAt]);
    expect(found).toEqual([
      [at(10), at(20)],
      [at(13), at(20)],
    ]);
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
        allAgreements: {},
        smsOfHour: () => 0,
        activeAgreements: new Map(),
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

  it('is held against the time before, also against what a person has settled of it', () => {
    const hour = endOfGrain(first, 60);
    const sms = { integrationId: 'isv_eksempel', agreementId: '148383', minute: hour, sms: 9 };
    const allAgreements = { ...rowsOf(NO_SIGNALS), smsHours: [{ ...sms, foreignSms: 0 }] };
    const findingsAfter = (smsOfHour: () => number, closed = hour) =>
      judge(
        {
          ...docketOf([], [{ ...mark(0), minute: closed }]),
          allAgreements,
          smsOfHour,
          settled: new Map([['SMS_SPIKE:isv_eksempel', [hour - 60]]]),
        },
        onePolicy(policy),
        [ruleNamed('SMS_SPIKE')],
      ).flatMap(({ findings }) => findings);
    expect(findingsAfter(() => 0)).toHaveLength(1);
    expect(findingsAfter(() => 3)).toEqual([]);
    // That a minute within it is closed says nothing of the hour.
    expect(findingsAfter(() => 0, hour - 1)).toEqual([]);
  });
});
