import { Controller } from '@nestjs/common';
import { TOPICS, usageProfiled, type UsageProfiledEvent } from '@taxameter/contracts';
import { OnEvents, type EventBatch } from '@taxameter/platform';

/** Keeps the newest profile of each integration; an older one is not handed over. */
@Controller()
export class UsualUseConsumer {
  @OnEvents('partners', TOPICS.usageProfiles, [usageProfiled])
  async profiles({ tx, events }: EventBatch<UsageProfiledEvent>): Promise<void> {
    for (const { event } of events) {
      await tx.query(
        `insert into usual_use (integration_id, profile) values ($1, $2)
         on conflict (integration_id) do update set profile = excluded.profile`,
        [event.data.integrationId, JSON.stringify(event.data)],
      );
    }
  }
}
