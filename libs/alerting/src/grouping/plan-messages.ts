import type { Severity } from '@taxameter/contracts';
import { integrationOf, occurrenceOf, severityOf, type News } from '../news/news.js';

/**
 * Decides which waiting news of a subscription are told now, in how few messages, and which are not told at all. Each piece is in
 * one message, or muted with a reason, or waits on. (Conventions: Alertmanager's group_wait, group_interval, inhibition.)
 */

export interface Grouping {
  /** So long after its first news an integration's message is made: what follows at once is in it. */
  readonly waitMs: number;
  /** At least this lies between two messages about one integration. */
  readonly intervalMs: number;
}

export interface Waiting {
  readonly news: News;
  readonly since: Date;
}

export interface ToldBefore {
  readonly news: News;
  readonly at: Date;
}

export interface Past {
  /** What the subscription was told within `LOOK_BACK_MS`, and whatever it was told of the alerts that wait. */
  readonly told: readonly ToldBefore[];
  /** Open breaches of RATE_DAY, at least `error`, that the subscription was told of or that wait. */
  readonly dayBreaches: readonly Scope[];
  readonly lastStormAt: Date | null;
}

export interface Scope {
  readonly integrationId: string;
  readonly organizationId: string | null;
}

export type GroupReason = 'inhibited' | 'cool_down' | 'opening_muted';

export interface Message {
  /** storm: so many integrations at once that we suspect ourselves. */
  readonly kind: 'group' | 'storm';
  readonly news: readonly News[];
}

export interface Plan {
  readonly messages: readonly Message[];
  readonly muted: readonly { readonly news: News; readonly reason: GroupReason }[];
}

/** More integrations than this within the window, and it is rather we than they. */
export const STORM_INTEGRATIONS = 20;
export const STORM_WINDOW_MS = 10 * 60_000;
/** The same breach at the same severity is told once in so long. */
export const COOL_DOWN_MS = 4 * 3_600_000;
/** So far back the past matters, whatever waits. */
export const LOOK_BACK_MS = COOL_DOWN_MS;
/** More than this is split, so that a message stays readable and below 20 kB. */
export const MAX_NEWS = 20;

const MILD: readonly Severity[] = ['info', 'warning'];

export function planMessages(waiting: readonly Waiting[], past: Past, grouping: Grouping, now: Date): Plan {
  const isStorm = countIntegrations(waiting, past, now) > STORM_INTEGRATIONS;
  const due = isStorm ? dueStorm(waiting, past, grouping, now) : dueGroups(waiting, past, grouping, now);
  const muted: { news: News; reason: GroupReason }[] = [];
  const told = [...past.told];
  const messages = due.flatMap((group): Message[] => {
    const spoken = group.filter((news) => {
      const reason = whyMuted(news, told, past.dayBreaches, now);
      if (reason !== null) muted.push({ news, reason });
      else told.push({ news, at: now });
      return reason === null;
    });
    if (isStorm) return spoken.length === 0 ? [] : [{ kind: 'storm', news: spoken }];
    return chunks(spoken).map((news) => ({ kind: 'group', news }));
  });
  return { messages, muted };
}

function countIntegrations(waiting: readonly Waiting[], { told }: Past, now: Date): number {
  const recent = told.filter(({ at }) => now.getTime() - at.getTime() < STORM_WINDOW_MS);
  return new Set([...waiting, ...recent].map(({ news }) => integrationOf(news))).size;
}

/** One message for all, and the next one of a storm that goes on when the window is over. */
function dueStorm(
  waiting: readonly Waiting[],
  { lastStormAt }: Past,
  { waitMs }: Grouping,
  now: Date,
): News[][] {
  const wasSaid = lastStormAt !== null && now.getTime() - lastStormAt.getTime() < STORM_WINDOW_MS;
  return wasSaid || !hasWaited(waiting, waitMs, now) ? [] : [inOrder(waiting)];
}

function dueGroups(
  waiting: readonly Waiting[],
  { told }: Past,
  { waitMs, intervalMs }: Grouping,
  now: Date,
): News[][] {
  const groups = new Map<string, Waiting[]>();
  for (const one of waiting) {
    const integrationId = integrationOf(one.news);
    groups.set(integrationId, [...(groups.get(integrationId) ?? []), one]);
  }
  const isResting = (integrationId: string) =>
    told.some(
      ({ news, at }) => integrationOf(news) === integrationId && now.getTime() - at.getTime() < intervalMs,
    );
  return [...groups]
    .filter(([integrationId, group]) => hasWaited(group, waitMs, now) && !isResting(integrationId))
    .map(([, group]) => inOrder(group));
}

function hasWaited(waiting: readonly Waiting[], waitMs: number, now: Date): boolean {
  return waiting.some(({ since }) => now.getTime() - since.getTime() >= waitMs);
}

function inOrder(waiting: readonly Waiting[]): News[] {
  return waiting.map(({ news }) => news).sort((one, other) => one.sequence - other.sequence);
}

function whyMuted(
  news: News,
  told: readonly ToldBefore[],
  dayBreaches: readonly Scope[],
  now: Date,
): GroupReason | null {
  const same = told.filter((before) => before.news.alertId === news.alertId);
  if (news.news === 'resolved') {
    const heard = same.some(
      (before) => before.news.news !== 'resolved' && occurrenceOf(before.news) === occurrenceOf(news),
    );
    return heard ? null : 'opening_muted';
  }
  if (isInhibited(news, dayBreaches)) return 'inhibited';
  const isCooling = same.some(
    (before) =>
      before.news.news !== 'resolved' &&
      severityOf(before.news) === severityOf(news) &&
      now.getTime() - before.at.getTime() < COOL_DOWN_MS,
  );
  return isCooling ? 'cool_down' : null;
}

/** Who is told that an agreement is over the day's limit by far need not hear that a minute of it was a bit too much. */
function isInhibited(news: News, dayBreaches: readonly Scope[]): boolean {
  if (news.kind !== 'breach' || news.breach.ruleId !== 'RATE_MINUTE') return false;
  const { severity, scope } = news.breach;
  return (
    MILD.includes(severity) &&
    dayBreaches.some(
      (day) => day.integrationId === scope.integrationId && day.organizationId === scope.organizationId,
    )
  );
}

function chunks(news: readonly News[]): News[][] {
  const count = Math.ceil(news.length / MAX_NEWS);
  return Array.from({ length: count }, (_, index) => news.slice(index * MAX_NEWS, (index + 1) * MAX_NEWS));
}
