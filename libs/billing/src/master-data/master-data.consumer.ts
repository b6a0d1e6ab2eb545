import { Controller } from '@nestjs/common';
import { TOPICS, agreementChanged, integrationChanged, partnerChanged } from '@taxameter/contracts';
import type {
  AgreementChangedEvent,
  IntegrationChangedEvent,
  PartnerChangedEvent,
} from '@taxameter/contracts';
import { OnEvents } from '@taxameter/platform';
import type { EventBatch } from '@taxameter/platform';

type MasterDataEvent = PartnerChangedEvent | IntegrationChangedEvent | AgreementChangedEvent;

/**
 * Keeps what billing needs of partners, integrations and agreements. Each fact is the whole state, so the
 * highest version alone counts, in whatever order facts of different kinds arrive.
 */
@Controller()
export class MasterDataConsumer {
  @OnEvents('billing', TOPICS.partners, [partnerChanged, integrationChanged, agreementChanged])
  async keep(batch: EventBatch<MasterDataEvent>): Promise<void> {
    const newest = new Map<string, MasterDataEvent>();
    for (const { event } of batch.events) newest.set(keyOf(event), event);
    const events = [...newest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, event]) => event);
    for (const [type, sql] of Object.entries(KEEP)) {
      const states = events.filter((event) => event.type === type).map(({ data }) => data);
      if (states.length > 0) await batch.tx.query(sql, [JSON.stringify(states)]);
    }
  }
}

function keyOf({ type, data }: MasterDataEvent): string {
  const agreement = 'organizationId' in data ? data.organizationId : '';
  const id = 'partnerId' in data ? data.partnerId : data.integrationId;
  return `${type}|${id}|${agreement}`;
}

const KEEP: Record<MasterDataEvent['type'], string> = {
  [partnerChanged.type]: `
    insert into billing_partner as known (partner_id, version, name, cvr, vat_number, address, email)
    select "partnerId", version, name, cvr, "vatNumber", nullif(address, 'null'), email
    from jsonb_to_recordset($1::jsonb) as state
      ("partnerId" text, version bigint, name text, cvr text, "vatNumber" text, address jsonb, email text)
    on conflict (partner_id) do update
      set version = excluded.version, name = excluded.name, cvr = excluded.cvr,
          vat_number = excluded.vat_number, address = excluded.address, email = excluded.email
      where excluded.version > known.version`,
  [integrationChanged.type]: `
    insert into billing_integration as known (integration_id, version, name, ownership, status)
    select "integrationId", version, name, ownership, status
    from jsonb_to_recordset($1::jsonb) as state
      ("integrationId" text, version bigint, name text, ownership jsonb, status jsonb)
    on conflict (integration_id) do update
      set version = excluded.version, name = excluded.name, ownership = excluded.ownership,
          status = excluded.status
      where excluded.version > known.version`,
  [agreementChanged.type]: `
    insert into billing_agreement as known (integration_id, organization_id, version, name)
    select "integrationId", "organizationId", version, name
    from jsonb_to_recordset($1::jsonb) as state
      ("integrationId" text, "organizationId" text, version bigint, name text)
    on conflict (integration_id, organization_id) do update
      set version = excluded.version, name = excluded.name
      where excluded.version > known.version`,
};
