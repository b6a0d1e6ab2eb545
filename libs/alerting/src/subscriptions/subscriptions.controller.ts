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
import { sampleBreach, type Language } from '../alerts/notification.js';
import type { Grouping } from '../grouping/plan-messages.js';
import { testPayload } from '../news/messages.js';
import type { Wish } from '../news/news.js';
import { targetFaults, type Channel, type Target } from './check-target.js';
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
    const target = this.checked(body);
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
      shownSecret = target.channel === 'webhook' ? newWebhookSecret() : null;
      await tx.query(
        `insert into subscription
           (id, secret, created_at, created_by, channel, url, email, kinds, min_severity, rules, integration_ids,
            organization_ids, language, group_wait_ms, group_interval_ms)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
        [id, shownSecret ?? '', this.clock.now(), actor.id, ...columnsOf(target, body)],
      );
      return view(await this.existing(tx, id));
    });
    return { ...answer, secret: shownSecret };
  }

  @Route(changeSubscription)
  async change(@Input() call: CallOf<typeof changeSubscription>) {
    const { body, params } = call;
    const target = this.checked(body);
    return runCommand(this.database, call, this.clock, async (tx) => {
      const [, changed] = await tx.query<[unknown, number]>(
        `update subscription set version = version + 1,
           disabled_at = case when url = $4 then disabled_at end,
           disabled_reason = case when url = $4 then disabled_reason end,
           url = $4, email = $5, kinds = $6, min_severity = $7, rules = $8, integration_ids = $9,
           organization_ids = $10, language = $11, group_wait_ms = $12, group_interval_ms = $13
         where id = $1 and version = $2 and channel = $3 and removed_at is null`,
        [params.id, body.version, ...columnsOf(target, body)],
      );
      const found = await this.existing(tx, params.id);
      if (changed > 0) return view(found);
      const { version, channel } = found;
      if (version === body.version) {
        throw refusedAs('channel-is-fixed', [
          {
            field: 'channel',
            rule: 'channel_is_fixed',
            reason: `it is ${channel}: make another subscription`,
          },
        ]);
      }
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
      const { id, channel } = await this.existing(tx, call.params.id);
      if (channel !== 'webhook')
        throw new Problem(409, 'no-secret', 'mail is not signed: there is no secret');
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
      const deliveryId = await enqueueDelivery(tx, this.clock, {
        channel: target.channel,
        target: target.id,
        subject: target.id,
        dedupKey: alertId,
        payload: testPayload(target.channel, alertId, breach, target.language),
      });
      return { deliveryId };
    });
  }

  /**
   * Where messages go, a URL as it is reached.
   * @throws Problem 400 for a URL that may not be reached, 422 for a target or a wish that can come to nothing
   */
  private checked(body: Wish & Target): Target {
    const { channel, url, email } = body;
    const { SMTP_URL, WEBHOOK_ALLOWED_HOSTS } = this.configuration;
    const verdict = url === null ? null : checkWebhookUrl(url, WEBHOOK_ALLOWED_HOSTS);
    if (verdict?.ok === false) throw invalidInput([{ field: 'url', reason: verdict.reason }]);
    const faults = targetFaults(body, SMTP_URL !== undefined);
    if (faults.length > 0) throw refusedAs('cannot-be-reached', faults);
    const wrong = wishFaults(body);
    if (wrong.length > 0) throw refusedAs('matches-nothing', wrong);
    return { channel, url: verdict === null ? null : verdict.url.href, email };
  }

  /** @throws Problem 404 */
  private async existing(tx: EntityManager, id: string): Promise<SubscriptionRow> {
    const [row] = await readSubscriptions(tx, id);
    if (!row) throw notFound(`subscription ${id}`);
    return row;
  }
}

interface Fault {
  readonly field: string;
  readonly rule: string;
  readonly reason: string;
}

function refusedAs(code: string, errors: readonly Fault[]): Problem {
  const [first] = errors;
  return new Problem(422, code, `${first!.field}: ${first!.reason}`, { errors });
}

/** What a subscription says of itself, in the order in which both statements take it. */
function columnsOf(
  target: Target,
  wish: Wish & { readonly language: Language; readonly grouping?: Grouping | null | undefined },
): readonly unknown[] {
  const { channel, url, email } = target;
  const { kinds, minSeverity, rules, integrationIds, organizationIds, language } = wish;
  const grouping = wish.grouping === undefined ? DEFAULT_GROUPING[channel] : wish.grouping;
  return [
    ...[channel, url, email, kinds, minSeverity, rules, integrationIds, organizationIds, language],
    ...[grouping?.waitMs ?? null, grouping?.intervalMs ?? null],
  ];
}

/** People want few messages, programs want each one. */
const DEFAULT_GROUPING: Readonly<Record<Channel, Grouping | null>> = {
  webhook: null,
  email: { waitMs: 30_000, intervalMs: 300_000 },
};

function view(row: SubscriptionRow) {
  return {
    id: row.id,
    version: row.version,
    channel: row.channel,
    url: row.url,
    email: row.email,
    kinds: row.kinds,
    minSeverity: row.minSeverity,
    rules: row.rules,
    integrationIds: row.integrationIds,
    organizationIds: row.organizationIds,
    language: row.language,
    grouping: row.grouping,
    state: row.disabledAt === null ? ('active' as const) : ('disabled' as const),
    disabledReason: row.disabledReason,
    createdAt: row.createdAt.toISOString(),
  };
}
