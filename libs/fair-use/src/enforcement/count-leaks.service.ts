import type { ApiCallEvent } from '@taxameter/contracts';
import type { EventBatch } from '@taxameter/platform';
import { lockWatches, saveWatch, tell, watchesAfter } from './watches.service.js';
import { observe, tally } from './watch.js';

/** Adds what a batch of calls says of blocks, in its transaction: one small question where nothing is blocked. */
export async function countLeaks({
  tx,
  events,
}: Pick<EventBatch<ApiCallEvent>, 'tx' | 'events'>): Promise<void> {
  const oldestMs = events.reduce((oldest, { time }) => Math.min(oldest, time.getTime()), Infinity);
  const integrationIds = [...new Set(events.map(({ event }) => event.data.integrationId))];
  const concerned = (await watchesAfter(tx, integrationIds, oldestMs)).filter((watch) =>
    tally(watch, events),
  );
  if (concerned.length === 0) return;
  const newestMs = events.reduce((newest, { appendedAt }) => Math.max(newest, appendedAt.getTime()), 0);
  const restrictionIds = concerned.map(({ restrictionId }) => restrictionId);
  for (const current of await lockWatches(tx, restrictionIds)) {
    // Tallied again: a block may have been lifted while this waited for the lock.
    const added = tally(current, events);
    if (!added) continue;
    const next = observe(current, added, newestMs);
    await saveWatch(tx, next);
    if (next.version > current.version) await tell(tx, next, new Date(newestMs));
  }
}
