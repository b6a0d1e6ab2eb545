import { z } from 'zod';
import { defineEvent } from '../cloud-event.js';
import { count, identifier, instant } from '../text.js';

/** Whether a block works, from the calls themselves. `letThrough` above 0 is an alarm: a gateway does not do what it was told. */
export const restrictionObserved = defineEvent({
  type: 'dk.dinero.fairuse.restriction_observed.v1',
  title: 'Restriction observed',
  description:
    'Calls that a block refused and calls that it should have refused, by event time. At most once a minute while calls come, and at ' +
    'once when the first is let through.',
  data: z.object({
    restrictionId: identifier(64),
    integrationId: identifier(100),
    version: z.int().min(1),
    since: instant.describe(
      'calls that began from this instant on must be refused: gateways have had their time',
    ),
    until: instant.nullable().describe('up to this instant, itself not included; null: until it is lifted'),
    refused: count.describe('answers marked `enforced: block`'),
    letThrough: count.describe('answers not marked so'),
    firstLetThroughAt: instant.nullable(),
    lastLetThroughAt: instant.nullable(),
    lastCallAt: instant.nullable().describe('the newest of both'),
  }),
});

export type RestrictionObservedEvent = z.input<typeof restrictionObserved.schema>;
export type RestrictionObserved = RestrictionObservedEvent['data'];
