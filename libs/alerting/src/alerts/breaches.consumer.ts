import {
  breachEscalated,
  breachOpened,
  breachReopened,
  breachResolved,
  TOPICS,
  type Breach,
  type BreachEscalatedEvent,
  type BreachOpenedEvent,
  type BreachReopenedEvent,
  type BreachResolvedEvent,
} from '@taxameter/contracts';
import { CLOCK, newId, OnEvents, type Clock, type EventBatch } from '@taxameter/platform';
import { Controller, Inject } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { BreachNews } from '../news/news.js';
import { Telling } from '../news/telling.service.js';
import { nextSequence } from './alert-rows.service.js';

type BreachEvent = BreachOpenedEvent | BreachEscalatedEvent | BreachResolvedEvent | BreachReopenedEvent;

/** What is news. That a person takes a resolution back changes the alert and tells nobody: they know. */
const NEWS: ReadonlyMap<string, BreachNews['news']> = new Map([
  [breachOpened.type, 'opened'],
  [breachEscalated.type, 'escalated'],
  [breachResolved.type, 'resolved'],
]);

/** Breach facts become alerts, one row per breach, and news of them; both in the transaction of the batch. */
@Controller()
export class BreachesConsumer {
  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(Telling) private readonly telling: Telling,
  ) {}

  @OnEvents('alerting', TOPICS.breaches, [breachOpened, breachEscalated, breachResolved, breachReopened])
  async breaches({ tx, events }: EventBatch<BreachEvent>): Promise<void> {
    for (const { event, time } of events) {
      const sequence = await nextSequence(tx);
      const { data: breach, type } = event;
      const alertId = await this.store(tx, breach, sequence, time);
      const news = NEWS.get(type);
      // Late calls may show that what is over had been worse: that is in the alert, and wakes nobody.
      const isPast = breach.retroactive || (news !== 'resolved' && breach.state === 'resolved');
      if (alertId === null || news === undefined || isPast) continue;
      await this.telling.tell(tx, { kind: 'breach', news, sequence, alertId, time, breach });
    }
  }

  /** The alert's id; null when this version is not newer than the one that is stored. */
  private async store(
    tx: EntityManager,
    breach: Breach,
    sequence: number,
    time: Date,
  ): Promise<string | null> {
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
