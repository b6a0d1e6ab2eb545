import { z } from 'zod';
import { defineEvent } from '../cloud-event.js';
import { count, identifier, quarterName } from '../text.js';

/** Shares of an SMS budget, in per cent, at which something is told. */
export const BUDGET_SHARES = [50, 80, 100] as const;

const messagesPerQuarter = z.int().min(1).max(100_000_000);

/** What a partner wants to spend on the SMS of one of its integrations. Who owns the integration later has not asked for it. */
export const smsBudgetChanged = defineEvent({
  type: 'dk.dinero.partners.sms_budget_changed.v1',
  title: 'SMS budget changed',
  description: 'The whole state of the SMS budget that a partner has set for an integration.',
  data: z.object({
    integrationId: identifier(100),
    version: z.int().min(1),
    partnerId: identifier(64).describe('the owner that set it'),
    messagesPerQuarter: messagesPerQuarter.nullable().describe('null: there is no budget any more'),
    stopsAtLimit: z.boolean().describe('whether SMS of the integration are to be refused once it is used up'),
  }),
});

/** How far an SMS budget is used up. Told when a share of it is reached, and once for each budget that is changed. */
export const smsBudgetReached = defineEvent({
  type: 'dk.dinero.fairuse.sms_budget_reached.v1',
  title: 'SMS budget reached',
  description: 'Which share of its SMS budget an integration has used in a quarter, when it was reached.',
  data: z.object({
    integrationId: identifier(100),
    quarter: quarterName,
    version: z.int().min(1),
    budgetVersion: z.int().min(1).describe('of the budget that it was held against'),
    messagesPerQuarter: messagesPerQuarter.nullable(),
    stopsAtLimit: z.boolean(),
    messages: count.describe('SMS sent in the quarter, without those in test mode'),
    reachedPercent: z
      .union([z.literal(0), z.literal(50), z.literal(80), z.literal(100)])
      .describe('the highest share that is reached'),
  }),
});

export type SmsBudgetChangedEvent = z.input<typeof smsBudgetChanged.schema>;
export type SmsBudgetReachedEvent = z.input<typeof smsBudgetReached.schema>;
export type SmsBudget = z.output<typeof smsBudgetChanged.schema>['data'];
export type SmsBudgetReached = z.output<typeof smsBudgetReached.schema>['data'];
