import { fields, SEVERITIES } from '@taxameter/contracts';
import {
  checkWebhookUrl,
  CLOCK,
  CONFIGURATION,
  databaseOf,
  defineRoute,
  enqueueDelivery,
  Input,
  invalidInput,
  newestDeliveriesTo,
  newId,
  newWebhookSecret,
  notFound,
  Problem,
  Route,
  runCommand,
  withActor,
  type CallOf,
  type Clock,
  type Configuration,
} from '@taxameter/platform';
import { Controller, Inject } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { ALERT_KINDS, deliverySchema, deliveryView, type DeliveryView } from '../alerts/alert.js';
import { breachNotification, payloadOf, sampleBreach } from '../alerts/notification.js';
import { leakNotification } from '../leaks/leak-notification.js';
import { readSubscriptions, type SubscriptionRow } from './subscriptions.service.js';

/** Subscriptions to alerts: ops make, look at, try out and remove them. A secret is shown when it is made and never again. */

/** Each alert goes to every subscription that wants it, so their number bounds what one breach causes. */
const MAX_SUBSCRIPTIONS = 100;
/** How long a replaced secret still signs beside the new one, so that a receiver can change over. */
const SECRET_OVERLAP_MS = 24 * 3_600_000;

const params = z.object({ id: z.string().regex(/^sub_[0-9a-f]{32}$/, 'is not the id of a subscription') });
const subscription = {
  id: z.string(),
  url: z.string(),
  kinds: z.array(z.enum(ALERT_KINDS)),
  minSeverity: z.enum(SEVERITIES),
  rules: z.array(z.string()).nullable(),
  integrationIds: z.array(z.string()).nullable(),
  language: z.enum(['da', 'en']),
  state: z.enum(['active', 'disabled']),
  disabledReason: z.string().nullable(),
  createdAt: fields.instant,
};
const secret = z
  .string()
  .nullable()
  .describe(
    'whsec_…: kept by the caller. null where an Idempotency-Key is sent a second time: it is shown once',
  );

export const createSubscription = defineRoute({
  method: 'POST',
  path: '/v1/alerts/subscriptions',
  summary: 'Subscribe a URL to alerts; the answer holds the signing secret, once',
  roles: ['ops'],
  command: true,
  body: z.strictObject({
    url: z.string().max(2_000),
    kinds: z
      .array(z.enum(ALERT_KINDS))
      .min(1)
      .max(ALERT_KINDS.length)
      .default([...ALERT_KINDS])
      .describe('breach: a rule was broken; leak: a block lets calls through, severity error'),
    minSeverity: z.enum(SEVERITIES),
    rules: z
      .array(fields.identifier(64))
      .min(1)
      .max(50)
      .nullable()
      .default(null)
      .describe('narrows breaches, not leaks'),
    integrationIds: z.array(fields.identifier(100)).min(1).max(500).nullable().default(null),
    language: z.enum(['da', 'en']).default('da'),
  }),
  responses: { 201: { description: 'Subscribed', schema: z.object({ ...subscription, secret }) } },
  webhooks: {
    breach: {
      description: 'A rule was broken, or is broken more severely; or a test of the way',
      schema: breachNotification,
    },
    leak: {
      description: 'A block began to let calls through; or that is over, once for each time it began',
      schema: leakNotification,
    },
  },
});

export const listSubscriptions = defineRoute({
  method: 'GET',
  path: '/v1/alerts/subscriptions',
  summary: 'All subscriptions (at most 100), each with its newest delivery',
  roles: ['ops'],
  responses: {
    200: {
      description: 'The subscriptions, oldest first',
      schema: z.object({
        items: z.array(z.object({ ...subscription, newestDelivery: deliverySchema.nullable() })),
        nextCursor: z.null(),
      }),
    },
  },
});

export const removeSubscription = defineRoute({
  method: 'DELETE',
  path: '/v1/alerts/subscriptions/:id',
  summary: 'Remove a subscription; what waits for it is not sent',
  roles: ['ops'],
  command: true,
  params,
  responses: { 204: { description: 'Removed' } },
});

export const rotateSecret = defineRoute({
  method: 'POST',
  path: '/v1/alerts/subscriptions/:id/secret',
  summary: 'Make a new secret; the one before signs beside it for 24 hours',
  roles: ['ops'],
  command: true,
  params,
  responses: { 200: { description: 'The new secret', schema: z.object({ id: z.string(), secret }) } },
});

export const testSubscription = defineRoute({
  method: 'POST',
  path: '/v1/alerts/subscriptions/:id/test',
  summary: 'Send a test alert (type fairuse.test)',
  roles: ['ops'],
  command: true,
  params,
  responses: {
    202: { description: 'It will be sent', schema: z.object({ deliveryId: z.string() }) },
  },
});

@Controller()
export class SubscriptionsController {
  constructor(
    @Inject(databaseOf('alerting')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  @Route(createSubscription)
  async create(@Input() call: CallOf<typeof createSubscription>) {
    const { body, actor } = call;
    const verdict = checkWebhookUrl(body.url, this.configuration.WEBHOOK_ALLOWED_HOSTS);
    if (!verdict.ok) throw invalidInput([{ field: 'url', reason: verdict.reason }]);
    // Outside the command's answer, because that is stored for the Idempotency-Key.
    let shownSecret: string | null = null;
    const answer = await runCommand(this.database, call, this.clock, async (tx) => {
      const active = await readSubscriptions(tx, null);
      if (active.length >= MAX_SUBSCRIPTIONS) {
        throw new Problem(
          409,
          'too-many-subscriptions',
          `remove one of the ${MAX_SUBSCRIPTIONS} subscriptions first`,
        );
      }
      const id = newId('subscription', this.clock);
      shownSecret = newWebhookSecret();
      await tx.query(
        `insert into subscription
           (id, url, kinds, min_severity, rules, integration_ids, language, secret, created_at, created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        [
          id,
          verdict.url.href,
          body.kinds,
          body.minSeverity,
          body.rules,
          body.integrationIds,
          body.language,
          shownSecret,
          this.clock.now(),
          actor.id,
        ],
      );
      return view(await this.existing(tx, id));
    });
    return { ...answer, secret: shownSecret };
  }

  @Route(listSubscriptions)
  async list(@Input() { actor }: CallOf<typeof listSubscriptions>) {
    return withActor(this.database, actor, async (tx) => {
      const rows = await readSubscriptions(tx, null);
      const deliveries = await newestDeliveriesTo(
        tx,
        rows.map((row) => row.id),
      );
      const newest = (row: SubscriptionRow): DeliveryView | null => {
        const delivery = deliveries.find((candidate) => candidate.target === row.id);
        return delivery ? deliveryView(delivery) : null;
      };
      return { items: rows.map((row) => ({ ...view(row), newestDelivery: newest(row) })), nextCursor: null };
    });
  }

  @Route(removeSubscription)
  async remove(@Input() call: CallOf<typeof removeSubscription>): Promise<void> {
    await runCommand(this.database, call, this.clock, async (tx) => {
      const { id } = await this.existing(tx, call.params.id);
      await tx.query(
        `update subscription set removed_at = $2, removed_by = $3, secret = '',
           previous_secret = null, previous_secret_until = null
         where id = $1`,
        [id, this.clock.now(), call.actor.id],
      );
      return { id };
    });
  }

  @Route(rotateSecret)
  async rotate(@Input() call: CallOf<typeof rotateSecret>) {
    let shownSecret: string | null = null;
    const answer = await runCommand(this.database, call, this.clock, async (tx) => {
      const { id } = await this.existing(tx, call.params.id);
      shownSecret = newWebhookSecret();
      await tx.query(
        `update subscription set previous_secret = secret, previous_secret_until = $3, secret = $2
         where id = $1 and removed_at is null`,
        [id, shownSecret, new Date(this.clock.now().getTime() + SECRET_OVERLAP_MS)],
      );
      return { id };
    });
    return { ...answer, secret: shownSecret };
  }

  @Route(testSubscription)
  async test(@Input() call: CallOf<typeof testSubscription>) {
    return runCommand(this.database, call, this.clock, async (tx) => {
      const target = await this.existing(tx, call.params.id);
      if (target.disabledAt !== null) {
        throw new Problem(
          409,
          'subscription-disabled',
          'the receiver answered 410: remove it and subscribe again',
        );
      }
      const now = this.clock.now();
      const alertId = newId('alert', this.clock);
      const breach = sampleBreach(target.minSeverity, now);
      const notification = { type: 'fairuse.test', time: now.toISOString(), alertId, breach } as const;
      const deliveryId = await enqueueDelivery(tx, this.clock, {
        channel: 'webhook',
        target: target.id,
        subject: target.id,
        dedupKey: alertId,
        payload: payloadOf(notification, target.language),
      });
      return { deliveryId };
    });
  }

  /** @throws Problem 404 */
  private async existing(tx: EntityManager, id: string): Promise<SubscriptionRow> {
    const [row] = await readSubscriptions(tx, id);
    if (!row) throw notFound(`subscription ${id}`);
    return row;
  }
}

function view(row: SubscriptionRow) {
  return {
    id: row.id,
    url: row.url,
    kinds: row.kinds,
    minSeverity: row.minSeverity,
    rules: row.rules,
    integrationIds: row.integrationIds,
    language: row.language,
    state: row.disabledAt === null ? ('active' as const) : ('disabled' as const),
    disabledReason: row.disabledReason,
    createdAt: row.createdAt.toISOString(),
  };
}
