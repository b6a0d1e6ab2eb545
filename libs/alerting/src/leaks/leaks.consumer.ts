import { restrictionObserved, TOPICS, type RestrictionObservedEvent } from '@taxameter/contracts';
import { CLOCK, OnEvents, type Clock, type EventBatch } from '@taxameter/platform';
import { Controller, Inject } from '@nestjs/common';
import { nextSequence } from '../alerts/alert-rows.service.js';
import { Telling } from '../news/telling.service.js';
import { judgeLeak } from './leak.js';
import { keepLeak, newestLeak } from './leaks.service.js';

/** What fair-use observed of blocks becomes alerts of leaks, in the transaction of the batch. */
@Controller()
export class LeaksConsumer {
  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(Telling) private readonly telling: Telling,
  ) {}

  @OnEvents('alerting', TOPICS.restrictionsObserved, [restrictionObserved])
  async observations({ tx, events }: EventBatch<RestrictionObservedEvent>): Promise<void> {
    // A block that lets nothing through, as nearly all do, leaves no trace here.
    for (const { event, time } of events.filter((received) => received.event.data.letThrough > 0)) {
      const sequence = await nextSequence(tx);
      const known = await newestLeak(tx, event.data.restrictionId);
      const judgement = judgeLeak(known, event.data, this.clock.now());
      if (judgement) await keepLeak(tx, this.telling, this.clock, judgement, sequence, time);
    }
  }
}
