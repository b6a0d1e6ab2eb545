import { agreementIdOf, type ApiCall, type ApiCallEvent } from '@taxameter/contracts';
import { filterableRoute, type Policy } from '../policy/policy.js';
import { minuteOf } from '../signals/minute.js';
import { countsAgainstPartner } from '../signals/signals.js';

/**
 * What a batch of calls shows of the integrations that made them. All of it merges in any order: sums by day, sets of minutes
 * and scopes, the earliest and the latest instant.
 */

const MINUTES_PER_DAY = 1440;

/** A page of this size or less is what an integration gets that never asked for a larger one. */
const SMALL_PAGE = 100;

/** `POST /v1/{organizationId}/sms/{voucherGuid}/send-sms` and its later versions (domain rule 1.2). */
const SENDS_SMS = /\/send-sms$/;

/** The customer has not bought what the call needs: not the partner's fault (domain rule 1.7.4). */
const NOT_BOUGHT = 48;

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

/** Each list is sorted by its key, so that transactions that store two of them never wait for each other in a circle. */
export function observationsOf(events: Iterable<ApiCallEvent>, policy: Policy): Observations {
  const integrations = new Map<string, Seen>();
  const days = new Map<string, Observations['days'][number]>();
  const minutes = new Map<string, Observations['throttledMinutes'][number]>();
  const scopes = new Map<string, Observations['scopes'][number]>();
  const agreements = new Map<string, Observations['agreements'][number]>();
  for (const { data, time } of events) {
    if (!countsAgainstPartner(data)) continue;
    const { integrationId } = data;
    const minute = minuteOf(time);
    const day = Math.floor(minute / MINUTES_PER_DAY);
    const at = new Date(time).toISOString();
    integrations.set(integrationId, seenWith(integrations.get(integrationId), integrationId, at));
    const dayKey = `${integrationId}|${day}`;
    const measures = measuresOf(data, policy);
    const known = days.get(dayKey);
    days.set(dayKey, { integrationId, day, ...(known ? sumOf(known, measures) : measures) });
    const agreementId = agreementIdOf(data.organizationId);
    if (data.status === 429) {
      minutes.set(`${integrationId}|${minute}|${agreementId}`, { integrationId, agreementId, minute });
    }
    for (const scope of data.scopes ?? []) {
      const key = `${integrationId}|${scope}`;
      scopes.set(key, { integrationId, scope, lastDay: Math.max(day, scopes.get(key)?.lastDay ?? day) });
    }
    if (agreementId !== '' && isSuccess(data)) {
      const key = `${integrationId}|${agreementId}`;
      const first = agreements.get(key)?.firstSeenAt;
      const firstSeenAt = first === undefined || at < first ? at : first;
      agreements.set(key, { integrationId, agreementId, firstSeenAt });
    }
  }
  return {
    integrations: inOrder(integrations),
    days: inOrder(days),
    throttledMinutes: inOrder(minutes),
    scopes: inOrder(scopes),
    agreements: inOrder(agreements),
  };
}

function seenWith(known: Seen | undefined, integrationId: string, at: string): Seen {
  if (!known) return { integrationId, firstSeenAt: at, lastSeenAt: at, calls: 1 };
  return {
    integrationId,
    firstSeenAt: at < known.firstSeenAt ? at : known.firstSeenAt,
    lastSeenAt: at > known.lastSeenAt ? at : known.lastSeenAt,
    calls: known.calls + 1,
  };
}

function measuresOf(call: ApiCall, policy: Policy): DayMeasures {
  const { method, route, status, authScheme, integrationKind, query } = call;
  const isList = method === 'GET' && call.operation === 'list' && isSuccess(call);
  const page = query?.page ?? 0;
  // An emitter that says nothing of the query may have filtered: nobody is blamed for what was not told.
  const isSweep = isList && page === 0 && query != null && filterableRoute(policy, route) !== null;
  const isLaterPage = isList && page > 0;
  const isRefused = status >= 400 && status !== 429 && !(status === 403 && call.errorCode === NOT_BOUGHT);
  return {
    calls: 1,
    publicCalls: one(integrationKind === 'public'),
    personalCalls: one(integrationKind === 'personal'),
    writeCalls: one(!['GET', 'HEAD', 'OPTIONS'].includes(method)),
    clientErrors: one(isRefused),
    forbidden: one(isRefused && status === 403),
    tokenCalls: one(authScheme === 'bearer'),
    otherAuthCalls: one(authScheme !== undefined && authScheme !== 'bearer'),
    sweeps: one(isSweep),
    changesSinceSweeps: one(isSweep && query.hasChangesSince === true),
    laterPages: one(isLaterPage),
    smallLaterPages: one(isLaterPage && (query?.pageSize ?? SMALL_PAGE) <= SMALL_PAGE),
    throttledCalls: one(status === 429),
    smsCalls: one(method === 'POST' && SENDS_SMS.test(route) && isSuccess(call)),
  };
}

function sumOf(left: DayMeasures, right: DayMeasures): DayMeasures {
  const sums = DAY_MEASURES.map((measure) => [measure, left[measure] + right[measure]]);
  return Object.fromEntries(sums) as Record<keyof DayMeasures, number>;
}

function isSuccess({ status }: ApiCall): boolean {
  return status >= 200 && status < 300;
}

const one = (holds: boolean) => (holds ? 1 : 0);

function inOrder<Row>(rows: ReadonlyMap<string, Row>): readonly Row[] {
  return [...rows].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, row]) => row);
}
