import { Controller, Module } from '@nestjs/common';
import {
  TOPICS,
  apiCall,
  type ApiCallEvent,
  type PartnerChangedEvent,
  type SmsSentEvent,
} from '@taxameter/contracts';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import type { Room } from '../../room.js';
import type { EventBatch } from '../event-batch.js';
import { OnEvents } from '../on-events.decorator.js';

/**
 * A room without a domain: it writes down what it was handed, so that the contract suite can see effects. `note` of an event
 * makes the database refuse it, or breaks an invariant, on demand.
 */
class Probe1760000100000 implements MigrationInterface {
  name = 'Probe1760000100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table effect (
        topic text not null, partition integer not null, "offset" bigint not null, index integer not null,
        what text not null check (what not like 'poison%')
      )`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

/** Set by a spec: what the next batches run into. */
export const probe = {
  breakNext: 0,
  failNext: 0,
  batches: 0,
  /** Takes back the rule by which an SMS to `unwanted` is refused. */
  wantsAll: false,
  /** Called when a batch is written and not committed yet. */
  midBatch: (): Promise<void> | void => undefined,
};

@Controller()
class ProbeConsumer {
  @OnEvents('probe', TOPICS.apiCalls, [apiCall])
  async calls(batch: EventBatch<ApiCallEvent>): Promise<void> {
    await write(batch, (event) => event.data.route);
  }

  @OnEvents('probe', TOPICS.smsSent)
  async sms(batch: EventBatch<SmsSentEvent>): Promise<void> {
    for (const received of batch.events) {
      if (received.event.data.recipientMasked === 'unwanted' && !probe.wantsAll)
        batch.quarantine(received, 'unwanted', 'said the probe');
    }
    await write(batch, (event) => event.data.messageId);
  }

  @OnEvents('probe', TOPICS.partners)
  async facts(batch: EventBatch<PartnerChangedEvent>): Promise<void> {
    await write(batch, (event) => `${event.data.partnerId} ${event.data.version}`);
  }
}

async function write<Event extends ApiCallEvent | SmsSentEvent | PartnerChangedEvent>(
  batch: EventBatch<Event>,
  name: (event: Event) => string,
): Promise<void> {
  probe.batches += 1;
  for (const { position, event } of batch.events) {
    await batch.tx.query(
      'insert into effect (topic, partition, "offset", index, what) values ($1, $2, $3, $4, $5)',
      [position.topic, position.partition, position.offset, position.index, name(event)],
    );
  }
  await probe.midBatch();
  if (probe.failNext > 0) {
    probe.failNext -= 1;
    throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
  }
  if (probe.breakNext > 0) {
    probe.breakNext -= 1;
    throw new Error('the probe is broken');
  }
}

@Module({ controllers: [ProbeConsumer] })
class ProbeModule {}

export const probeRoom: Room = {
  name: 'probe',
  module: ProbeModule,
  schema: { migrations: [Probe1760000100000] },
};
