import { Controller, Inject } from '@nestjs/common';
import { apiCall, smsSent, TOPICS, type ApiCallEvent, type SmsSentEvent } from '@taxameter/contracts';
import { OnEvents, type EventBatch } from '@taxameter/platform';
import { ROOM } from '../room.js';
import { addToSmsTotals } from '../sms-totals/sms-totals.service.js';
import { Admission } from './admission.service.js';
import { Counters } from './counters.service.js';
import { sumUsage } from './usage-sums.js';

/** Counts each call and each SMS once. */
@Controller()
export class UsageConsumer {
  constructor(
    @Inject(Counters) private readonly counters: Counters,
    @Inject(Admission) private readonly admission: Admission,
  ) {}

  @OnEvents(ROOM, TOPICS.apiCalls, [apiCall])
  async calls(batch: EventBatch<ApiCallEvent>): Promise<void> {
    await this.counters.add(batch.tx, await this.admission.admit(batch));
  }

  /** Without a limit: each SMS costs money, and a total that lacks one would hold billing up. */
  @OnEvents(ROOM, TOPICS.smsSent, [smsSent])
  async sms(batch: EventBatch<SmsSentEvent>): Promise<void> {
    await this.counters.add(batch.tx, sumUsage(batch.events));
    await addToSmsTotals(batch);
  }
}
