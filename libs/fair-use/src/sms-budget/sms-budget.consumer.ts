import { Controller } from '@nestjs/common';
import {
  Quarter,
  smsBudgetChanged,
  smsTotalsChanged,
  TOPICS,
  type SmsBudgetChangedEvent,
  type SmsTotalsChangedEvent,
} from '@taxameter/contracts';
import { OnEvents, type EventBatch } from '@taxameter/platform';
import { keepBudget, keepCounts, lockIntegrations, tellReached } from './sms-budget.service.js';

/** Holds what metering counted against the budgets that partners have set, whichever of the two comes later. */
@Controller()
export class SmsBudgetConsumer {
  @OnEvents('fair-use', TOPICS.smsTotals, [smsTotalsChanged])
  async totals({ events, tx }: EventBatch<SmsTotalsChangedEvent>): Promise<void> {
    await lockIntegrations(
      tx,
      events.map(({ event }) => event.data.integrationId),
    );
    const changed = await keepCounts(
      tx,
      events.map(({ event }) => event.data),
    );
    const latest = events.reduce((time, { time: next }) => (next > time ? next : time), new Date(0));
    for (const { integrationId, quarter } of changed) await tellReached(tx, integrationId, quarter, latest);
  }

  /** A budget counts from the quarter in which it is set. */
  @OnEvents('fair-use', TOPICS.smsBudgets, [smsBudgetChanged])
  async budgets({ events, tx }: EventBatch<SmsBudgetChangedEvent>): Promise<void> {
    await lockIntegrations(
      tx,
      events.map(({ event }) => event.data.integrationId),
    );
    for (const { event, time } of events) {
      await keepBudget(tx, event.data);
      await tellReached(tx, event.data.integrationId, Quarter.of(time).toString(), time);
    }
  }
}
