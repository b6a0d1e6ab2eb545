import type { EntityManager } from 'typeorm';
import { newsOf, SELECT_NEWS, type NewsRow } from '../news/news-rows.service.js';
import { LOOK_BACK_MS, type Past, type Scope, type Waiting } from './plan-messages.js';

/** What of a subscription's news waits, and what it was told before. */

/** Read at once: what is beyond waits a moment longer. */
const MAX_WAITING = 5_000;

/** Removed and disabled ones are told nothing more. */
export async function subscriptionsWithWaiting(tx: EntityManager): Promise<string[]> {
  const rows = await tx.query<{ id: string }[]>(
    `select id from subscription where removed_at is null and disabled_at is null
       and exists (select from notice where subscription_id = subscription.id and waiting_since is not null)
     order by id`,
  );
  return rows.map(({ id }) => id);
}

export async function readWaiting(tx: EntityManager, subscriptionId: string): Promise<Waiting[]> {
  const rows = await tx.query<(NewsRow & { since: Date })[]>(
    `${SELECT_NEWS}, notice.waiting_since as since from notice join alert_news using (sequence)
     where notice.subscription_id = $1 and notice.waiting_since is not null order by sequence limit $2`,
    [subscriptionId, MAX_WAITING],
  );
  return rows.map(({ since, ...row }) => ({ since, news: newsOf(row) }));
}

export async function readPast(
  tx: EntityManager,
  subscriptionId: string,
  waiting: readonly Waiting[],
  now: Date,
): Promise<Past> {
  const alertIds = [...new Set(waiting.map(({ news }) => news.alertId))];
  const told = await tx.query<(NewsRow & { at: Date })[]>(
    `${SELECT_NEWS}, notice.told_at as at from notice join alert_news using (sequence)
     where notice.subscription_id = $1 and notice.muted is null and notice.waiting_since is null
       and (notice.told_at > $2 or notice.alert_id = any($3)) order by sequence`,
    [subscriptionId, new Date(now.getTime() - LOOK_BACK_MS), alertIds],
  );
  const dayBreaches = await tx.query<Scope[]>(
    `select integration_id as "integrationId", breach -> 'scope' ->> 'organizationId' as "organizationId" from alert
     where kind = 'breach' and rule_id = 'RATE_DAY' and state = 'open' and severity in ('error', 'critical')
       and exists (select from notice where notice.alert_id = alert.id and subscription_id = $1 and muted is null)`,
    [subscriptionId],
  );
  const [storm] = await tx.query<[{ at: Date | null }]>(
    'select max(told_at) as at from notice where subscription_id = $1 and is_folded',
    [subscriptionId],
  );
  return {
    told: told.map(({ at, ...row }) => ({ at, news: newsOf(row) })),
    dayBreaches,
    lastStormAt: storm.at,
  };
}
