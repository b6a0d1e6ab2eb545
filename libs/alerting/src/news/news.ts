import type { Breach, Severity } from '@taxameter/contracts';
import { severitiesFrom } from '../alerts/notification.js';
import { LEAK_SEVERITY, type Leak } from '../leaks/leak.js';

/** What alerts have to tell, and who wants to hear it. */

/** What a subscription may want: breaches that open or grow worse, that they are over, blocks that leak. */
export const FACT_KINDS = ['breach', 'breach_resolved', 'leak'] as const;
export type FactKind = (typeof FACT_KINDS)[number];

/** What a subscription wants to hear of; null is everything. Rules and agreements narrow breaches alone: a leak has neither. */
export interface Wish {
  readonly kinds: readonly FactKind[];
  readonly minSeverity: Severity;
  readonly rules: readonly string[] | null;
  readonly integrationIds: readonly string[] | null;
  readonly organizationIds: readonly string[] | null;
}

interface Told {
  /** Of the alert as it was changed by this. */
  readonly sequence: number;
  readonly alertId: string;
  /** When it became true, as the fact says. */
  readonly time: Date;
}

export interface BreachNews extends Told {
  readonly kind: 'breach';
  readonly news: 'opened' | 'escalated' | 'resolved';
  readonly breach: Breach;
}

export interface LeakNews extends Told {
  readonly kind: 'leak';
  readonly news: 'opened' | 'resolved';
  readonly leak: Leak;
}

/** One change of an alert that somebody may want to be told of. */
export type News = BreachNews | LeakNews;

/** Whether it is of the kind, and about what, a subscription wants. What is over concerns those who heard of it: `judgeTelling`. */
export function isWanted(wish: Wish, news: News): boolean {
  return news.kind === 'breach' ? isBreachWanted(wish, news) : isLeakWanted(wish, news);
}

function isBreachWanted(wish: Wish, { news, breach }: BreachNews): boolean {
  // A backlog or an old log is listed, but wakes nobody (domain: evaluation horizon).
  if (breach.retroactive) return false;
  if (news === 'resolved') return wish.kinds.includes('breach_resolved');
  const { integrationId, organizationId } = breach.scope;
  return (
    wish.kinds.includes('breach') &&
    severitiesFrom(wish.minSeverity).includes(breach.severity) &&
    (wish.rules?.includes(breach.ruleId) ?? true) &&
    (wish.integrationIds?.includes(integrationId) ?? true) &&
    (wish.organizationIds === null ||
      (organizationId !== null && wish.organizationIds.includes(organizationId)))
  );
}

function isLeakWanted(wish: Wish, { news, leak }: LeakNews): boolean {
  if (!wish.kinds.includes('leak')) return false;
  if (news === 'resolved') return true;
  return (
    severitiesFrom(wish.minSeverity).includes(LEAK_SEVERITY) &&
    (wish.integrationIds?.includes(leak.observed.integrationId) ?? true)
  );
}

export function severityOf(news: News): Severity {
  return news.kind === 'breach' ? news.breach.severity : LEAK_SEVERITY;
}

export function integrationOf(news: News): string {
  return news.kind === 'breach' ? news.breach.scope.integrationId : news.leak.observed.integrationId;
}

/** Which time it is that the alert is open: what is over then is over for those who heard of that time. */
export function occurrenceOf(news: News): number {
  return news.kind === 'breach' ? news.breach.occurrence : news.leak.episode;
}

/** The same for each telling of the same news. */
export function dedupKeyOf(news: News): string {
  if (news.kind === 'breach') return `${news.breach.breachId}/${news.breach.version}`;
  const { leak } = news;
  return `${leak.observed.restrictionId}/${leak.episode}/${news.news}`;
}
