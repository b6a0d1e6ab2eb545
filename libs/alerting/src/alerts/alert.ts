import { fields, restrictionObserved, SEVERITIES, type Breach, type Severity } from '@taxameter/contracts';
import type { DeliveryStatus } from '@taxameter/platform';
import { z } from 'zod';
import { RESOLUTIONS, type Leak } from '../leaks/leak.js';

/** An alert as it is stored and as it is shown. */

/** What an alert is about: a rule that was broken, or a block that lets calls through. */
export const ALERT_KINDS = ['breach', 'leak'] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

interface Row {
  readonly id: string;
  readonly sequence: number;
  readonly severity: Severity;
  readonly state: 'open' | 'resolved';
  readonly openedAt: Date;
  readonly changedAt: Date;
}

export interface BreachRow extends Row {
  readonly kind: 'breach';
  readonly breach: Breach;
}

export interface LeakRow extends Row, Leak {
  readonly kind: 'leak';
  readonly state: Leak['state'];
}

export type AlertRow = BreachRow | LeakRow;

const common = {
  id: z.string(),
  sequence: z.number().describe('grows with every change of any alert; the event id in the live stream'),
  version: z.number(),
  severity: z.enum(SEVERITIES),
  state: z.enum(['open', 'resolved']),
  integrationId: z.string(),
  openedAt: fields.instant,
  changedAt: fields.instant,
};

export const breachAlertSchema = z.object({
  ...common,
  kind: z.literal('breach'),
  breachId: z.string(),
  ruleId: z.string(),
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
});

export const leakAlertSchema = z.object({
  ...common,
  kind: z.literal('leak'),
  restrictionId: z.string(),
  episode: z.number().describe('counts the leaks of the block, from 1'),
  resolution: z
    .enum(RESOLUTIONS)
    .nullable()
    .describe('tight: the block refuses again; ended: it was lifted or has expired; null while it leaks'),
  ...restrictionObserved.schema.shape.data.pick({
    since: true,
    until: true,
    refused: true,
    letThrough: true,
    firstLetThroughAt: true,
    lastLetThroughAt: true,
  }).shape,
});

export type AlertView = z.output<typeof breachAlertSchema> | z.output<typeof leakAlertSchema>;

export function alertView(row: AlertRow): AlertView {
  return row.kind === 'breach' ? breachView(row) : leakView(row);
}

function leakView({ id, sequence, severity, openedAt, changedAt, ...leak }: LeakRow): AlertView {
  const { observed } = leak;
  return {
    id,
    sequence,
    kind: 'leak',
    restrictionId: observed.restrictionId,
    episode: leak.episode,
    version: observed.version,
    severity,
    state: leak.state,
    resolution: leak.resolution,
    integrationId: observed.integrationId,
    since: observed.since,
    until: observed.until,
    refused: observed.refused,
    letThrough: observed.letThrough,
    firstLetThroughAt: observed.firstLetThroughAt,
    lastLetThroughAt: observed.lastLetThroughAt,
    openedAt: openedAt.toISOString(),
    changedAt: changedAt.toISOString(),
  };
}

function breachView({ id, sequence, breach, changedAt }: BreachRow): AlertView {
  return {
    id,
    sequence,
    kind: 'breach',
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
