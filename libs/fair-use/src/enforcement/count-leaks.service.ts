import type { ApiCallEvent } from '@taxameter/contracts';
import type { EventBatch } from '@taxameter/platform';
import { lockWatches, saveWatch, tell, watchesAfter } from './watches.service.js';
import { observe, tally, type Tally } from './watch.js';

/** Adds what a batch of calls says of blocks, in its transaction: one small question where nothing is blocked. */
export async function countLeaks({ tx, events }: EventBatch<ApiCallEvent>): Promise<void> {
  const oldestMs = events.reduce((oldest, { time }) => Math.min(oldest, time.getTime()), Infinity);
  const integrationIds = [...new Set(events.map(({ event }) => event.data.integrationId))];
  const tallies = new Map<string, Tally>();
  for (const watch of await watchesAfter(tx, integrationIds, oldestMs)) {
    const added = tally(watch, events);
    if (added) tallies.set(watch.restrictionId, added);
  }
  if (tallies.size === 0) return;
  const newestMs = events.reduce((newest, { appendedAt }) => Math.max(newest, appendedAt.getTime()), 0);
  for (const current of await lockWatches(tx, [...tallies.keys()])) {
    const next = observe(current, tallies.get(current.restrictionId)!, newestMs);
    await saveWatch(tx, next);
    if (next.version > current.version) await tell(tx, next, new Date(newestMs));
  }
}
