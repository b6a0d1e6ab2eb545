import { smsSent } from '@taxameter/contracts';
import { appendFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SendingFailed, offerBatch } from '../send/post-batch.service.js';
import type { Door, DoorAnswer } from '../send/post-batch.service.js';
import { bodyOf, halvesOf, linesOf, wholeLines } from './batch-body.js';
import type { Segment, Segments } from './segments.service.js';

/**
 * Brings what waits on disk to the door, oldest first, one batch at a time, for as long as it takes. A segment is deleted when
 * the door has answered for all of it; one that is sent again has the same ids, so it counts once.
 */

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const TIMEOUT_MS = 30_000;
/** What the door refuses is kept, to be looked at; calls above it are only counted. */
const MAX_REFUSED_BYTES = 16 * 1024 * 1024;
const TAKE_OVER_MS = 60_000;
/** Problems of the batch itself: half of it may pass. */
const OF_THE_BATCH: ReadonlySet<string | null> = new Set([
  'not-json',
  'not-a-batch',
  'invalid-event',
  'invalid-input',
  'body-too-large',
  'too-many-events',
]);
/** HTTP: the body is too large. A proxy says it as well. */
const TOO_LARGE = 413;

export class Delivery {
  /** Events that the door has accepted. */
  accepted = 0;
  /** Events that the door refused for good: they are in `refused.jsonl`. */
  refused = 0;
  lastRefusal: string | null = null;
  /** Why the door does not take events now; null while it does. */
  trouble: string | null = null;
  private readonly stopped = new AbortController();
  /** Ends the request on its way. */
  private readonly cut = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private tookOverMs = performance.now();

  constructor(
    private readonly segments: Segments,
    private readonly door: Door,
    private readonly settings: { readonly folder: string; readonly sendMs: number },
  ) {}

  start(): void {
    this.running = this.run();
  }

  /** Stops its rounds and sends what waits, for as long as `withinMs`; what is left then stays on disk. */
  async end(withinMs: number): Promise<void> {
    const cut = setTimeout(() => this.cut.abort(), withinMs);
    this.stopped.abort();
    await this.running;
    while (!this.cut.signal.aborted) {
      const segment = await this.segments.oldest().catch(() => null);
      if (!segment || (await this.send(segment).catch(() => 0)) !== null) break;
    }
    clearTimeout(cut);
  }

  private async run(): Promise<void> {
    let waitMs = FIRST_WAIT_MS;
    while (!this.stopped.signal.aborted) {
      const retryAfterMs = await this.sendAll();
      if (retryAfterMs === null) {
        waitMs = FIRST_WAIT_MS;
        await this.rest(this.settings.sendMs);
      } else {
        // Half of the wait is random, so that the processes of an API do not come back at the same moment.
        await this.rest(
          Math.min(Math.max(waitMs * (0.5 + Math.random() / 2), retryAfterMs), LONGEST_WAIT_MS),
        );
        waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      }
    }
  }

  /** @returns null when nothing waits any more, else how long the door wants to be left alone */
  private async sendAll(): Promise<number | null> {
    try {
      if (performance.now() - this.tookOverMs > TAKE_OVER_MS) {
        this.tookOverMs = performance.now();
        await this.segments.takeOver();
      }
      while (!this.stopped.signal.aborted) {
        const segment = await this.segments.oldest();
        if (!segment) return null;
        const retryAfterMs = await this.send(segment);
        if (retryAfterMs !== null) return retryAfterMs;
      }
      return null;
    } catch (error) {
      this.trouble = (error as Error).message;
      return 0;
    }
  }

  private async send(segment: Segment): Promise<number | null> {
    const retryAfterMs = await this.offer(segment.content, segment.body);
    if (retryAfterMs === null) {
      this.trouble = null;
      await this.segments.remove(segment);
    }
    return retryAfterMs;
  }

  private async offer(content: Uint8Array, body: Uint8Array<ArrayBuffer>): Promise<number | null> {
    try {
      const answer = await offerBatch(this.door, body, TIMEOUT_MS, this.cut.signal);
      if ('trouble' in answer) {
        this.trouble = answer.trouble;
        return answer.retryAfterMs;
      }
      await this.settle(content, answer);
      return null;
    } catch (error) {
      if (!(error instanceof SendingFailed)) throw error;
      if (OF_THE_BATCH.has(error.code)) return this.offerHalves(content, error.message);
      if (error.status === TOO_LARGE && wholeLines(content).lines > 1) {
        return this.offerHalves(content, error.message);
      }
      // Of a wrong address, a proxy or a firewall, which says nothing of the events: else it would empty the whole backlog.
      this.trouble = error.message;
      return LONGEST_WAIT_MS;
    }
  }

  /** One broken line must not hold up the others: a file may have been damaged by a power cut. */
  private async offerHalves(content: Uint8Array, reason: string): Promise<number | null> {
    if (wholeLines(content).lines === 1) {
      await this.setAside([{ line: linesOf(content)[0]!, reason }]);
      return null;
    }
    for (const half of halvesOf(content)) {
      const retryAfterMs = await this.offer(half, bodyOf(half));
      if (retryAfterMs !== null) return retryAfterMs;
    }
    return null;
  }

  private async settle(content: Uint8Array, { accepted, rejected }: DoorAnswer): Promise<void> {
    if (rejected.length > 0) {
      const lines = linesOf(content);
      await this.setAside(
        rejected.map(({ index, field, reason }) => ({
          line: lines[index] ?? '',
          reason: `${field}: ${reason}`,
        })),
      );
    }
    this.accepted += accepted;
  }

  /** @throws Error when an SMS is refused and there is no room to keep it: its segment then stays, to be sent again */
  private async setAside(
    refused: readonly { readonly line: string; readonly reason: string }[],
  ): Promise<void> {
    const path = join(this.settings.folder, 'refused.jsonl');
    const size = await stat(path).then(
      ({ size }) => size,
      () => 0,
    );
    if (size < MAX_REFUSED_BYTES) {
      await appendFile(path, refused.map((one) => `${JSON.stringify(one)}\n`).join(''), { flush: true });
    } else if (refused.some(({ line }) => line.includes(smsSent.type))) {
      throw new Error(`${path} is full and an SMS was refused: nothing is sent until you have moved it away`);
    }
    this.refused += refused.length;
    this.lastRefusal = refused.at(-1)?.reason ?? null;
  }

  private async rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stopped.signal, ref: false }).catch(() => undefined);
  }
}
