import { TOPICS } from '@taxameter/contracts';
import type { Quarter } from '@taxameter/contracts';
import { ASCENDING_POSITION } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import type { BillingSettings } from '../seller/billing-settings.service.js';
import { basisOf } from './basis.js';
import type { Basis } from './basis.js';
import { constantPeriods } from './periods.js';
import { previewQuarter } from './preview.js';
import type { KnownAgreement, KnownIntegration, KnownPartner, Preview, SmsCount } from './preview.js';

/** Reads ledger and master data as they are now and previews the quarter; writes nothing. */
export async function previewNow(
  tx: EntityManager,
  quarter: Quarter,
  settings: BillingSettings,
): Promise<Preview & { readonly basis: Basis }> {
  // Offsets first: the ledger rows below a position are committed with it, so what is counted below cannot
  // move.
  const nextOffsets = await readOffsets(tx);
  const integrationIds = await readSenders(tx, quarter, nextOffsets);
  const integrations = await tx.query<KnownIntegration[]>(INTEGRATIONS, [integrationIds]);
  const agreements = await tx.query<KnownAgreement[]>(AGREEMENTS, [integrationIds, quarter.toString()]);
  const partners = await tx.query<KnownPartner[]>(PARTNERS);
  const counts = await countSms(tx, quarter, settings, integrationIds, integrations, nextOffsets);
  const { seller, prices, allowedCountries } = settings;
  const preview = previewQuarter({
    quarter,
    seller,
    prices,
    allowedCountries,
    partners,
    integrations,
    agreements,
    counts,
  });
  return { ...preview, basis: basisOf(counts, partners, integrations, agreements, nextOffsets) };
}

async function readOffsets(tx: EntityManager): Promise<Record<string, number>> {
  const rows = await tx.query<{ partition: number; next_offset: number }[]>(
    `select partition, ${ASCENDING_POSITION} as next_offset from consumer_position where topic = $1 order by partition`,
    [TOPICS.smsSent.name],
  );
  return Object.fromEntries(rows.map(({ partition, next_offset: next }) => [partition, next]));
}

async function readSenders(
  tx: EntityManager,
  quarter: Quarter,
  nextOffsets: Readonly<Record<string, number>>,
): Promise<string[]> {
  const rows = await tx.query<{ id: string }[]>(SENDERS, [quarter.toString(), JSON.stringify(nextOffsets)]);
  return rows.map(({ id }) => id);
}

async function countSms(
  tx: EntityManager,
  quarter: Quarter,
  { prices }: BillingSettings,
  integrationIds: readonly string[],
  integrations: readonly KnownIntegration[],
  nextOffsets: Readonly<Record<string, number>>,
): Promise<SmsCount[]> {
  const known = new Map(integrations.map((integration) => [integration.integrationId, integration]));
  const periods = integrationIds.flatMap((integrationId) => {
    const history = known.get(integrationId) ?? { ownership: [], status: [] };
    return constantPeriods(quarter, history, prices).map((period) => ({ integrationId, ...period }));
  });
  const rows = await tx.query<(Omit<SmsCount, 'from' | 'to'> & { from: Date; to: Date })[]>(COUNTS, [
    quarter.toString(),
    JSON.stringify(nextOffsets),
    JSON.stringify(periods),
  ]);
  return rows.map((row) => ({ ...row, from: row.from.toISOString(), to: row.to.toISOString() }));
}

/**
 * SQL that is true for a ledger row `l` below the offsets in parameter `$2`, `{"0": 17}`; the issuing reads
 * by it too.
 */
export const BELOW_OFFSETS = `l."offset" < coalesce(($2::jsonb ->> l.partition::text)::bigint, 0)`;

const SENDERS = `
  select distinct l.integration_id as id from sms_ledger l
  where l.quarter = $1 and ${BELOW_OFFSETS}
  order by 1`;

const INTEGRATIONS = `
  select integration_id as "integrationId", version, name, ownership, status
  from billing_integration where integration_id = any($1) order by integration_id`;

const AGREEMENTS = `
  select integration_id as "integrationId", organization_id as "organizationId", version, name
  from billing_agreement a
  where integration_id = any($1)
    and exists (select from sms_ledger l
                where l.quarter = $2 and l.integration_id = a.integration_id
                  and l.organization_id = a.organization_id)
  order by integration_id, organization_id`;

const PARTNERS = `
  select partner_id as "partnerId", version, name, address, cvr, vat_number as "vatNumber", email
  from billing_partner order by partner_id`;

// An SMS that is on an invoice is never counted again, also when the history of its integration is rewritten.
const COUNTS = `
  select l.integration_id as "integrationId", l.organization_id as "agreementId",
         l.recipient_country as "recipientCountry", l.test_mode as "testMode",
         period."from", period."to", count(*) as quantity
  from sms_ledger l
  join jsonb_to_recordset($3::jsonb) as period ("integrationId" text, "from" timestamptz, "to" timestamptz)
    on period."integrationId" = l.integration_id and l.sent_at >= period."from" and l.sent_at < period."to"
  where l.quarter = $1 and ${BELOW_OFFSETS}
    and not exists (select from billed_sms where message_id = l.message_id)
  group by 1, 2, 3, 4, 5, 6
  order by 1, 2, 3, 4, 5`;
