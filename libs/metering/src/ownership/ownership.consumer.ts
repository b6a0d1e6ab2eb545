import { Controller } from '@nestjs/common';
import {
  integrationChanged,
  TOPICS,
  type Integration,
  type IntegrationChangedEvent,
} from '@taxameter/contracts';
import { OnEvents, type EventBatch } from '@taxameter/platform';
import { ROOM } from '../room.js';
import { ownerPeriods } from './owner-periods.js';

/** Keeps who owns an integration, from the facts of partners; the fact carries the whole state, so it replaces the rows. */
@Controller()
export class OwnershipConsumer {
  @OnEvents(ROOM, TOPICS.partners, [integrationChanged])
  async integrations(batch: EventBatch<IntegrationChangedEvent>): Promise<void> {
    const newest = new Map<string, Integration>();
    for (const { event } of batch.events) newest.set(event.data.integrationId, event.data);
    const rows = [...newest.values()].flatMap(({ integrationId, ownership }) =>
      ownerPeriods(ownership).map((period) => ({ integrationId, ...period })),
    );
    await batch.tx.query('delete from integration_owner where integration_id = any($1)', [
      [...newest.keys()],
    ]);
    await batch.tx.query(
      `insert into integration_owner (integration_id, valid_from, valid_to, partner_id)
       select * from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::text[])`,
      [
        rows.map((row) => row.integrationId),
        rows.map((row) => row.validFrom),
        rows.map((row) => row.validTo),
        rows.map((row) => row.partnerId),
      ],
    );
  }
}
