import {
  CLOCK,
  databaseOf,
  Input,
  invalidInput,
  notFound,
  Route,
  withActor,
  type CallOf,
  type Clock,
} from '@taxameter/platform';
import { Controller, Inject } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { wouldBeTold } from '../news/judge-telling.js';
import { headOf } from '../news/messages.js';
import type { News, Wish } from '../news/news.js';
import { newsOfAlerts, newsSince } from '../news/news-rows.service.js';
import { previewSubscription } from './subscription-routes.js';
import { readSubscriptions } from './subscriptions.service.js';

/** Lets ops see what a subscription brings before it does. */

/** A filter that matches next to nothing must not read a busy week in one request. */
const MAX_LOOKED_AT = 2_000;
const CHUNK = 500;
const DAY_MS = 24 * 3_600_000;

@Controller()
export class PreviewController {
  constructor(
    @Inject(databaseOf('alerting')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Route(previewSubscription)
  async preview(@Input() { params, query, actor }: CallOf<typeof previewSubscription>) {
    const { days, limit, cursor } = query;
    if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) {
      throw invalidInput([{ field: 'cursor', reason: 'must be the nextCursor of an earlier page' }]);
    }
    return withActor(this.database, actor, async (tx) => {
      const [subscription] = await readSubscriptions(tx, params.id);
      if (!subscription) throw notFound(`subscription ${params.id}`);
      const since = new Date(this.clock.now().getTime() - days * DAY_MS);
      const below = cursor === undefined ? null : Number(cursor);
      const { told, next } = await look(tx, subscription, { since, below, limit });
      return {
        items: told.map((news) => headOf(news, subscription.language)),
        nextCursor: next === null ? null : String(next),
      };
    });
  }
}

async function look(
  tx: EntityManager,
  wish: Wish,
  { since, below, limit }: { since: Date; below: number | null; limit: number },
): Promise<{ told: News[]; next: number | null }> {
  const told: News[] = [];
  let next = below;
  for (let lookedAt = 0; lookedAt < MAX_LOOKED_AT; lookedAt += CHUNK) {
    const chunk = await newsSince(tx, since, next, CHUNK);
    const sequences = await toldSequences(tx, wish, chunk);
    for (const news of chunk) {
      if (!sequences.has(news.sequence)) continue;
      // One more than fits proves that there is a next page.
      if (told.length === limit) return { told, next: told.at(-1)!.sequence };
      told.push(news);
    }
    if (chunk.length < CHUNK) return { told, next: null };
    next = chunk.at(-1)!.sequence;
  }
  return { told, next };
}

/** Whether news are told depends on what was told of the same alert before them. */
async function toldSequences(tx: EntityManager, wish: Wish, chunk: readonly News[]): Promise<Set<number>> {
  const alertIds = [...new Set(chunk.map(({ alertId }) => alertId))];
  const byAlert = new Map<string, News[]>(alertIds.map((id) => [id, []]));
  for (const news of await newsOfAlerts(tx, alertIds)) byAlert.get(news.alertId)!.push(news);
  return new Set([...byAlert.values()].flatMap((news) => wouldBeTold(wish, news).map((one) => one.sequence)));
}
