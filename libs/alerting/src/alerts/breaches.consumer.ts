import {
  breachEscalated,
  breachOpened,
  breachReopened,
  breachResolved,
  TOPICS,
  type BreachEscalatedEvent,
  type BreachOpenedEvent,
  type BreachReopenedEvent,
  type BreachResolvedEvent,
} from '@taxameter/contracts';
import {
  CLOCK,
  enqueueDelivery,
  newId,
  OnEvents,
  type Clock,
  type EventBatch,
  type ReceivedEvent,
} from '@taxameter/platform';
import { Controller, Inject } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { activeSubscriptions } from '../subscriptions/subscriptions.service.js';
import { nextSequence } from './alert-rows.service.js';
import { isWanted, payloadOf } from './notification.js';

type BreachEvent = BreachOpenedEvent | BreachEscalatedEvent | BreachResolvedEvent | BreachReopenedEvent;

/** What wakes people. What they did themselves, by resolving or reopening, changes the alert and tells nobody. */
const TOLD: ReadonlyMap<string, 'fairuse.breach.opened' | 'fairuse.breach.escalated'> = new Map([
  [breachOpened.type, 'fairuse.breach.opened'],
  [breachEscalated.type, 'fairuse.breach.escalated'],
]);

/**
 * Breach facts become alerts, one row per breach, and one delivery per version to each subscription that wants it; both in
 * the transaction of the batch.
 */
@Controller()
export class BreachesConsumer {
  constructor(@Inject(CLOCK) private readonly clock: Clock) {}

  @OnEvents('alerting', TOPICS.breaches, [breachOpened, breachEscalated, breachResolved, breachReopened])
  async breaches(batch: EventBatch<BreachEvent>): Promise<void> {
    const { tx } = batch;
    const subscriptions = await activeSubscriptions(tx);
    for (const received of batch.events) {
      const alertId = await this.store(tx, received);
      const { data: breach, type, time } = received.event;
      const told = TOLD.get(type);
      if (alertId === null || breach.state === 'resolved' || told === undefined) continue;
      const notification = { type: told, time, alertId, breach };
      for (const subscription of subscriptions.filter((candidate) => isWanted(candidate, breach))) {
        await enqueueDelivery(tx, this.clock, {
          channel: 'webhook',
          target: subscription.id,
          subject: alertId,
          dedupKey: `${breach.breachId}/${breach.version}`,
          payload: payloadOf(notification, subscription.language),
        });
      }
    }
  }

  /** The alert's id; null when this version is not newer than the one that is stored. */
  private async store(
    tx: EntityManager,
    { event, time }: ReceivedEvent<BreachEvent>,
  ): Promise<string | null> {
    const { data: breach } = event;
    const sequence = await nextSequence(tx);
    const rows = await tx.query<{ id: string }[]>(
      `insert into alert
         (id, breach_id, sequence, version, rule_id, severity, state, integration_id, opened_at, changed_at, breach)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
       on conflict (breach_id) do update set
         sequence = excluded.sequence, version = excluded.version, severity = excluded.severity,
         state = excluded.state, changed_at = excluded.changed_at, breach = excluded.breach
       where alert.version < excluded.version
       returning id`,
      [
        newId('alert', this.clock),
        breach.breachId,
        sequence,
        breach.version,
        breach.ruleId,
        breach.severity,
        breach.state,
        breach.scope.integrationId,
        breach.openedAt,
        time,
        JSON.stringify(breach),
      ],
    );
    return rows[0]?.id ?? null;
  }
}
