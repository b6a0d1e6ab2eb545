import { z } from 'zod';
import { defineEvent } from '../cloud-event.js';
import { count, identifier, quarterName } from '../text.js';

/**
 * What metering counted on one partition of the SMS topic below an offset. Billing stores partition and offset with each
 * ledger row, so it can compare at exactly that offset; the sum of the message hashes tells sets of the same size apart.
 */
export const smsTotalsChanged = defineEvent({
  type: 'dk.dinero.metering.sms_totals_changed.v1',
  title: 'SMS totals changed',
  description:
    'Distinct valid SMS of one integration and quarter below an offset of one partition, with a sum of hashes.',
  data: z.object({
    partition: count,
    asOfOffset: count,
    version: z.int().min(1).describe('grows with every batch and every replay'),
    integrationId: identifier(100),
    quarter: quarterName,
    count,
    testCount: count.default(0).describe('of these in test mode; totals from before this was told have none'),
    sumHash: z
      .string()
      .regex(/^\d{1,39}$/)
      .describe('sum of the 64-bit message hashes, modulo 2^64, as decimal'),
  }),
});

export type SmsTotalsChangedEvent = z.input<typeof smsTotalsChanged.schema>;
export type SmsTotals = z.output<typeof smsTotalsChanged.schema>['data'];

/**
 * How many calls of an integration were counted into a quarter so far. Published at most once a minute while they grow, with the
 * offsets of the calls' topic below which everything is in it.
 */
export const callTotalsChanged = defineEvent({
  type: 'dk.dinero.metering.call_totals_changed.v1',
  title: 'Call totals changed',
  description:
    'API calls of one integration and quarter, all agreements together, with the offsets up to which they were read.',
  data: z.object({
    integrationId: identifier(100),
    quarter: quarterName,
    version: z
      .int()
      .min(1)
      .describe('is `calls`: a total only grows, and is the same after everything was read again'),
    calls: count,
    calls4xx: count.describe('429 among them'),
    calls5xx: count,
    calls429: count,
    callsList: count.describe(
      'by kind, as `operation` says it; calls that were counted before there were kinds are in none',
    ),
    callsItem: count,
    callsWrite: count,
    callsAction: count,
    callsFile: count,
    callsAuth: count,
    callsOther: count,
    asOf: z
      .array(z.object({ partition: count, nextOffset: count }))
      .describe(
        'everything below these offsets of `usage.api-calls.v1` is in the total, nothing from them on',
      ),
  }),
});

export type CallTotalsChangedEvent = z.input<typeof callTotalsChanged.schema>;
export type CallTotals = CallTotalsChangedEvent['data'];
