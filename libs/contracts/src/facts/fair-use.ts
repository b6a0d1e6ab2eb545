import { z } from 'zod';
import { defineEvent } from '../cloud-event.js';
import { count, identifier, instant, text } from '../text.js';

export const SEVERITIES = ['info', 'warning', 'error', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The rules that a breach may name. Those who filter by rule hold their filters against it. */
export const RULE_IDS = [
  'RATE_MINUTE',
  'BURST',
  'WRITE_RATE',
  'SERVER_TIME',
  'ERROR_RATIO_4XX',
  'THROTTLED_RATIO',
  'POLLING_UNFILTERED',
  'POLLING_TOO_OFTEN',
  'RATE_DAY',
  'RATE_INTEGRATION',
  'LEGACY_AUTH',
  'STALE_CHANGES_SINCE',
  'IGNORES_429',
  'IGNORES_BLOCK',
  'CONCURRENCY',
  'N_PLUS_ONE',
  'SMALL_PAGES',
  'DUPLICATE_READS',
  'SCOPE_MISMATCH',
  'AUTH_FAILURES',
  'SMS_FOREIGN',
  'SMS_REPEAT',
  'SMS_SPIKE',
  'SMS_INVALID',
] as const;

/** The whole state of a breach: a case with frozen evidence. `breachKey` is rule, integration, agreement and, where the rule has one, route. */
const breach = z.object({
  breachId: identifier(64),
  // Identifiers within it are escaped, up to three characters for one.
  breachKey: text(900),
  version: z.int().min(1),
  ruleId: identifier(64),
  policyVersion: z.int().min(1),
  severity: z.enum(SEVERITIES),
  state: z.enum(['open', 'resolved']),
  scope: z.object({
    integrationId: identifier(100),
    organizationId: identifier(64).nullable(),
    route: text(300).nullable(),
  }),
  observed: z.object({
    value: z.number(),
    unit: text(40),
    windowStart: instant,
    windowEnd: instant,
  }),
  threshold: z.number(),
  occurrence: z.int().min(1),
  retroactive: z.boolean(),
  openedAt: instant,
  resolvedThrough: instant
    .optional()
    .describe(
      'the last minute that is settled, by its first instant: calls up to its end never open the case again; absent while it is open',
    ),
  resolvedReason: z
    .enum(['cleared', 'manual'])
    .optional()
    .describe(
      'cleared: the rule found nothing for a while, by a margin; manual: a person settled it; absent while it is open',
    ),
  flapping: z
    .boolean()
    .optional()
    .describe('true since calls opened it again four times within 24 hours; absent before'),
  guidance: z.object({ da: text(2000), en: text(2000) }),
  evidence: z.array(z.object({ windowStart: instant, windowEnd: instant, value: count })).max(100),
});

const breachEvent = <const Name extends string>(name: Name, title: string, description: string) =>
  defineEvent({ type: `dk.dinero.fairuse.${name}.v1`, title, description, data: breach });

export const breachOpened = breachEvent(
  'breach_opened',
  'Breach opened',
  'A fair-use rule was broken: a case was opened, or opened again where `occurrence` is above 1.',
);
export const breachEscalated = breachEvent(
  'breach_escalated',
  'Breach escalated',
  'A breach became more severe. `state` may be `resolved`: late calls showed that what was settled had been worse.',
);

export const breachRevised = breachEvent(
  'breach_revised',
  'Breach revised',
  'The figures of a breach were corrected: its minute went on, or late calls arrived. Severity is as it was.',
);
export const breachResolved = breachEvent(
  'breach_resolved',
  'Breach resolved',
  'A breach was settled: by a person, its figures as they were, or because it was over (`resolvedReason`), its figures those of the minutes up to there.',
);
export const breachReopened = breachEvent(
  'breach_reopened',
  'Breach reopened',
  'A person took a resolution back. That calls broke the rule again is told by `breach_opened`.',
);

export type Breach = z.input<typeof breach>;
export type BreachOpenedEvent = z.input<typeof breachOpened.schema>;
export type BreachEscalatedEvent = z.input<typeof breachEscalated.schema>;
export type BreachRevisedEvent = z.input<typeof breachRevised.schema>;
export type BreachResolvedEvent = z.input<typeof breachResolved.schema>;
export type BreachReopenedEvent = z.input<typeof breachReopened.schema>;
