import { LINE_END } from './batch-body.js';
import type { Segments } from './segments.service.js';

/**
 * The way of an event to disk. Calls wait in memory, bounded, and are written together a few times a second; an SMS is written
 * and flushed to the disk before its caller goes on, those that come meanwhile with the next flush.
 */

/** An event that could not be written down: it will not be sent. */
export class NotStored extends Error {
  override readonly name = 'NotStored';
}

export interface OutboxLimits {
  /** How long a call waits in memory. */
  readonly flushMs: number;
  /** Calls beyond it are dropped. */
  readonly memoryBytes: number;
  /** Calls beyond it are dropped; SMS have `SMS_RESERVE_BYTES` more. */
  readonly diskBytes: number;
}

const SMS_RESERVE_BYTES = 16 * 1024 * 1024;
/** So much is written at once: a part of a segment, so that segments are filled. */
const WRITE_BYTES = 256 * 1024;
/** A character of UTF-16 is at most three bytes of UTF-8. */
const MOST_BYTES = 3;

/** Lines as bytes: kept as text they would live through collections of garbage, which cost more than to write them down. */
interface Chunk {
  readonly buffer: Buffer;
  bytes: number;
  events: number;
}

interface Durable {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Outbox {
  private chunk: Chunk = { buffer: newBuffer(), bytes: 0, events: 0 };
  /** What has been written down, to be filled anew: memory outside the heap, asked for at each flush, makes garbage collections. */
  private spare: Buffer | undefined;
  private readonly full: Chunk[] = [];
  private durable: Durable[] = [];
  private writing: Promise<void> | undefined;
  private writingDurable: Promise<void> | undefined;
  private readonly timer: NodeJS.Timeout;
  dropped = 0;
  /** Asked before what waits is written down: who holds lines back adds them now. */
  beforeFlush: (() => void) | undefined;
  /** Why the last write failed; null when it did not. */
  trouble: string | null = null;

  constructor(
    readonly segments: Segments,
    private readonly limits: OutboxLimits,
  ) {
    this.timer = setInterval(() => void this.flush(), limits.flushMs);
    this.timer.unref();
  }

  get inMemory(): { readonly events: number; readonly bytes: number } {
    const all = [...this.full, this.chunk];
    return {
      events: all.reduce((sum, { events }) => sum + events, 0),
      bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  /** Takes a call, or drops it where memory or disk are full. Never waits, never throws. @returns false: dropped */
  add(line: string): boolean {
    const mostBytes = line.length * MOST_BYTES + LINE_END.length;
    if (this.chunk.bytes + mostBytes > WRITE_BYTES) {
      if (mostBytes > WRITE_BYTES || (this.full.length + 2) * WRITE_BYTES > this.limits.memoryBytes) {
        this.dropped += 1;
        return false;
      }
      this.seal();
      void this.flush();
    }
    const { chunk } = this;
    chunk.bytes += chunk.buffer.write(line, chunk.bytes);
    chunk.bytes += chunk.buffer.write(LINE_END, chunk.bytes);
    chunk.events += 1;
    return true;
  }

  /** Resolves when the event is on disk. @throws NotStored */
  addDurable(line: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.durable.push({ line, resolve, reject });
      this.writingDurable ??= this.writeDurable();
    });
  }

  /** Writes what waits in memory. Never throws: what the disk does not take waits for the next time. */
  flush(): Promise<void> {
    this.beforeFlush?.();
    this.writing ??= this.write().finally(() => (this.writing = undefined));
    return this.writing;
  }

  /** Writes everything and takes no more. */
  async end(): Promise<void> {
    clearInterval(this.timer);
    // First what is held back: a line that fills the buffer begins a write of its own, which the last flush must not take for its.
    this.beforeFlush?.();
    await this.writing;
    await this.writingDurable;
    await this.flush();
    this.dropped += this.inMemory.events;
    await this.segments.end();
  }

  private seal(): void {
    this.full.push(this.chunk);
    this.chunk = { buffer: this.spare ?? newBuffer(), bytes: 0, events: 0 };
    this.spare = undefined;
  }

  private async write(): Promise<void> {
    if (this.chunk.events > 0) this.seal();
    if (this.full.length === 0) return;
    try {
      for (let [chunk] = this.full; chunk; [chunk] = this.full) {
        await this.writeChunk(chunk);
        this.full.shift();
        this.spare = chunk.buffer;
      }
      this.trouble = null;
    } catch (error) {
      this.trouble = reasonOf(error);
    }
  }

  private async writeChunk({ buffer, bytes, events }: Chunk): Promise<void> {
    if (this.segments.waiting.bytes + bytes > this.limits.diskBytes) this.dropped += events;
    else await this.segments.append(buffer.subarray(0, bytes), events, false);
  }

  private async writeDurable(): Promise<void> {
    while (this.durable.length > 0) {
      const group = this.durable.splice(0, 500);
      try {
        await this.storeGroup(group.map(({ line }) => line));
        this.trouble = null;
        for (const { resolve } of group) resolve();
      } catch (error) {
        this.trouble = reasonOf(error);
        const sentence = `the event is not stored and will not be sent: ${this.trouble}`;
        for (const { reject } of group) reject(new NotStored(sentence, { cause: error }));
      }
    }
    // In the same step as the look at the queue: what comes later starts anew.
    this.writingDurable = undefined;
  }

  private async storeGroup(lines: readonly string[]): Promise<void> {
    const content = contentOf(lines);
    const mostBytes = this.limits.diskBytes + SMS_RESERVE_BYTES;
    if (this.segments.waiting.bytes + content.length > mostBytes) {
      throw new Error(`more than ${mostBytes} bytes wait for the door`);
    }
    await this.segments.append(content, lines.length, true);
  }
}

function newBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(WRITE_BYTES);
}

function contentOf(lines: readonly string[]): Buffer {
  return Buffer.from(`${lines.join(LINE_END)}${LINE_END}`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
