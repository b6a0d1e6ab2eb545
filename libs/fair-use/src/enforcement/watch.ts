/** Which calls a block should have refused, and what is told of them. */
import {
  isSameRoute,
  type ApiCallEvent,
  type IntegrationStatus,
  type RestrictionObserved,
} from '@taxameter/contracts';

/**
 * How long gateways have to learn of a block: the feed needs about a second (measured), clocks of two machines differ. Calls that began
 * before are nobody's fault.
 */
export const GRACE_MS = 10_000;

/** A block that is watched. Instants are milliseconds since 1970. */
export interface Watch {
  readonly restrictionId: string;
  readonly integrationId: string;
  /** Empty: all agreements. */
  readonly organizationIds: readonly string[];
  readonly capability: string;
  readonly sinceMs: number;
  /** null: until it is lifted. */
  readonly untilMs: number | null;
}

/**
 * The blocks of an integration's record. Throttles are not watched: which of the calls of a minute should have been the last one
 * cannot be told afterwards.
 */
export function watchesOf({ integrationId, restrictions }: IntegrationStatus, publishedAt: Date): Watch[] {
  return restrictions
    .filter(({ mode }) => mode === 'block')
    .map(({ restrictionId, organizationIds, capability, from, until }) => ({
      restrictionId,
      integrationId,
      organizationIds,
      capability,
      sinceMs: Math.max(Date.parse(from), publishedAt.getTime()) + GRACE_MS,
      untilMs: until === null ? null : Date.parse(until),
    }));
}

export interface Seen {
  readonly event: ApiCallEvent;
  readonly time: Date;
  readonly appendedAt: Date;
}

/** Calls by the second (since 1970, event time) in which they began, ascending. */
type BySecond = readonly (readonly [second: number, calls: number])[];

/** What a batch adds to a watch. */
export interface Tally {
  readonly refused: number;
  readonly letThrough: BySecond;
  readonly lastCallMs: number;
}

/**
 * What the calls say of a block, null for nothing. By event time; and by append time too, so that a producer whose clock runs
 * ahead accuses no gateway.
 */
export function tally(watch: Watch, calls: Iterable<Seen>): Tally | null {
  let refused = 0;
  let lastCallMs = -Infinity;
  const leaks: [number, number][] = [];
  for (const { event, time, appendedAt } of calls) {
    const ms = time.getTime();
    if (!binds(watch, event.data) || (watch.untilMs !== null && ms >= watch.untilMs)) continue;
    const isRefused = event.data.enforced === 'block';
    const isJudged = Math.min(ms, appendedAt.getTime()) >= watch.sinceMs;
    if (isRefused && ms >= watch.sinceMs - GRACE_MS) refused += 1;
    else if (!isRefused && isJudged) leaks.push([Math.floor(ms / 1_000), 1]);
    else continue;
    lastCallMs = Math.max(lastCallMs, ms);
  }
  return refused + leaks.length === 0 ? null : { refused, letThrough: bySecond(leaks), lastCallMs };
}

/** Whether a block is meant for a call. */
export function binds(watch: Watch, call: ApiCallEvent['data']): boolean {
  if (call.integrationId !== watch.integrationId) return false;
  if (watch.organizationIds.length > 0 && !watch.organizationIds.includes(call.organizationId ?? '')) {
    return false;
  }
  const isRead = call.method === 'GET' || call.method === 'HEAD';
  switch (watch.capability) {
    case 'all':
      return true;
    case 'reads':
      return isRead;
    case 'writes':
      return !isRead;
    case 'sms':
      return !isRead && SENDS_SMS.test(call.route);
    default:
      return isSameRoute(watch.capability.slice('route:'.length), call.route);
  }
}

/** `/v1/{organizationId}/sms/{voucherGuid}/send-sms` (domain rule 1.2). A mail that is sent as SMS too cannot be told by its route. */
const SENDS_SMS = /\/send-sms$/;

/**
 * Calls let through wait so long, by the log's time, before they count: that a block was lifted is told on another topic, and a
 * gateway may know it before we do.
 */
export const SETTLING_MS = 10_000;

/** So long at most where that topic is not read to its end: what waits is kept by the second and must not grow without end. */
export const LONGEST_SETTLING_MS = 3_600_000;

/** A watch with what was counted and told. */
export interface Observation extends Watch {
  readonly version: number;
  readonly refused: number;
  readonly letThrough: number;
  /** Let through, and not counted yet. */
  readonly pending: BySecond;
  readonly firstLetThroughMs: number | null;
  readonly lastLetThroughMs: number | null;
  readonly lastCallMs: number | null;
  /** The minute (whole minutes since 1970, of the log's append time) in which it was told last. */
  readonly toldMinute: number;
}

/**
 * The observation with a batch added. Its version grows where it is to be told: once a minute of the log's time, unless calls wait to be
 * counted, which tells it too.
 */
export function observe(current: Observation, added: Tally, appendedMs: number): Observation {
  const pending = bySecond([...current.pending, ...added.letThrough]);
  const minute = Math.floor(appendedMs / 60_000);
  const isTold = pending.length === 0 && minute > current.toldMinute;
  return {
    ...current,
    pending,
    refused: current.refused + added.refused,
    lastCallMs: Math.max(current.lastCallMs ?? -Infinity, added.lastCallMs),
    version: current.version + (isTold ? 1 : 0),
    toldMinute: isTold ? Math.max(minute, current.toldMinute) : current.toldMinute,
  };
}

/**
 * The observation with the calls counted that have waited long enough: at once when it is the first that counts as let through, else once
 * a minute of the log's time. Its version grows where something was counted.
 * @param appendedMs how far the log of calls was read, by its own time
 * @param waitMs how long calls wait
 */
export function count(current: Observation, appendedMs: number, waitMs: number): Observation {
  const minute = Math.floor(appendedMs / 60_000);
  if (current.letThrough > 0 && minute <= current.toldMinute) return current;
  const next = settle(current, appendedMs - waitMs);
  if (next === current) return current;
  return { ...next, version: current.version + 1, toldMinute: Math.max(minute, current.toldMinute) };
}

/** The observation of a block that has ended: what was let through before counts, what came after was allowed. */
export function end(current: Observation, untilMs: number): Observation {
  return moveEnd(settle(current, untilMs), untilMs);
}

/** The observation of a block with another end: calls after it do not wait to be counted any more. */
export function moveEnd(current: Observation, untilMs: number | null): Observation {
  const pending = current.pending.filter(([second]) => (second + 1) * 1_000 <= (untilMs ?? Infinity));
  return { ...current, untilMs, pending };
}

/** Counts the whole seconds of which all lies before an instant. */
function settle(current: Observation, beforeMs: number): Observation {
  const isSettled = ([second]: BySecond[number]) => (second + 1) * 1_000 <= beforeMs;
  const settled = current.pending.filter(isSettled);
  if (settled.length === 0) return current;
  const firstMs = settled[0]![0] * 1_000;
  const lastMs = settled.at(-1)![0] * 1_000;
  return {
    ...current,
    pending: current.pending.filter((entry) => !isSettled(entry)),
    letThrough: current.letThrough + settled.reduce((sum, [, calls]) => sum + calls, 0),
    firstLetThroughMs: Math.min(current.firstLetThroughMs ?? Infinity, firstMs),
    lastLetThroughMs: Math.max(current.lastLetThroughMs ?? -Infinity, lastMs),
  };
}

function bySecond(entries: BySecond): BySecond {
  const calls = new Map<number, number>();
  for (const [second, count] of entries) calls.set(second, (calls.get(second) ?? 0) + count);
  return [...calls].sort(([one], [other]) => one - other);
}

export function factOf(observation: Observation): RestrictionObserved {
  const { restrictionId, integrationId, version, refused, letThrough } = observation;
  return {
    restrictionId,
    integrationId,
    version,
    since: new Date(observation.sinceMs).toISOString(),
    until: instantOf(observation.untilMs),
    refused,
    letThrough,
    firstLetThroughAt: instantOf(observation.firstLetThroughMs),
    lastLetThroughAt: instantOf(observation.lastLetThroughMs),
    lastCallAt: instantOf(observation.lastCallMs),
  };
}

function instantOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
