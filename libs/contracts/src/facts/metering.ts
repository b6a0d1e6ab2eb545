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
    sumHash: z
      .string()
      .regex(/^\d{1,39}$/)
      .describe('sum of the 64-bit message hashes, modulo 2^64, as decimal'),
  }),
});

export type SmsTotalsChangedEvent = z.input<typeof smsTotalsChanged.schema>;
export type SmsTotals = SmsTotalsChangedEvent['data'];
