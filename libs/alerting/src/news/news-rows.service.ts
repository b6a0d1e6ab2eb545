import type { EntityManager } from 'typeorm';
import type { Earlier } from './judge-telling.js';
import type { News } from './news.js';

/** News in the database, and which subscriptions were told of them. */

/** Columns of `SELECT_NEWS`. */
export interface NewsRow {
  readonly sequence: number;
  readonly alertId: string;
  readonly kind: News['kind'];
  readonly news: News['news'];
  readonly time: Date;
  readonly fact: unknown;
}

/** To be followed by further columns and by where they come from. */
export const SELECT_NEWS = `
  select alert_news.sequence, alert_news.alert_id as "alertId", alert_news.kind, alert_news.news, alert_news.at as time,
    alert_news.fact`;

export async function keepNews(tx: EntityManager, news: News): Promise<void> {
  const fact = news.kind === 'breach' ? { ...news.breach, evidence: [] } : news.leak;
  await tx.query(
    'insert into alert_news (sequence, alert_id, kind, news, at, fact) values ($1, $2, $3, $4, $5, $6)',
    [news.sequence, news.alertId, news.kind, news.news, news.time, JSON.stringify(fact)],
  );
}

/** What subscriptions were told of an alert, or not told although they want it. */
export async function noticesOf(
  tx: EntityManager,
  alertId: string,
): Promise<(Earlier & { readonly subscriptionId: string })[]> {
  const rows = await tx.query<(NewsRow & { subscriptionId: string; muted: string | null })[]>(
    `${SELECT_NEWS}, notice.subscription_id as "subscriptionId", notice.muted
     from notice join alert_news using (sequence) where notice.alert_id = $1`,
    [alertId],
  );
  return rows.map(({ subscriptionId, muted, ...row }) => ({ subscriptionId, muted, news: newsOf(row) }));
}

/** News since an instant, below a sequence where there is one, newest first. */
export async function newsSince(
  tx: EntityManager,
  since: Date,
  below: number | null,
  limit: number,
): Promise<News[]> {
  const rows = await tx.query<NewsRow[]>(
    `${SELECT_NEWS} from alert_news where at >= $1 and ($2::bigint is null or sequence < $2) order by sequence desc limit $3`,
    [since, below, limit],
  );
  return rows.map(newsOf);
}

/** All news of these alerts, oldest first. */
export async function newsOfAlerts(tx: EntityManager, alertIds: readonly string[]): Promise<News[]> {
  const rows = await tx.query<NewsRow[]>(
    `${SELECT_NEWS} from alert_news where alert_id = any($1) order by sequence`,
    [alertIds],
  );
  return rows.map(newsOf);
}

export function newsOf({ fact, kind, ...told }: NewsRow): News {
  return { ...told, kind, [kind]: fact } as News;
}
