import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  removeFolders,
  restriction,
  startFeed,
  statusOf,
  temporaryFolder,
  until,
} from '../emitter.testing.js';
import type { TestFeed } from '../emitter.testing.js';
import { NOTHING_KNOWN, applyAnswer } from './feed-state.js';
import { StatusFeed } from './status-feed.service.js';

let feed: TestFeed;
let folder: string;
const followers: StatusFeed[] = [];

beforeEach(async () => {
  feed = await startFeed();
  folder = temporaryFolder();
});

afterEach(async () => {
  await Promise.all(followers.splice(0).map((follower) => follower.end()));
  await feed.stop();
  removeFolders();
});

async function follow(url = feed.url, readyMs = 2_000): Promise<StatusFeed> {
  const follower = await StatusFeed.start({ url, token: 't', gateway: 'eu-1' }, folder, readyMs);
  followers.push(follower);
  return follower;
}

const idsOf = (follower: StatusFeed) =>
  follower.statusOf('isv_a')?.restrictions.map(({ restrictionId }) => restrictionId);

describe('the state', () => {
  it('is replaced by a snapshot, and changed by a change that is not older than what is known', () => {
    const apply = (isFull: boolean, version: number, restrictions = [restriction()]) => ({
      revision: version,
      isFull,
      integrations: [statusOf(restrictions, { version })],
    });
    const first = applyAnswer(NOTHING_KNOWN, apply(true, 5));
    expect(applyAnswer(first, apply(false, 4, [])).integrations.get('isv_a')?.version).toBe(5);
    expect(applyAnswer(first, apply(false, 6)).integrations.get('isv_a')?.version).toBe(6);
    expect(applyAnswer(first, apply(false, 6, [])).integrations.size).toBe(0);
    expect(applyAnswer(first, { revision: 9, isFull: true, integrations: [] }).integrations.size).toBe(0);
  });
});

describe('who follows the feed', () => {
  it('knows everything when it has started, and each change within a second of it', async () => {
    feed.publish(statusOf([restriction()]));
    const follower = await follow();
    expect(idsOf(follower)).toEqual(['rst_1']);
    await until(() => feed.asked.length > 1);
    const startMs = performance.now();
    feed.publish(statusOf([], { version: 2 }));
    await until(() => follower.statusOf('isv_a') === undefined);
    expect(performance.now() - startMs).toBeLessThan(1_000);
    expect(feed.asked[1]!.toString()).toBe('gateway=eu-1&after=2&waitSeconds=30');
    expect(follower.view(Date.now())).toMatchObject({
      revision: 3,
      origin: 'feed',
      isStale: false,
      trouble: null,
    });
  });

  it('keeps what it knew while the feed is away, shows that it is stale, and starts again with it', async () => {
    feed.publish(statusOf([restriction()]));
    const follower = await follow();
    await feed.stop();
    await until(() => follower.view(Date.now()).trouble !== null);
    expect(idsOf(follower)).toEqual(['rst_1']);
    expect(follower.view(Date.now() + 90_001)).toMatchObject({ isStale: true, origin: 'feed' });
    const again = await follow(feed.url, 50);
    expect(idsOf(again)).toEqual(['rst_1']);
    expect(again.view(Date.now())).toMatchObject({
      origin: 'disk',
      isStale: true,
      heardAt: null,
      revision: 2,
    });
  });

  it('takes the whole snapshot when the feed does not know its place any more', async () => {
    writeFileSync(
      join(folder, 'status.json'),
      JSON.stringify({ revision: 900, isFull: true, integrations: [statusOf([restriction()])] }),
    );
    const follower = await follow();
    await until(() => follower.view(Date.now()).revision === 1);
    expect(idsOf(follower)).toBeUndefined();
    expect(feed.asked.map((asked) => asked.get('after')).slice(0, 2)).toEqual(['900', null]);
  });

  it('lets everything pass, and says so, when it has never heard of the feed and the disk is broken', async () => {
    writeFileSync(join(folder, 'status.json'), '{"revision":');
    feed.failures = Array<number>(50).fill(503);
    const follower = await follow(feed.url, 50);
    expect(follower.view(Date.now())).toMatchObject({ origin: 'nothing', revision: null, isStale: true });
    expect(follower.view(Date.now()).trouble).toContain('503');
  });

  it('keeps its state when an answer is none of the feed’s', async () => {
    feed.publish(statusOf([restriction()]));
    const follower = await follow();
    await until(() => feed.asked.length > 1);
    feed.publish({ ...statusOf([]), version: 0 });
    await until(() => follower.view(Date.now()).trouble !== null);
    expect(idsOf(follower)).toEqual(['rst_1']);
    expect(readFileSync(join(folder, 'status.json'), 'utf8')).toContain('rst_1');
  });
});
