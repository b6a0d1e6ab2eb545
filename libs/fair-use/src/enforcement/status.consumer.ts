import { Controller } from '@nestjs/common';
import { integrationStatusChanged, TOPICS, type IntegrationStatusChangedEvent } from '@taxameter/contracts';
import { OnEvents, type EventBatch } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { end, moveEnd, watchesOf, type Observation } from './watch.js';
import { lockWatchesOf, saveWatch, tell } from './watches.service.js';

/** Learns which blocks there are, from what gateways are told. Nothing flows back to them. */
@Controller()
export class StatusConsumer {
  @OnEvents('fair-use', TOPICS.integrationStatus, [integrationStatusChanged])
  async statuses({ tx, events }: EventBatch<IntegrationStatusChangedEvent>): Promise<void> {
    const integrationIds = [...new Set(events.map(({ event }) => event.data.integrationId))];
    await lockWatchesOf(tx, integrationIds);
    for (const { event, time } of events) {
      const { integrationId } = event.data;
      const known = await lockWatchesOf(tx, [integrationId]);
      const wanted = watchesOf(event.data, time);
      for (const watch of wanted) {
        const present = known.find(({ restrictionId }) => restrictionId === watch.restrictionId);
        if (!present) await keep(tx, { ...watch, ...NOTHING_SEEN }, time);
        else if (present.untilMs !== watch.untilMs) await keep(tx, moveEnd(present, watch.untilMs), time);
      }
      // What is not in the record any more was lifted when the record was made, or ended before.
      for (const gone of known.filter(
        ({ restrictionId }) => !wanted.some((watch) => watch.restrictionId === restrictionId),
      )) {
        const endMs = Math.min(gone.untilMs ?? Infinity, time.getTime());
        if (endMs !== gone.untilMs || gone.pending.length > 0) await keep(tx, end(gone, endMs), time);
      }
    }
  }
}

const NOTHING_SEEN = {
  version: 0,
  refused: 0,
  letThrough: 0,
  pending: [],
  firstLetThroughMs: null,
  lastLetThroughMs: null,
  lastCallMs: null,
  toldMinute: 0,
} as const;

async function keep(tx: EntityManager, watch: Observation, time: Date): Promise<void> {
  const next = { ...watch, version: watch.version + 1 };
  await saveWatch(tx, next);
  await tell(tx, next, time);
}
