import { Controller } from '@nestjs/common';
import { TOPICS, restrictionObserved, type RestrictionObservedEvent } from '@taxameter/contracts';
import { OnEvents, type EventBatch } from '@taxameter/platform';

/** Keeps the newest observation of each block; an older one is not handed over. */
@Controller()
export class EffectConsumer {
  @OnEvents('partners', TOPICS.restrictionsObserved, [restrictionObserved])
  async observations({ tx, events }: EventBatch<RestrictionObservedEvent>): Promise<void> {
    for (const { event } of events) {
      await tx.query(
        `insert into restriction_effect (restriction_id, let_through, told_at, observed) values ($1, $2, $3, $4)
         on conflict (restriction_id) do update set
           let_through = excluded.let_through, told_at = excluded.told_at, observed = excluded.observed`,
        [event.data.restrictionId, event.data.letThrough, event.time, JSON.stringify(event.data)],
      );
    }
  }
}
