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

interface Durable {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Outbox {
  private lines: string[] = [];
  private bytes = 0;
  private durable: Durable[] = [];
  private writing: Promise<void> | undefined;
  private writingDurable: Promise<void> | undefined;
  private readonly timer: NodeJS.Timeout;
  dropped = 0;
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
    return { events: this.lines.length, bytes: this.bytes };
  }

  /** Takes a call, or drops it where memory or disk are full. Never waits, never throws. @returns false: dropped */
  add(line: string): boolean {
    if (this.bytes + line.length > this.limits.memoryBytes) {
      this.dropped += 1;
      return false;
    }
    this.lines.push(line);
    this.bytes += line.length + 1;
    if (this.bytes >= WRITE_BYTES) void this.flush();
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
    this.writing ??= this.write().finally(() => (this.writing = undefined));
    return this.writing;
  }

  /** Writes everything and takes no more. */
  async end(): Promise<void> {
    clearInterval(this.timer);
    await this.writing;
    await this.writingDurable;
    await this.flush();
    this.dropped += this.lines.length;
    await this.segments.end();
  }

  private async write(): Promise<void> {
    if (this.lines.length === 0) return;
    try {
      while (this.lines.length > 0) await this.writeSome();
      this.trouble = null;
    } catch (error) {
      this.trouble = reasonOf(error);
    }
  }

  private async writeSome(): Promise<void> {
    let bytes = 0;
    let count = 0;
    while (count < this.lines.length && bytes < WRITE_BYTES) {
      bytes += this.lines[count]!.length + 1;
      count += 1;
    }
    if (this.segments.waiting.bytes + bytes > this.limits.diskBytes) {
      this.dropped += count;
    } else {
      await this.segments.append(contentOf(this.lines.slice(0, count)), count, false);
    }
    this.lines.splice(0, count);
    this.bytes -= bytes;
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

function contentOf(lines: readonly string[]): Buffer {
  return Buffer.from(`${lines.join('\n')}\n`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
