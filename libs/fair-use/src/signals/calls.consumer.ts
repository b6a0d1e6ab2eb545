import { Controller, Inject } from '@nestjs/common';
import { apiCall, TOPICS, type ApiCallEvent } from '@taxameter/contracts';
import { OnEvents, type EventBatch } from '@taxameter/platform';
import { countLeaks } from '../enforcement/count-leaks.service.js';
import { hearSources } from '../data-gaps/hear-sources.service.js';
import { observationsOf } from '../observation/observe.js';
import { storeObservations } from '../observation/store-observations.service.js';
import { PolicyBook } from '../policy/policy-book.service.js';
import { harmOf } from './harm.js';
import { signalsOf } from './signals.js';
import { storeHarm } from './store-harm.service.js';
import { newestAppends, storeSignals } from './store-signals.service.js';

/**
 * Turns calls into signals and observations, and sees whether blocks work. What a batch adds and what is to be judged anew commit
 * together.
 */
@Controller()
export class CallsConsumer {
  constructor(@Inject(PolicyBook) private readonly book: PolicyBook) {}

  @OnEvents('fair-use', TOPICS.apiCalls, [apiCall])
  async calls(batch: EventBatch<ApiCallEvent>): Promise<void> {
    const calls = batch.events.map((received) => received.event);
    const { counting } = await this.book.read(batch.tx);
    await storeSignals(batch, signalsOf(calls, counting), newestAppends(batch));
    await storeHarm(batch.tx, harmOf(batch.events, batch.partition));
    await storeObservations(batch.tx, observationsOf(calls, counting));
    await countLeaks(batch);
    await hearSources(batch, counting.dataGap.silentMinutes);
  }
}
