import { isSameRoute, type IntegrationStatus } from '@taxameter/contracts';

/** Decides whether a call may pass, from what the status feed says of its integration. Pure: the time comes in. */

export type Restriction = IntegrationStatus['restrictions'][number];

export interface CallToJudge {
  readonly integrationId: string;
  readonly organizationId: string | null;
  readonly method: string;
  /** Template of the route, null where it is not known (yet). */
  readonly route: string | null;
  /** Path as it came, without query: it is held against a template where the route is not known. */
  readonly path: string;
  readonly isSms: boolean;
}

/** A throttle that binds a call, and whose calls it counts together. */
export interface Limit {
  readonly restriction: Restriction;
  readonly key: string;
  readonly limitPerMinute: number;
}

export type Verdict =
  | { readonly kind: 'pass'; readonly limits: readonly Limit[] }
  | { readonly kind: 'blocked'; readonly by: Restriction }
  | { readonly kind: 'deactivated' };

const FREE: Verdict = { kind: 'pass', limits: [] };

/**
 * All restrictions in force hold, the strictest decides: a block before any throttle. A throttle that binds agreements
 * counts each of them by itself, one that binds the integration counts all its calls.
 * @param status undefined for an integration that the feed does not name: it passes
 */
export function decide(status: IntegrationStatus | undefined, call: CallToJudge, nowMs: number): Verdict {
  if (!status) return FREE;
  if (isDeactivated(status, nowMs)) return { kind: 'deactivated' };
  const binding = status.restrictions.filter((restriction) => binds(restriction, call, nowMs));
  if (binding.length === 0) return FREE;
  const block = binding.find(({ mode }) => mode === 'block');
  if (block) return { kind: 'blocked', by: block };
  const limits = binding.map((restriction) => ({
    restriction,
    key:
      restriction.scope === 'agreements'
        ? `${restriction.restrictionId}|${call.organizationId ?? ''}`
        : restriction.restrictionId,
    limitPerMinute: restriction.limitPerMinute ?? Number.POSITIVE_INFINITY,
  }));
  return { kind: 'pass', limits };
}

/** The newest entry that has begun decides; `until` is not of a status, its end is another entry. */
function isDeactivated({ status }: IntegrationStatus, nowMs: number): boolean {
  let present: IntegrationStatus['status'][number] | undefined;
  for (const entry of status) {
    const fromMs = Date.parse(entry.from);
    if (fromMs <= nowMs && (!present || fromMs >= Date.parse(present.from))) present = entry;
  }
  return present?.status === 'deactivated';
}

function binds(restriction: Restriction, call: CallToJudge, nowMs: number): boolean {
  const { from, until, scope, organizationIds, capability } = restriction;
  if (Date.parse(from) > nowMs || (until !== null && Date.parse(until) <= nowMs)) return false;
  if (scope === 'agreements' && !organizationIds.includes(call.organizationId ?? '')) return false;
  switch (capability) {
    case 'all':
      return true;
    case 'sms':
      return call.isSms;
    case 'reads':
      return isRead(call.method);
    case 'writes':
      return !isRead(call.method);
    default:
      return isOnRoute(capability.slice('route:'.length), call);
  }
}

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/**
 * Whether a call is on the route of a template. Names of parameters do not matter: `/v1/{id}` is `/v1/{organizationId}`. A path
 * is held against it without regard to letter case, as Express finds routes: else a capital letter would be a way round a block.
 */
export function isOnRoute(template: string, { route, path }: Pick<CallToJudge, 'route' | 'path'>): boolean {
  if (route !== null) return isSameRoute(template, route);
  const wanted = segmentsOf(template);
  const given = segmentsOf(path);
  return (
    given.length === wanted.length &&
    wanted.every((one, index) => isParameter(one) || one.toLowerCase() === given[index]!.toLowerCase())
  );
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function isParameter(segment: string): boolean {
  return segment.startsWith('{') && segment.endsWith('}');
}
