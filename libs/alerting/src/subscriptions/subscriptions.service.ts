import {
  CLOCK,
  CONFIGURATION,
  databaseOf,
  LOGGER,
  mailChannel,
  startDeliveries,
  webhookChannel,
  type Clock,
  type Configuration,
  type Logger,
  type Loop,
  type WebhookEndpoint,
} from '@taxameter/platform';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import type { Language } from '../alerts/notification.js';
import type { Grouping } from '../grouping/plan-messages.js';
import type { Wish } from '../news/news.js';
import type { Channel, Target } from './check-target.js';

/** Who is subscribed, and the sending of what was put in for them. */

export interface ActiveSubscription extends Wish {
  readonly id: string;
  readonly channel: Channel;
  /** null: each piece of news is told by itself, at once. */
  readonly grouping: Grouping | null;
  readonly language: Language;
}

/** Subscriptions that are told of alerts: neither removed nor disabled by a 410. */
export async function activeSubscriptions(tx: EntityManager): Promise<ActiveSubscription[]> {
  return tx.query(
    `select id, channel, kinds, min_severity as "minSeverity", rules, integration_ids as "integrationIds",
       organization_ids as "organizationIds", language, case when group_wait_ms is not null then
         jsonb_build_object('waitMs', group_wait_ms, 'intervalMs', group_interval_ms) end as grouping
     from subscription where removed_at is null and disabled_at is null order by id`,
  );
}

export interface SubscriptionRow extends ActiveSubscription, Target {
  readonly version: number;
  readonly createdAt: Date;
  readonly disabledAt: Date | null;
  readonly disabledReason: string | null;
}

/** All that are not removed, oldest first, or the one with this id. Never with a secret. */
export async function readSubscriptions(tx: EntityManager, id: string | null): Promise<SubscriptionRow[]> {
  return tx.query(
    `select id, version, channel, url, email, kinds, min_severity as "minSeverity", rules, integration_ids as "integrationIds",
       organization_ids as "organizationIds", language, case when group_wait_ms is not null then
         jsonb_build_object('waitMs', group_wait_ms, 'intervalMs', group_interval_ms) end as grouping, created_at as "createdAt", disabled_at as "disabledAt", disabled_reason as "disabledReason"
     from subscription where removed_at is null and ($1::text is null or id = $1) order by created_at, id`,
    [id],
  );
}

@Injectable()
export class SubscriptionDeliveries implements OnApplicationBootstrap, OnModuleDestroy {
  private loop: Loop | undefined;

  constructor(
    @Inject(databaseOf('alerting')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const webhook = webhookChannel({
      endpointOf: (subscriptionId) => this.endpointOf(subscriptionId),
      clock: this.clock,
      allowedHosts: this.configuration.WEBHOOK_ALLOWED_HOSTS,
    });
    const { SMTP_URL: smtpUrl, MAIL_FROM: from } = this.configuration;
    const email =
      smtpUrl !== undefined && from !== undefined
        ? mailChannel({ smtpUrl, from, addressOf: (subscriptionId) => this.addressOf(subscriptionId) })
        : null;
    this.loop = startDeliveries({
      room: 'alerting',
      database: this.database,
      clock: this.clock,
      logger: this.logger,
      channels: { webhook, ...(email && { email }) },
      onGone: (tx, subscriptionId, detail) => this.disable(tx, subscriptionId, detail),
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop?.stop();
  }

  private async addressOf(subscriptionId: string): Promise<string | null> {
    const [row] = await this.database.query<{ email: string }[]>(
      `select email from subscription
       where id = $1 and channel = 'email' and removed_at is null and disabled_at is null`,
      [subscriptionId],
    );
    return row?.email ?? null;
  }

  private async endpointOf(subscriptionId: string): Promise<WebhookEndpoint | null> {
    const [row] = await this.database.query<
      { url: string; secret: string; previousSecret: string | null; previousUntil: Date | null }[]
    >(
      `select url, secret, previous_secret as "previousSecret", previous_secret_until as "previousUntil"
       from subscription where id = $1 and channel = 'webhook' and removed_at is null and disabled_at is null`,
      [subscriptionId],
    );
    if (!row) return null;
    const isPreviousActive = row.previousUntil !== null && row.previousUntil > this.clock.now();
    const previous = isPreviousActive && row.previousSecret !== null ? [row.previousSecret] : [];
    return { url: row.url, secrets: [row.secret, ...previous] };
  }

  private async disable(tx: EntityManager, subscriptionId: string, reason: string): Promise<void> {
    const [, count] = await tx.query<[unknown, number]>(
      `update subscription set disabled_at = $2, disabled_reason = $3
       where id = $1 and removed_at is null and disabled_at is null`,
      [subscriptionId, this.clock.now(), reason],
    );
    if (count > 0)
      this.logger.error({ subscription: subscriptionId }, 'a subscription was disabled by its receiver');
  }
}
