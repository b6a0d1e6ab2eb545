import {
  BackgroundLoop,
  CLOCK,
  CONFIGURATION,
  databaseOf,
  enqueueDelivery,
  LOGGER,
  type Clock,
  type Configuration,
  type Logger,
} from '@taxameter/platform';
import { Inject, Injectable } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { payloadFor } from '../news/messages.js';
import { dedupKeyOf, integrationOf } from '../news/news.js';
import { activeSubscriptions, type ActiveSubscription } from '../subscriptions/subscriptions.service.js';
import { groupPayload, stormPayload } from './group-messages.js';
import { readPast, readWaiting, subscriptionsWithWaiting } from './group-rows.service.js';
import { planMessages, type Message } from './plan-messages.js';

/** Makes messages of the news that wait, a subscription in a transaction, by one process at a time. */

const IDLE_MS = 500;
/** Of a subscription that is told each piece at once now, and has some that wait from before. */
const AT_ONCE = { waitMs: 0, intervalMs: 0 };

@Injectable()
export class GroupedMessages extends BackgroundLoop {
  constructor(
    @Inject(databaseOf('alerting')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) logger: Logger,
  ) {
    super({ name: 'messages of grouped alerts', idleMs: IDLE_MS, logger });
  }

  protected override async step(): Promise<boolean> {
    for (const id of await subscriptionsWithWaiting(this.database.manager)) {
      await this.database.transaction((tx) => this.tell(tx, id));
    }
    return false;
  }

  private async tell(tx: EntityManager, id: string): Promise<void> {
    // Changes of the subscription wait, and so does another process: what it finds then has been told.
    await tx.query('select from subscription where id = $1 for update', [id]);
    const subscription = (await activeSubscriptions(tx)).find((candidate) => candidate.id === id);
    if (!subscription) return;
    const now = this.clock.now();
    const waiting = await readWaiting(tx, id);
    const past = await readPast(tx, id, waiting, now);
    const plan = planMessages(waiting, past, subscription.grouping ?? AT_ONCE, now);
    for (const message of plan.messages) await this.send(tx, subscription, message, now);
    for (const { news, reason } of plan.muted) {
      await tx.query(
        'update notice set waiting_since = null, muted = $3 where subscription_id = $1 and sequence = $2',
        [id, news.sequence, reason],
      );
    }
  }

  private async send(
    tx: EntityManager,
    subscription: ActiveSubscription,
    { kind, news }: Message,
    now: Date,
  ): Promise<void> {
    const { id: target, channel, language } = subscription;
    const publicUrl = this.configuration.PUBLIC_URL ?? null;
    const [first] = news;
    const isAlone = kind === 'group' && news.length === 1;
    const payloadOfMany = kind === 'storm' ? stormPayload : groupPayload;
    const deliveryId = await enqueueDelivery(tx, this.clock, {
      channel,
      target,
      subject: isAlone ? first!.alertId : kind === 'storm' ? 'storm' : `group|${integrationOf(first!)}`,
      // Each piece is in one message, so the first of them names it.
      dedupKey: isAlone ? dedupKeyOf(first!) : `${kind}/${first!.sequence}`,
      payload: isAlone
        ? payloadFor(channel, first!, language, publicUrl)
        : payloadOfMany(channel, news, language, publicUrl),
    });
    await tx.query(
      `update notice set waiting_since = null, delivery_id = $3, told_at = $4, is_folded = $5
       where subscription_id = $1 and sequence = any($2)`,
      [target, news.map(({ sequence }) => sequence), deliveryId, now, kind === 'storm'],
    );
  }
}
