import { CLOCK, CONFIGURATION, enqueueDelivery, type Clock, type Configuration } from '@taxameter/platform';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { activeSubscriptions, type ActiveSubscription } from '../subscriptions/subscriptions.service.js';
import { judgeTelling } from './judge-telling.js';
import { payloadFor } from './messages.js';
import { dedupKeyOf, isWanted, type News } from './news.js';
import { keepNews, noticesOf } from './news-rows.service.js';

/** Keeps news and tells them to those who want them. */
@Injectable()
export class Telling {
  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  /** In the transaction that changes the alert: what is to be sent is put in with what it is about, or neither is. */
  async tell(tx: EntityManager, news: News): Promise<void> {
    await keepNews(tx, news);
    const wanting = (await activeSubscriptions(tx)).filter((candidate) => isWanted(candidate, news));
    if (wanting.length === 0) return;
    const earlier = await noticesOf(tx, news.alertId);
    for (const subscription of wanting) {
      const heard = earlier.filter(({ subscriptionId }) => subscriptionId === subscription.id);
      const verdict = judgeTelling(news, heard);
      if (verdict !== null) await this.notice(tx, news, subscription, verdict);
    }
  }

  private async notice(
    tx: EntityManager,
    news: News,
    { id: target, channel, language, grouping }: ActiveSubscription,
    verdict: string,
  ): Promise<void> {
    const now = this.clock.now();
    const isTold = verdict === 'told';
    const isWaiting = isTold && grouping !== null;
    const isTelling = isTold && !isWaiting;
    const deliveryId = isTelling
      ? await enqueueDelivery(tx, this.clock, {
          channel,
          target,
          subject: news.alertId,
          dedupKey: dedupKeyOf(news),
          payload: payloadFor(channel, news, language, this.configuration.PUBLIC_URL ?? null),
        })
      : null;
    await tx.query(
      `insert into notice (subscription_id, sequence, alert_id, muted, delivery_id, told_at, waiting_since)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [
        target,
        news.sequence,
        news.alertId,
        isTold ? null : verdict,
        deliveryId,
        isTelling ? now : null,
        isWaiting ? now : null,
      ],
    );
  }
}
