import { fields, SEVERITIES, type Breach, type Severity } from '@taxameter/contracts';
import type { DeliveryStatus } from '@taxameter/platform';
import { z } from 'zod';

/** An alert as it is stored and as it is shown. */

export interface AlertRow {
  readonly id: string;
  readonly sequence: number;
  readonly severity: Severity;
  readonly state: 'open' | 'resolved';
  readonly changedAt: Date;
  readonly breach: Breach;
}

export const alertSchema = z.object({
  id: z.string(),
  sequence: z.number().describe('grows with every change of any alert; the event id in the live stream'),
  breachId: z.string(),
  version: z.number(),
  ruleId: z.string(),
  severity: z.enum(SEVERITIES),
  state: z.enum(['open', 'resolved']),
  integrationId: z.string(),
  organizationId: z.string().nullable(),
  route: z.string().nullable(),
  observed: z.object({
    value: z.number(),
    unit: z.string(),
    windowStart: fields.instant,
    windowEnd: fields.instant,
  }),
  threshold: z.number(),
  occurrence: z.number(),
  retroactive: z.boolean(),
  openedAt: fields.instant,
  changedAt: fields.instant,
});

export type AlertView = z.output<typeof alertSchema>;

export function alertView({ id, sequence, breach, changedAt }: AlertRow): AlertView {
  return {
    id,
    sequence,
    breachId: breach.breachId,
    version: breach.version,
    ruleId: breach.ruleId,
    severity: breach.severity,
    state: breach.state,
    integrationId: breach.scope.integrationId,
    organizationId: breach.scope.organizationId,
    route: breach.scope.route,
    observed: breach.observed,
    threshold: breach.threshold,
    occurrence: breach.occurrence,
    retroactive: breach.retroactive,
    openedAt: breach.openedAt,
    changedAt: changedAt.toISOString(),
  };
}

export const deliverySchema = z.object({
  id: z.string().describe('the `webhook-id` that the receiver sees'),
  subscriptionId: z.string(),
  state: z.enum(['pending', 'delivered', 'failed', 'disabled']),
  createdAt: fields.instant,
  nextAttemptAt: fields.instant.nullable(),
  attempts: z.number(),
  lastStatus: z.number().nullable(),
  lastDetail: z.string().nullable(),
});

export type DeliveryView = z.output<typeof deliverySchema>;

export function deliveryView(delivery: DeliveryStatus): DeliveryView {
  const last = delivery.attempts.at(-1);
  return {
    id: delivery.id,
    subscriptionId: delivery.target,
    state: delivery.state,
    createdAt: delivery.createdAt.toISOString(),
    nextAttemptAt: delivery.nextAttemptAt?.toISOString() ?? null,
    attempts: delivery.attempts.length,
    lastStatus: last?.status ?? null,
    lastDetail: last?.detail ?? null,
  };
}
