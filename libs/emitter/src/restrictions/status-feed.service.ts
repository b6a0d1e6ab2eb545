import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IntegrationStatus } from '@taxameter/contracts';
import { NOTHING_KNOWN, applyAnswer, readFeedAnswer, snapshotOf } from './feed-state.js';
import type { FeedState } from './feed-state.js';

/**
 * Follows the status feed of Taxameter (`GET /v1/enforcement`) by long poll and keeps the last state, on disk as well: while the
 * feed is away, what was known goes on to hold, and ends at its `until` by itself.
 */

export interface FeedSettings {
  readonly url: string;
  /** Token with role `gateway`. */
  readonly token: string;
  /** Name by which Taxameter shows how far this gateway is. */
  readonly gateway: string;
}

export interface FeedView {
  /** Place in the feed; null before the first answer ever. */
  readonly revision: number | null;
  /** Where the state comes from: `nothing` lets every call pass. */
  readonly origin: 'feed' | 'disk' | 'nothing';
  /** When the feed was heard last, UTC; null: not since the start. */
  readonly heardAt: string | null;
  /** True when it was not heard for 90 seconds: what changed since is not known here. */
  readonly isStale: boolean;
  readonly trouble: string | null;
}

const WAIT_SECONDS = 30;
/** Three times the longest wait, as Taxameter itself judges. */
const STALE_AFTER_MS = 90_000;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 15_000;
/** A feed that answers at once although nothing is new must not be asked in a circle. */
const LEAST_ROUND_MS = 200;

export class StatusFeed {
  private state: FeedState = NOTHING_KNOWN;
  private origin: FeedView['origin'] = 'nothing';
  private heardMs: number | null = null;
  private trouble: string | null = null;
  private readonly stopped = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private heard!: () => void;
  private readonly firstAnswer = new Promise<void>((resolve) => (this.heard = resolve));

  private constructor(
    private readonly settings: FeedSettings,
    private readonly file: string,
  ) {}

  /** Starts to follow, and waits for the first answer at most `readyMs`; after it the state of the disk holds, if any. */
  static async start(settings: FeedSettings, folder: string, readyMs: number): Promise<StatusFeed> {
    const feed = new StatusFeed(settings, join(folder, 'status.json'));
    await feed.readDisk();
    feed.running = feed.follow();
    // Keeps the process alive, as an API that starts has nothing else that does.
    const answered = new AbortController();
    const patience = sleep(readyMs, undefined, { signal: answered.signal }).catch(() => undefined);
    await Promise.race([feed.firstAnswer, patience]);
    answered.abort();
    return feed;
  }

  /** What the feed says of an integration; undefined: nothing that is to be enforced. */
  statusOf(integrationId: string): IntegrationStatus | undefined {
    return this.state.integrations.get(integrationId);
  }

  view(nowMs: number): FeedView {
    const { heardMs } = this;
    return {
      revision: this.state.revision,
      origin: this.origin,
      heardAt: heardMs === null ? null : new Date(heardMs).toISOString(),
      isStale: heardMs === null || nowMs - heardMs > STALE_AFTER_MS,
      trouble: this.trouble,
    };
  }

  async end(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  private async follow(): Promise<void> {
    let waitMs = FIRST_WAIT_MS;
    let isLost = this.state.revision === null;
    while (!this.stopped.signal.aborted) {
      const startMs = performance.now();
      try {
        const isKnown = await this.ask(isLost ? null : this.state.revision);
        isLost = !isKnown;
        waitMs = FIRST_WAIT_MS;
        await this.rest(LEAST_ROUND_MS - (performance.now() - startMs));
      } catch (error) {
        if (this.stopped.signal.aborted) return;
        this.trouble = reasonOf(error);
        await this.rest(waitMs * (0.5 + Math.random() / 2));
        waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      }
    }
  }

  /** @returns false when the feed does not know our place in it any more: take the whole snapshot */
  private async ask(after: number | null): Promise<boolean> {
    const { url, token, gateway } = this.settings;
    const address = new URL('v1/enforcement', url.endsWith('/') ? url : `${url}/`);
    address.searchParams.set('gateway', gateway);
    if (after !== null) {
      address.searchParams.set('after', String(after));
      address.searchParams.set('waitSeconds', String(WAIT_SECONDS));
    }
    const timeout = AbortSignal.timeout((WAIT_SECONDS + 10) * 1000);
    const response = await fetch(address, {
      headers: { authorization: `Bearer ${token}` },
      // A redirect would carry the token to another address.
      redirect: 'manual',
      signal: AbortSignal.any([this.stopped.signal, timeout]),
    });
    const text = await response.text();
    if (response.status === 410) return false;
    if (response.status !== 200 && response.status !== 304) {
      throw new Error(`the status feed answers ${response.status}: ${text.slice(0, 200)}`);
    }
    if (response.status === 200) {
      this.state = applyAnswer(this.state, readFeedAnswer(JSON.parse(text)));
      this.origin = 'feed';
    }
    this.heardMs = Date.now();
    this.trouble = null;
    this.heard();
    if (response.status === 200) {
      await this.writeDisk().catch((error: unknown) => (this.trouble = reasonOf(error)));
    }
    return true;
  }

  private async readDisk(): Promise<void> {
    try {
      this.state = applyAnswer(NOTHING_KNOWN, readFeedAnswer(JSON.parse(await readFile(this.file, 'utf8'))));
      this.origin = 'disk';
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.trouble = `${this.file}: ${reasonOf(error)}`;
    }
  }

  /** Whole or not at all, also when the machine goes down meanwhile. */
  private async writeDisk(): Promise<void> {
    const draft = `${this.file}.${process.pid}`;
    const handle = await open(draft, 'w');
    try {
      await handle.writeFile(JSON.stringify(snapshotOf(this.state)));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, this.file);
  }

  private async rest(ms: number): Promise<void> {
    if (ms <= 0) return;
    await sleep(ms, undefined, { signal: this.stopped.signal, ref: false }).catch(() => undefined);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause as { code?: string; message?: string } | undefined;
  return cause?.code ?? cause?.message ?? error.message;
}
