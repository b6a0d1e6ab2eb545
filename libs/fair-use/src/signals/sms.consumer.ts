import { Controller, Inject } from '@nestjs/common';
import { smsSent, TOPICS, type SmsSentEvent } from '@taxameter/contracts';
import { OnEvents, type EventBatch } from '@taxameter/platform';
import { hearSources } from '../data-gaps/hear-sources.service.js';
import { PolicyBook } from '../policy/policy-book.service.js';
import { smsSignalsOf } from './sms-signals.js';
import { newestAppends, storeSignals } from './store-signals.service.js';

/** Turns SMS into signals. What a batch adds and what is to be judged anew commit together. */
@Controller()
export class SmsConsumer {
  constructor(@Inject(PolicyBook) private readonly book: PolicyBook) {}

  @OnEvents('fair-use', TOPICS.smsSent, [smsSent])
  async sms(batch: EventBatch<SmsSentEvent>): Promise<void> {
    const sms = batch.events.map((received) => received.event);
    const { counting } = await this.book.read(batch.tx);
    await storeSignals(batch, smsSignalsOf(sms, counting), newestAppends(batch));
    await hearSources(batch, counting.dataGap.silentMinutes);
  }
}
