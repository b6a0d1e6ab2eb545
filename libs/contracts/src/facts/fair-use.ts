import { z } from 'zod';
import { defineEvent } from '../cloud-event.js';
import { count, identifier, instant, text } from '../text.js';

export const SEVERITIES = ['info', 'warning', 'error', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

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
  guidance: z.object({ da: text(2000), en: text(2000) }),
  evidence: z.array(z.object({ windowStart: instant, windowEnd: instant, value: count })).max(100),
});

const breachEvent = <const Name extends string>(name: Name, title: string, description: string) =>
  defineEvent({ type: `dk.dinero.fairuse.${name}.v1`, title, description, data: breach });

export const breachOpened = breachEvent(
  'breach_opened',
  'Breach opened',
  'A fair-use rule was broken: a case was opened.',
);
export const breachEscalated = breachEvent(
  'breach_escalated',
  'Breach escalated',
  'An open breach became more severe.',
);

export const breachRevised = breachEvent(
  'breach_revised',
  'Breach revised',
  'The figures of an open breach were corrected: its minute went on, or late calls arrived. Severity is as it was.',
);

export type Breach = z.input<typeof breach>;
export type BreachOpenedEvent = z.input<typeof breachOpened.schema>;
export type BreachEscalatedEvent = z.input<typeof breachEscalated.schema>;
export type BreachRevisedEvent = z.input<typeof breachRevised.schema>;
