import { Controller } from '@nestjs/common';
import { integrationChanged, TOPICS, type IntegrationChangedEvent } from '@taxameter/contracts';
import { OnEvents, type EventBatch } from '@taxameter/platform';

/**
 * Keeps who owned an integration when, so that a partner is shown the cases of its own time and no others; and since when it has been
 * active.
 */
@Controller()
export class OwnershipConsumer {
  @OnEvents('fair-use', TOPICS.partners, [integrationChanged])
  async integrations({ events, tx }: EventBatch<IntegrationChangedEvent>): Promise<void> {
    for (const { event } of events) {
      const { integrationId, ownership, status } = event.data;
      // Two owners from the same instant: the one named last holds, as the list is newest last.
      const owners = new Map(ownership.map(({ from, partnerId }) => [Date.parse(from), partnerId]));
      const starts = [...owners.keys()].sort((left, right) => left - right);
      await tx.query('delete from integration_owner where integration_id = $1', [integrationId]);
      for (const [index, start] of starts.entries()) {
        const next = starts[index + 1];
        await tx.query(
          `insert into integration_owner (integration_id, valid_from, valid_to, partner_id)
           values ($1, $2, $3, $4)`,
          [integrationId, new Date(start), next === undefined ? null : new Date(next), owners.get(start)],
        );
      }
      const active = status.filter((each) => each.status === 'active').map(({ from }) => Date.parse(from));
      await tx.query('delete from integration_begun where integration_id = $1', [integrationId]);
      if (active.length > 0) {
        await tx.query('insert into integration_begun (integration_id, first_active_at) values ($1, $2)', [
          integrationId,
          new Date(Math.min(...active)),
        ]);
      }
    }
  }
}
