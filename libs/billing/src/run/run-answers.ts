/**
 * What a billing run looks like from outside: the schemas of its answers.
 */
import { z } from 'zod';
import { fields } from '@taxameter/contracts';

const counts = z.object({ billed: fields.count, test: fields.count, held: fields.count });
const totals = z.object({ net: fields.amount, vat: fields.amount, gross: fields.amount });
const versions = z.record(z.string(), z.int());

export const runStatus = z.enum([
  'draft',
  'approved',
  'issuing',
  'completed',
  'completed_with_errors',
  'cancelled',
]);

const partner = z.object({
  partnerId: z.string(),
  name: z.string().nullable(),
  status: z.enum(['draft', 'approved', 'issued', 'parked', 'no_usage']),
  parked: z
    .object({ reason: z.string(), missing: z.array(z.string()), country: z.string().nullable() })
    .nullable(),
  warnings: z.array(z.string()),
  counts,
  lines: z.array(
    z.object({
      integrationId: z.string(),
      quantity: fields.count,
      unitPrice: z.string(),
      net: fields.amount,
    }),
  ),
  totals: totals.nullable(),
  failure: z.string().nullable().describe('why the last attempt to issue failed'),
  invoiceNumber: z.string().nullable(),
  documents: z.enum(['none', 'being_drawn', 'ready']),
});

const hold = z.object({
  partnerId: z.string().nullable(),
  integrationId: z.string(),
  agreementId: z.string(),
  reason: z.string(),
  recipientCountry: z.string(),
  from: z.string(),
  to: z.string(),
  quantity: fields.count,
});

export const runSummary = z.object({
  runId: z.string(),
  quarter: fields.quarterName,
  kind: z.literal('quarterly'),
  status: runStatus,
  createdAt: fields.instant,
  createdBy: z.string(),
  overrideReason: z.string().nullable(),
  approvedAt: fields.instant.nullable(),
  approvedBy: z.string().nullable(),
  completedAt: fields.instant.nullable(),
  totals: totals
    .extend(counts.shape)
    .describe('of what is drafted, approved or issued; counts of everything'),
  partnersByStatus: z.record(z.string(), fields.count),
});

export const runDetail = runSummary.extend({
  issueDate: z.string().nullable().describe('of the newest approval, local day in Copenhagen'),
  dueDate: z.string().nullable(),
  seen: z
    .object({ partners: versions, integrations: versions, agreements: versions, ledger: versions })
    .describe('versions of master data and counts of the ledger that the preview was made from'),
  partners: z.array(partner),
  holds: z.array(hold),
});

export type RunSummary = z.output<typeof runSummary>;
export type RunView = z.output<typeof runDetail>;
