import type { Breach } from '@taxameter/contracts';
import { percentileMs } from '../signals/durations.js';
import { endOfGrain, minuteOf, minuteStart, type GrainMinutes } from '../signals/minute.js';

/**
 * Makes the evidence of a case from what was counted: what proved it, what the subject did before and meanwhile, and what that meant for
 * the platform (domain rule 1.7.7). A function of calls alone: nothing in it tells who asks, when it was judged, or which case it is.
 */

/** What proved that the case began or got worse, as its closed minutes make it. */
export type Proof = Pick<
  Breach,
  'ruleId' | 'scope' | 'severity' | 'policyVersion' | 'observed' | 'threshold' | 'evidence'
>;

/** Minutes since 1970, UTC; half-open. The window is what the verdict was about, and the time before it begins at `from`. */
export interface Span {
  readonly from: number;
  readonly window: number;
  readonly to: number;
}

/** Calls and the server time in ms that they took. */
export interface Load {
  readonly calls: number;
  readonly serverTimeMs: number;
}

/** What was counted in the time before the window, or in it. */
export interface LoadCounted {
  readonly platform: Load;
  /** Of the calls of the platform, by how long they took (`durations.ts`). */
  readonly durations: readonly number[];
  /** Of the integration, on all agreements. */
  readonly integration: Load;
  /** Of what the case is about: an agreement, or all of them. */
  readonly subject: Load;
}

export interface Statuses {
  readonly successes: number;
  readonly redirects: number;
  readonly refusals: number;
  readonly failures: number;
  readonly aborted: number;
  readonly restricted: number;
}

export interface RouteCounted extends Load, Statuses {
  readonly method: string;
  readonly route: string;
  readonly eventIds: readonly string[];
}

export interface Counted {
  /** What is counted in `series`. */
  readonly of: 'calls' | 'sms';
  readonly grainMinutes: GrainMinutes;
  /** Of the subject, by the last minute of each row; rows without any are left out. */
  readonly series: ReadonlyMap<number, number>;
  readonly before: LoadCounted;
  readonly during: LoadCounted;
  /** Of the subject, in the hours that the window touches; in any order. */
  readonly routes: readonly RouteCounted[];
}

export interface Share extends Load {
  /** Between 0 and 1; null: the platform had none. */
  readonly shareOfCalls: number | null;
  readonly shareOfServerTime: number | null;
}

export interface Harm {
  readonly from: string;
  readonly to: string;
  readonly platform: Load & { readonly p95Ms: number | null };
  readonly integration: Share;
  readonly subject: Share;
}

/** What is frozen. Its canonical JSON is what is hashed, so a field is added and never changed. */
export interface Evidence extends Proof {
  readonly format: 1;
  readonly series: {
    readonly of: 'calls' | 'sms';
    readonly grainMinutes: GrainMinutes;
    readonly from: string;
    readonly windowStart: string;
    readonly to: string;
    readonly values: readonly number[];
  };
  readonly harm: { readonly before: Harm; readonly during: Harm };
  readonly answers: {
    readonly from: string;
    readonly to: string;
    readonly statuses: Statuses;
    readonly routes: readonly (Load & {
      readonly method: string;
      readonly route: string;
      readonly eventIds: readonly string[];
    })[];
  };
}

/** More routes than this are not named, but for that of the case. */
const TOP_ROUTES = 10;

const HOUR = 60;

/**
 * The time that the evidence of a window is about: the window, and before it an hour; before one of hours as long a time as the window,
 * since an hour of the night says nothing of a day.
 */
export function spanOf({ observed }: Pick<Proof, 'observed'>, grain: GrainMinutes): Span {
  const [window, to] = [minuteOf(observed.windowStart), minuteOf(observed.windowEnd)];
  return { from: window - (grain === 1 ? HOUR : Math.max(HOUR, to - window)), window, to };
}

/** Once this minute is closed, everything is counted that the evidence of a window tells: the last one of the hour in which it ends. */
export function dueMinute({ observed }: Pick<Proof, 'observed'>): number {
  return endOfGrain(minuteOf(observed.windowEnd) - 1, HOUR);
}

/** The last minutes of the hours that a window touches. */
export function hoursOf({ window, to }: Span): number[] {
  const hours = [];
  for (let hour = endOfGrain(window, HOUR); hour <= endOfGrain(to - 1, HOUR); hour += HOUR) hours.push(hour);
  return hours;
}

export function buildEvidence(proof: Proof, counted: Counted): Evidence {
  const { ruleId, scope, severity, policyVersion, observed, threshold, evidence } = proof;
  const { of, grainMinutes, series, routes } = counted;
  const span = spanOf(proof, grainMinutes);
  const { from, window, to } = span;
  const values: number[] = [];
  for (let minute = endOfGrain(from, grainMinutes); minute < to; minute += grainMinutes) {
    values.push(series.get(minute) ?? 0);
  }
  const hours = hoursOf(span);
  return {
    format: 1,
    ...{ ruleId, scope, severity, policyVersion, observed, threshold, evidence },
    series: {
      ...{ of, grainMinutes },
      ...{ from: minuteStart(from), windowStart: minuteStart(window), to: minuteStart(to), values },
    },
    harm: {
      before: harmOf(counted.before, from, window),
      during: harmOf(counted.during, window, to),
    },
    answers: {
      from: minuteStart(hours[0]! + 1 - HOUR),
      to: minuteStart(hours.at(-1)! + 1),
      statuses: statusesOf(routes),
      routes: topRoutes(routes, scope.route),
    },
  };
}

function harmOf({ platform, durations, integration, subject }: LoadCounted, from: number, to: number): Harm {
  return {
    from: minuteStart(from),
    to: minuteStart(to),
    platform: { ...platform, p95Ms: percentileMs(durations, 0.95) },
    integration: shareOf(integration, platform),
    subject: shareOf(subject, platform),
  };
}

function shareOf({ calls, serverTimeMs }: Load, platform: Load): Share {
  return {
    ...{ calls, serverTimeMs },
    shareOfCalls: part(calls, platform.calls),
    shareOfServerTime: part(serverTimeMs, platform.serverTimeMs),
  };
}

function part(own: number, whole: number): number | null {
  return whole === 0 ? null : own / whole;
}

function statusesOf(routes: readonly RouteCounted[]): Statuses {
  const all = (name: keyof Statuses) => routes.reduce((sum, route) => sum + route[name], 0);
  return {
    successes: all('successes'),
    redirects: all('redirects'),
    refusals: all('refusals'),
    failures: all('failures'),
    aborted: all('aborted'),
    restricted: all('restricted'),
  };
}

/** Those with the most calls first; that of the case is always among them. */
function topRoutes(routes: readonly RouteCounted[], own: string | null): Evidence['answers']['routes'] {
  return routes
    .toSorted((left, right) => right.calls - left.calls || (nameOf(left) < nameOf(right) ? -1 : 1))
    .filter(({ route }, place) => place < TOP_ROUTES || route === own)
    .map(({ method, route, calls, serverTimeMs, eventIds }) => {
      return { method, route, calls, serverTimeMs, eventIds };
    });
}

function nameOf({ method, route }: RouteCounted): string {
  return `${method} ${route}`;
}
