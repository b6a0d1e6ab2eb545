import type { Policy, RuleId } from '../policy/policy.js';
import { endOfGrain } from '../signals/minute.js';
import { SIGNAL_TABLES, type SignalRows, type SignalTableName } from '../signals/tables.js';
import type { Around } from './around.js';
import { judgeBurst } from './burst.js';
import { judgeErrorRatio } from './error-ratio.js';
import { ALWAYS_READ, SWEEPS_READ } from './inputs.js';
import { REGISTERED_HABITS } from './registry-habits.js';
import { judgeLegacyAuth } from './legacy-auth.js';
import { judgePollingTooOften } from './polling-too-often.js';
import { judgePollingUnfiltered } from './polling-unfiltered.js';
import { judgeRateDay } from './rate-day.js';
import { judgeRateMinute } from './rate-minute.js';
import { SMS_RULES } from './registry-sms.js';
import { INTEGRATION_RULES } from './registry-integrations.js';
import { judgeServerTime } from './server-time.js';
import { judgeStaleChangesSince } from './stale-changes-since.js';
import { judgeThrottledRatio } from './throttled-ratio.js';
import type { Verdict } from './verdict.js';
import { judgeWriteRate } from './write-rate.js';

/**
 * Lists the rules there are: whoever evaluates, documents or back-tests goes through this list and knows no
 * rule by name.
 */

export type KeyDimension = 'integration' | 'agreement' | 'route';

interface RuleOf<Table extends SignalTableName> {
  readonly id: RuleId;
  readonly title: { readonly da: string; readonly en: string };
  /**
   * What a case of this rule is about: one breach for each combination. A rule without agreements in its key judges those of an
   * integration together (`isIntegrationWide`).
   */
  readonly key: readonly KeyDimension[];
  /** The event that its signals are made of; without it, an API call. */
  readonly reads?: 'apiCall' | 'smsSent';
  /** Paths in that event that the rule's signals read; a test holds them against the event's schema. */
  readonly inputs: readonly string[];
  /** Which rows the judge takes. */
  readonly signals: Table;
  /**
   * How many minutes back from the minute judged the rows must reach; a late event dirties as many minutes
   * ahead.
   */
  readonly windowMinutes: (policy: Policy) => number;
  /**
   * More events never lower the verdict: the running minute may be judged. A rule without this waits for
   * closed minutes.
   */
  readonly isMonotone: boolean;
  /**
   * Whether a row may lead to a finding. Of a rule that is not monotone, no minute waits to be judged for a window without such
   * a row; one that is integration-wide judges only minutes that hold one, and its rows are read only for these. So such a rule
   * has to have it, and must find nothing worse in a minute without than in the one before.
   */
  readonly canCarry?: (row: SignalRows[Table], policy: Policy) => boolean;
  /**
   * The judge asks how many agreements are active, and is milder the more they are: they are counted only for minutes at which it
   * would find something if there were none.
   */
  readonly asksForAgreements?: true;
  /** The limit of the mildest severity, of a rule whose limits depend on what is around; those of all others stand in the policy. */
  readonly limitAround?: (policy: Policy, minute: number, around: Around) => number;
  readonly judge: (
    rows: readonly SignalRows[Table][],
    policy: Policy,
    minute: number,
    around: Around,
  ) => Verdict | null;
}

export type Rule = { [Table in SignalTableName]: RuleOf<Table> }[SignalTableName];

/** Whether a rule judges what an integration does on all agreements together. */
export function isIntegrationWide({ key }: Rule): boolean {
  return !key.includes('agreement');
}

/** The last minute of what is judged as one: a minute, or an hour. */
export function endOfRow({ signals }: Rule, minute: number): number {
  return endOfGrain(minute, SIGNAL_TABLES[signals].grain);
}

export const RULES: readonly Rule[] = [
  {
    id: 'RATE_MINUTE',
    title: { da: 'For mange kald i minuttet', en: 'Too many calls a minute' },
    key: ['integration', 'agreement'],
    inputs: ALWAYS_READ,
    signals: 'pairs',
    windowMinutes: (policy) => policy.rules.RATE_MINUTE.windowMinutes,
    isMonotone: true,
    judge: judgeRateMinute,
  },
  {
    id: 'BURST',
    title: { da: 'For mange kald på fem sekunder', en: 'Too many calls within five seconds' },
    key: ['integration', 'agreement'],
    inputs: ALWAYS_READ,
    signals: 'pairs',
    windowMinutes: (policy) => policy.rules.BURST.windowMinutes,
    isMonotone: true,
    judge: judgeBurst,
  },
  {
    id: 'WRITE_RATE',
    title: { da: 'For mange skrivende kald i minuttet', en: 'Too many writes a minute' },
    key: ['integration', 'agreement'],
    inputs: [...ALWAYS_READ, 'data.method', 'data.operation'],
    signals: 'pairs',
    windowMinutes: (policy) => policy.rules.WRITE_RATE.windowMinutes,
    isMonotone: true,
    judge: judgeWriteRate,
  },
  {
    id: 'SERVER_TIME',
    title: { da: 'Kaldene optager serveren for længe', en: 'The calls keep the server busy for too long' },
    key: ['integration', 'agreement'],
    inputs: [...ALWAYS_READ, 'data.durationMs'],
    signals: 'pairs',
    windowMinutes: (policy) => policy.rules.SERVER_TIME.windowMinutes,
    isMonotone: true,
    judge: judgeServerTime,
  },
  {
    id: 'ERROR_RATIO_4XX',
    title: { da: 'For mange afviste kald', en: 'Too many refused calls' },
    key: ['integration', 'agreement'],
    inputs: [...ALWAYS_READ, 'data.errorCode'],
    signals: 'pairs',
    windowMinutes: (policy) => policy.rules.ERROR_RATIO_4XX.windowMinutes,
    isMonotone: false,
    canCarry: (row) => row.clientErrors > 0,
    judge: judgeErrorRatio,
  },
  {
    id: 'THROTTLED_RATIO',
    title: { da: 'For mange kald rammer API’ets loft', en: 'Too many calls hit the limit of the API' },
    key: ['integration', 'agreement'],
    inputs: ALWAYS_READ,
    signals: 'pairs',
    windowMinutes: (policy) => policy.rules.THROTTLED_RATIO.windowMinutes,
    isMonotone: false,
    canCarry: (row) => row.throttled > 0,
    judge: judgeThrottledRatio,
  },
  {
    id: 'POLLING_UNFILTERED',
    title: { da: 'Hele listen hentes gang på gang', en: 'The whole list is fetched again and again' },
    key: ['integration', 'agreement', 'route'],
    inputs: [...ALWAYS_READ, ...SWEEPS_READ],
    signals: 'routes',
    windowMinutes: (policy) => policy.rules.POLLING_UNFILTERED.windowMinutes,
    isMonotone: true,
    judge: judgePollingUnfiltered,
  },
  {
    id: 'POLLING_TOO_OFTEN',
    title: { da: 'Ændringer hentes for tit', en: 'Changes are asked for too often' },
    key: ['integration', 'agreement', 'route'],
    inputs: [...ALWAYS_READ, ...SWEEPS_READ],
    signals: 'routes',
    windowMinutes: (policy) => policy.rules.POLLING_TOO_OFTEN.windowMinutes,
    isMonotone: true,
    judge: judgePollingTooOften,
  },
  {
    id: 'RATE_DAY',
    title: { da: 'For mange kald på et døgn', en: 'Too many calls in 24 hours' },
    key: ['integration', 'agreement'],
    inputs: ALWAYS_READ,
    signals: 'pairHours',
    windowMinutes: (policy) => policy.rules.RATE_DAY.windowMinutes,
    isMonotone: true,
    judge: judgeRateDay,
  },
  {
    id: 'LEGACY_AUTH',
    title: { da: 'Adgang uden bearer token', en: 'Access without a bearer token' },
    key: ['integration'],
    inputs: [...ALWAYS_READ, 'data.authScheme'],
    signals: 'pairHours',
    windowMinutes: (policy) => policy.rules.LEGACY_AUTH.windowMinutes,
    isMonotone: true,
    canCarry: (row) => row.legacyAuthCalls > 0,
    judge: judgeLegacyAuth,
  },
  {
    id: 'STALE_CHANGES_SINCE',
    title: { da: 'Tidspunktet for ændringer flyttes ikke frem', en: 'The time of changes does not move on' },
    key: ['integration', 'agreement', 'route'],
    inputs: [...ALWAYS_READ, ...SWEEPS_READ, 'data.query.changesSinceAgeSec'],
    signals: 'routeHours',
    windowMinutes: (policy) => policy.rules.STALE_CHANGES_SINCE.windowMinutes,
    isMonotone: true,
    judge: judgeStaleChangesSince,
  },
  ...INTEGRATION_RULES,
  ...SMS_RULES,
  ...REGISTERED_HABITS,
];

/** @throws RangeError when there is no such rule */
export function ruleNamed(id: string): Rule {
  const rule = RULES.find((candidate) => candidate.id === id);
  if (!rule) throw new RangeError(`there is no rule "${id}"`);
  return rule;
}
