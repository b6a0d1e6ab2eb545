import { agreementIdOf, type ApiCall, type ApiCallEvent } from '@taxameter/contracts';
import { filterableRoute, type Policy } from '../policy/policy.js';
import { addInFlight } from './in-flight.js';
import { endOfGrain, MINUTE_MS, placeOf, SLOT_MS } from './minute.js';
import { isAuthFailure, isClientError, isMissingScope, isRejectedSms, sendsSms } from './refusals.js';
import {
  emptyRow,
  NO_SIGNALS,
  type PairHour,
  type PairMinute,
  type RouteHour,
  type RouteKey,
  type Signals,
} from './tables.js';
import { addReads, boundReads, type RouteRows } from './reads.js';
import { addWait } from './waits.js';

/**
 * Turns calls into signals, which are what the rules see of them: a few measures by event time, which merge in any order
 * (`tables.ts`).
 */

type Mutable<Row> = { -readonly [Field in keyof Row]: Row[Field] };
type PairSlots = 'callsBySlot' | 'waitSlots' | 'inFlightBySlot';
type PairSums = Mutable<Omit<PairMinute, PairSlots>> & { readonly [Field in PairSlots]: number[] };

/**
 * What a batch of distinct calls says. Left out, because they must never count against a partner: calls by
 * nobody we could help (`unknown`), answers that our own restriction gave (domain rule 1.7.1; those of a block
 * have a measure and a rule of their own), and 5xx answers, which are the platform's fault (domain rule
 * 1.5).
 * @throws RangeError when an event's `time` is not an instant
 */
export function signalsOf(events: Iterable<ApiCallEvent>, policy: Policy): Signals {
  const pairs = new Map<string, PairSums>();
  const routes: RouteRows = new Map();
  const pairHours = new Map<string, Mutable<PairHour>>();
  const routeHours = new Map<string, Mutable<RouteHour>>();
  for (const { data, time } of events) {
    const isBlocked = data.enforced === 'block' && data.integrationId !== 'unknown';
    if (!(isBlocked || countsAgainstPartner(data)) || isTokenOfNoAgreement(data)) continue;
    const { minute, msIntoMinute } = placeOf(time);
    const { integrationId } = data;
    const agreementId = agreementIdOf(data.organizationId);
    const place = { integrationId, agreementId, minute };
    const key = pairKey(place);
    let pair = pairs.get(key);
    if (!pair) pairs.set(key, (pair = emptyRow('pairs', place) as PairSums));
    if (isBlocked) {
      pair.blockedCalls += 1;
      continue;
    }
    addCall(pair, data, msIntoMinute);
    if (data.status === 429) addWait(pair.waitSlots, data, msIntoMinute, policy.rules.IGNORES_429);
    if (isLegacyAuth(data)) hourOf(pairHours, place).legacyAuthCalls += 1;
    if (isMissingScope(data)) hourOf(pairHours, place).missingScopes += 1;
    if (sendsSms(data)) addSms(hourOf(pairHours, place), data);
    const row = addReads(routes, key, place, data, policy.rules.SMALL_PAGES);
    const sweep = row && sweepOf(data, policy);
    if (!sweep) continue;
    row[sweep] += 1;
    if (isStale(data, policy)) routeHourOf(routeHours, row).staleSweeps += 1;
  }
  // Of rows, not of calls: there are many times fewer.
  for (const pair of pairs.values()) {
    if (pair.calls === 0) continue;
    const hour = hourOf(pairHours, pair);
    hour.calls += pair.calls;
    hour.servedCalls += servedCallsOf(pair);
  }
  boundReads(routes.values());
  return { ...NO_SIGNALS, pairs, routes, pairHours, routeHours };
}

/** Whether our own restriction answered a call, and not the platform. */
export function isAnsweredByRestriction({ enforced }: ApiCall): boolean {
  return enforced !== undefined && enforced !== 'none';
}

/** Whether a call says anything of a partner: not one of nobody's, not our own refusal, not the platform's fault. */
export function countsAgainstPartner(call: ApiCall): boolean {
  return call.integrationId !== 'unknown' && !isAnsweredByRestriction(call) && call.status < 500;
}

/**
 * Tokens of all customers are asked for without saying which: together they look as if one agreement were called a hundred times a
 * minute, and who has many customers would be judged for that (domain rule 1.7.3).
 */
function isTokenOfNoAgreement({ operation, organizationId }: ApiCall): boolean {
  return operation === 'auth' && agreementIdOf(organizationId) === '';
}

/** The row of the hour that holds a minute. */
function hourOf(
  rows: Map<string, Mutable<PairHour>>,
  { integrationId, agreementId, minute }: Pick<PairMinute, 'integrationId' | 'agreementId' | 'minute'>,
): Mutable<PairHour> {
  const place = { integrationId, agreementId, minute: endOfGrain(minute, 60) };
  const key = pairKey(place);
  let row = rows.get(key);
  if (!row) rows.set(key, (row = emptyRow('pairHours', place)));
  return row;
}

function routeHourOf(
  rows: Map<string, Mutable<RouteHour>>,
  { integrationId, agreementId, minute, route }: RouteKey,
): Mutable<RouteHour> {
  const place = { integrationId, agreementId, minute: endOfGrain(minute, 60), route };
  const key = `${pairKey(place)}|${route}`;
  let row = rows.get(key);
  if (!row) rows.set(key, (row = emptyRow('routeHours', place)));
  return row;
}

/** Calls that were neither refused for what they are nor for their pace. */
export function servedCallsOf({ calls, clientErrors, throttled }: PairMinute | PairSums): number {
  return calls - clientErrors - throttled;
}

/**
 * Whether a call proved who it is with something else than a bearer token, as the terms ask for (requirement 3). A call without any
 * proof counts only where it was let in; of one of which nobody says, nothing is assumed. Who asks for a token has none yet.
 */
function isLegacyAuth({ authScheme, operation, status }: ApiCall): boolean {
  if (operation === 'auth') return false;
  if (authScheme === 'apikey' || authScheme === 'basic') return true;
  return authScheme === 'none' && status >= 200 && status < 400;
}

/** In place, and without an object for the call: this runs for every call. */
function addCall(to: PairSums, call: ApiCall, msIntoMinute: number): void {
  to.calls += 1;
  if (isWrite(call)) to.writes += 1;
  // What a call takes beyond its minute is left out: so calls made one after the other never add up to more
  // than a minute a minute, and no number that an emitter got wrong outgrows a sum.
  to.serverTimeMs += Math.min(call.durationMs, MINUTE_MS - msIntoMinute);
  if (isClientError(call)) to.clientErrors += 1;
  if (isAuthFailure(call)) to.authFailures += 1;
  if (call.status === 429) to.throttled += 1;
  to.callsBySlot[Math.floor(msIntoMinute / SLOT_MS)]! += 1;
  addInFlight(to.inFlightBySlot, call.durationMs, msIntoMinute);
}

function addSms(to: Mutable<PairHour>, call: ApiCall): void {
  to.smsAttempts += 1;
  if (isRejectedSms(call)) to.smsRejected += 1;
}

/** Whether a sweep asked for the changes of a time so long that it hardly can be the time since the one before. */
function isStale({ query }: ApiCall, policy: Policy): boolean {
  const age = query?.hasChangesSince ? (query.changesSinceAgeSec ?? 0) : 0;
  return age > policy.rules.STALE_CHANGES_SINCE.maxAgeSeconds;
}

/** A request for a token is a POST too, and writes no data. */
function isWrite({ method, operation }: ApiCall): boolean {
  return method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS' && operation !== 'auth';
}

/**
 * Page 0, or no page at all, starts a sweep; the pages after it belong to the same one. An answer that is no
 * success (a 304 neither) fetched nothing, so "fetched in full" would be untrue of it; refused calls are the error rules'
 * business. A sweep with another filter than for changes is looked at by no rule.
 */
function sweepOf(call: ApiCall, policy: Policy): 'unfilteredSweeps' | 'changesSinceSweeps' | null {
  if (call.operation !== 'list' || call.method !== 'GET') return null;
  if (call.status < 200 || call.status >= 300) return null;
  // An emitter that says nothing of the query may have filtered: nobody is blamed for what was not told.
  const { query } = call;
  if (!query) return null;
  if ((query.page ?? 0) !== 0) return null;
  if (!query.hasChangesSince && (query.hasDateRange || query.hasQueryFilter)) return null;
  if (filterableRoute(policy, call.route) === null) return null;
  return query.hasChangesSince ? 'changesSinceSweeps' : 'unfilteredSweeps';
}

// No identifier holds `|` (contracts), and the route, which may, comes last: two rows never share a key.
export function pairKey({
  integrationId,
  agreementId,
  minute,
}: Pick<PairMinute, 'integrationId' | 'agreementId' | 'minute'>): string {
  return `${minute}|${integrationId}|${agreementId}`;
}
