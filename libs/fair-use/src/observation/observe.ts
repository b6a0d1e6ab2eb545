import { agreementIdOf, type ApiCall, type ApiCallEvent } from '@taxameter/contracts';
import { filterableRoute, type Policy } from '../policy/policy.js';
import { isClientError, sendsSms } from '../signals/refusals.js';
import { countsAgainstPartner } from '../signals/signals.js';

/**
 * What a batch of calls shows of the integrations that made them. All of it merges in any order: sums by day, sets of minutes
 * and scopes, the earliest and the latest instant.
 */

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A page of this size or less is what an integration gets that never asked for a larger one. */
const SMALL_PAGE = 100;

/** Sums of one integration on one day, in UTC. */
export interface DayMeasures {
  readonly calls: number;
  readonly publicCalls: number;
  readonly personalCalls: number;
  readonly writeCalls: number;
  readonly clientErrors: number;
  readonly forbidden: number;
  readonly tokenCalls: number;
  readonly otherAuthCalls: number;
  readonly sweeps: number;
  readonly changesSinceSweeps: number;
  readonly laterPages: number;
  readonly smallLaterPages: number;
  readonly throttledCalls: number;
  readonly smsCalls: number;
}

export const DAY_MEASURES = [
  ...(['calls', 'publicCalls', 'personalCalls', 'writeCalls', 'clientErrors', 'forbidden'] as const),
  ...(['tokenCalls', 'otherAuthCalls', 'sweeps', 'changesSinceSweeps', 'laterPages'] as const),
  ...(['smallLaterPages', 'throttledCalls', 'smsCalls'] as const),
] satisfies readonly (keyof DayMeasures)[];

/** Of one integration: its first and last call, and how many there were. */
export interface Seen {
  readonly integrationId: string;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
  readonly calls: number;
}

export interface Observations {
  readonly integrations: readonly Seen[];
  readonly days: readonly (DayMeasures & { readonly integrationId: string; readonly day: number })[];
  readonly throttledMinutes: readonly {
    readonly integrationId: string;
    readonly agreementId: string;
    readonly minute: number;
  }[];
  readonly scopes: readonly {
    readonly integrationId: string;
    readonly scope: string;
    readonly lastDay: number;
  }[];
  /** Agreements on which a call succeeded: a refused one may name an organisation that the integration never had. */
  readonly agreements: readonly {
    readonly integrationId: string;
    readonly agreementId: string;
    readonly firstSeenAt: string;
  }[];
}

/** What is being summed of one integration; instants in ms. Changed in place: this runs for every call. */
interface Sums {
  calls: number;
  firstMs: number;
  lastMs: number;
  readonly days: Map<number, Mutable>;
  readonly throttledMinutes: Map<string, { agreementId: string; minute: number }>;
  readonly lastDayOfScope: Map<string, number>;
  readonly firstMsOfAgreement: Map<string, number>;
}

type Mutable = { -readonly [Measure in keyof DayMeasures]: number };

/**
 * Each list is sorted by its key, so that transactions that store two of them never wait for each other in a circle.
 * @throws RangeError when an event's `time` is not an instant
 */
export function observationsOf(events: Iterable<ApiCallEvent>, policy: Policy): Observations {
  const sums = new Map<string, Sums>();
  for (const { data, time } of events) {
    if (!countsAgainstPartner(data)) continue;
    const ms = Date.parse(time);
    if (Number.isNaN(ms)) throw new RangeError(`"${time}" is not an instant`);
    let of = sums.get(data.integrationId);
    if (!of) sums.set(data.integrationId, (of = nothingSince(ms)));
    add(of, data, ms, policy);
  }
  const all = inOrder(sums);
  return {
    integrations: all.map(([integrationId, { calls, firstMs, lastMs }]) => ({
      ...{ integrationId, calls, firstSeenAt: instant(firstMs), lastSeenAt: instant(lastMs) },
    })),
    days: all.flatMap(([integrationId, { days }]) =>
      inOrder(days).map(([day, measures]) => ({ integrationId, day, ...measures })),
    ),
    throttledMinutes: all.flatMap(([integrationId, { throttledMinutes }]) =>
      inOrder(throttledMinutes).map(([, minute]) => ({ integrationId, ...minute })),
    ),
    scopes: all.flatMap(([integrationId, { lastDayOfScope }]) =>
      inOrder(lastDayOfScope).map(([scope, lastDay]) => ({ integrationId, scope, lastDay })),
    ),
    agreements: all.flatMap(([integrationId, { firstMsOfAgreement }]) =>
      inOrder(firstMsOfAgreement).map(([agreementId, firstMs]) => ({
        ...{ integrationId, agreementId, firstSeenAt: instant(firstMs) },
      })),
    ),
  };
}

function nothingSince(ms: number): Sums {
  return {
    ...{ calls: 0, firstMs: ms, lastMs: ms, days: new Map(), throttledMinutes: new Map() },
    ...{ lastDayOfScope: new Map(), firstMsOfAgreement: new Map() },
  };
}

function add(of: Sums, call: ApiCall, ms: number, policy: Policy): void {
  const day = Math.floor(ms / DAY_MS);
  of.calls += 1;
  of.firstMs = Math.min(of.firstMs, ms);
  of.lastMs = Math.max(of.lastMs, ms);
  let measures = of.days.get(day);
  if (!measures) of.days.set(day, (measures = zeros()));
  addMeasures(measures, call, policy);
  const agreementId = agreementIdOf(call.organizationId);
  if (call.status === 429) {
    const minute = Math.floor(ms / MINUTE_MS);
    of.throttledMinutes.set(`${minute}|${agreementId}`, { agreementId, minute });
  }
  for (const scope of call.scopes ?? []) {
    of.lastDayOfScope.set(scope, Math.max(day, of.lastDayOfScope.get(scope) ?? day));
  }
  if (agreementId !== '' && isSuccess(call)) {
    of.firstMsOfAgreement.set(agreementId, Math.min(ms, of.firstMsOfAgreement.get(agreementId) ?? ms));
  }
}

function zeros(): Mutable {
  return Object.fromEntries(DAY_MEASURES.map((measure) => [measure, 0])) as Mutable;
}

function addMeasures(to: Mutable, call: ApiCall, policy: Policy): void {
  const { method, route, status, authScheme, integrationKind, query } = call;
  const isList = method === 'GET' && call.operation === 'list' && isSuccess(call);
  const page = query?.page ?? 0;
  // An emitter that says nothing of the query may have filtered: nobody is blamed for what was not told.
  const isSweep = isList && page === 0 && query != null && filterableRoute(policy, route) !== null;
  const isLaterPage = isList && page > 0;
  const isRefused = isClientError(call);
  to.calls += 1;
  if (integrationKind === 'public') to.publicCalls += 1;
  if (integrationKind === 'personal') to.personalCalls += 1;
  if (method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS') to.writeCalls += 1;
  if (isRefused) to.clientErrors += 1;
  if (isRefused && status === 403) to.forbidden += 1;
  if (authScheme === 'bearer') to.tokenCalls += 1;
  else if (authScheme !== undefined) to.otherAuthCalls += 1;
  if (isSweep) to.sweeps += 1;
  if (isSweep && query.hasChangesSince === true) to.changesSinceSweeps += 1;
  if (isLaterPage) to.laterPages += 1;
  if (isLaterPage && (query?.pageSize ?? SMALL_PAGE) <= SMALL_PAGE) to.smallLaterPages += 1;
  if (status === 429) to.throttledCalls += 1;
  if (isSuccess(call) && sendsSms(call)) to.smsCalls += 1;
}

function isSuccess({ status }: ApiCall): boolean {
  return status >= 200 && status < 300;
}

const instant = (ms: number) => new Date(ms).toISOString();

function inOrder<Key extends string | number, Row>(rows: ReadonlyMap<Key, Row>): [Key, Row][] {
  return [...rows].sort(([left], [right]) => (left < right ? -1 : 1));
}
