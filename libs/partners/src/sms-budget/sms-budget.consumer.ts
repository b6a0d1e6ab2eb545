import { Controller, Inject } from '@nestjs/common';
import { smsBudgetReached, TOPICS, type SmsBudgetReachedEvent } from '@taxameter/contracts';
import { CLOCK, OnEvents, systemActor, type Clock, type EventBatch } from '@taxameter/platform';
import { lockSubjects } from '../change/change.service.js';
import { followBudget } from './follow-budget.service.js';
import { saveReached } from './sms-budget.service.js';

/** Keeps how far budgets are used up, and follows at once. */
@Controller()
export class SmsBudgetConsumer {
  private readonly actor = systemActor('partners');

  constructor(@Inject(CLOCK) private readonly clock: Clock) {}

  @OnEvents('partners', TOPICS.smsBudgetsReached, [smsBudgetReached])
  async reached({ tx, events }: EventBatch<SmsBudgetReachedEvent>): Promise<void> {
    const integrationIds = [...new Set(events.map(({ event }) => event.data.integrationId))].sort();
    // All before any is followed: who stops the first one holds the place in the feed for which a command on the second may wait.
    await lockSubjects(
      tx,
      integrationIds.map((integrationId) => `integration|${integrationId}`),
    );
    for (const { event } of events) await saveReached(tx, event.data);
    for (const integrationId of integrationIds) await followBudget(tx, integrationId, this.actor, this.clock);
  }
}
