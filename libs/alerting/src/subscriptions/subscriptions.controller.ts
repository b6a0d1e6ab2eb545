import {
  checkWebhookUrl,
  CLOCK,
  CONFIGURATION,
  databaseOf,
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
import { deliveryView, type DeliveryView } from '../alerts/alert.js';
import { payloadOf, sampleBreach, type Language } from '../alerts/notification.js';
import type { Wish } from '../news/news.js';
import { wishFaults } from './check-wish.js';
import {
  changeSubscription,
  createSubscription,
  listSubscriptions,
  removeSubscription,
  rotateSecret,
  testSubscription,
} from './subscription-routes.js';
import { readSubscriptions, type SubscriptionRow } from './subscriptions.service.js';

/** Subscriptions to alerts: ops make, change, look at, try out and remove them. A secret is shown when it is made and never again. */

/** Each alert goes to every subscription that wants it, so their number bounds what one breach causes. */
const MAX_SUBSCRIPTIONS = 100;
/** How long a replaced secret still signs beside the new one, so that a receiver can change over. */
const SECRET_OVERLAP_MS = 24 * 3_600_000;

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
    const url = this.checked(body);
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
           (id, secret, created_at, created_by, url, kinds, min_severity, rules, integration_ids, organization_ids, language)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
        [id, shownSecret, this.clock.now(), actor.id, ...columnsOf(url, body)],
      );
      return view(await this.existing(tx, id));
    });
    return { ...answer, secret: shownSecret };
  }

  @Route(changeSubscription)
  async change(@Input() call: CallOf<typeof changeSubscription>) {
    const { body, params } = call;
    const url = this.checked(body);
    return runCommand(this.database, call, this.clock, async (tx) => {
      const [, changed] = await tx.query<[unknown, number]>(
        `update subscription set version = version + 1,
           disabled_at = case when url = $3 then disabled_at end,
           disabled_reason = case when url = $3 then disabled_reason end,
           url = $3, kinds = $4, min_severity = $5, rules = $6, integration_ids = $7, organization_ids = $8, language = $9
         where id = $1 and version = $2 and removed_at is null`,
        [params.id, body.version, ...columnsOf(url, body)],
      );
      const { version, ...found } = await this.existing(tx, params.id);
      if (changed > 0) return view({ version, ...found });
      const reason = `the subscription is at version ${version}, not ${body.version}: read it again and decide anew`;
      throw new Problem(409, 'stale-version', reason, { version, errors: [{ field: 'version', reason }] });
    });
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
          'the receiver answered 410: give it another URL first',
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

  /**
   * The URL as it is reached.
   * @throws Problem 400 for a URL that may not be reached, 422 for a wish that can match nothing
   */
  private checked({ url, ...wish }: Wish & { readonly url: string }): string {
    const verdict = checkWebhookUrl(url, this.configuration.WEBHOOK_ALLOWED_HOSTS);
    if (!verdict.ok) throw invalidInput([{ field: 'url', reason: verdict.reason }]);
    const errors = wishFaults(wish);
    const [first] = errors;
    if (first) throw new Problem(422, 'matches-nothing', `${first.field}: ${first.reason}`, { errors });
    return verdict.url.href;
  }

  /** @throws Problem 404 */
  private async existing(tx: EntityManager, id: string): Promise<SubscriptionRow> {
    const [row] = await readSubscriptions(tx, id);
    if (!row) throw notFound(`subscription ${id}`);
    return row;
  }
}

/** What a subscription says of itself, in the order in which both statements take it. */
function columnsOf(url: string, wish: Wish & { readonly language: Language }): readonly unknown[] {
  const { kinds, minSeverity, rules, integrationIds, organizationIds, language } = wish;
  return [url, kinds, minSeverity, rules, integrationIds, organizationIds, language];
}

function view(row: SubscriptionRow) {
  return {
    id: row.id,
    version: row.version,
    url: row.url,
    kinds: row.kinds,
    minSeverity: row.minSeverity,
    rules: row.rules,
    integrationIds: row.integrationIds,
    organizationIds: row.organizationIds,
    language: row.language,
    state: row.disabledAt === null ? ('active' as const) : ('disabled' as const),
    disabledReason: row.disabledReason,
    createdAt: row.createdAt.toISOString(),
  };
}
