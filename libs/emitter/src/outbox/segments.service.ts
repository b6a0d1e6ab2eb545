import { mkdir, open, readFile, readdir, rename, rm, stat, truncate } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { bodyOf, wholeLines } from './batch-body.js';

/**
 * Events that wait on disk: files of whole lines, each at most one batch of the door, written at the end and deleted when the
 * door has taken them. A file is owned by the process whose number is in its name; those of a process that is gone are taken
 * over, so nothing is left behind by a kill -9.
 */

/** The door takes 2 MiB; a record of the log behind it holds 900,000 bytes. */
export const SEGMENT_BYTES = 900_000;

/** Folders that this process has open: files do not tell its emitters apart. */
const OPEN = new Set<string>();

const NAME = /^events-(\d{15})-(\d{1,10})\.batch$/;

export interface Segment {
  readonly path: string;
  readonly content: Uint8Array;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly events: number;
}

interface OnDisk {
  readonly path: string;
  readonly sequence: number;
  bytes: number;
  events: number;
}

export class Segments {
  private readonly closed: OnDisk[] = [];
  private current: (OnDisk & { readonly handle: FileHandle; isNameDurable: boolean }) | undefined;
  private sequence = 0;
  private turn: Promise<unknown> = Promise.resolve();
  /** Lines that a killed process left half written. */
  torn = 0;

  private constructor(private readonly folder: string) {}

  /** @throws Error when the folder cannot be made or written to, or this process has it open already */
  static async open(given: string): Promise<Segments> {
    const folder = resolve(given);
    if (OPEN.has(folder)) throw new Error(`${folder} is in use by another emitter of this process`);
    await mkdir(folder, { recursive: true });
    OPEN.add(folder);
    const segments = new Segments(folder);
    const probe = join(folder, `probe-${process.pid}`);
    await (await open(probe, 'w')).close();
    await rm(probe);
    await segments.takeOver(true);
    return segments;
  }

  /** What waits on disk. */
  get waiting(): { readonly files: number; readonly bytes: number; readonly events: number } {
    const all = this.current ? [...this.closed, this.current] : this.closed;
    return {
      files: all.length,
      bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
      events: all.reduce((sum, { events }) => sum + events, 0),
    };
  }

  /**
   * Writes whole lines at the end. When it resolves they outlive the process; with `isDurable` also the machine.
   * @throws Error of the disk; none of the lines will then be sent
   */
  append(content: Buffer, events: number, isDurable: boolean): Promise<void> {
    return this.inTurn(async () => {
      if (this.current && this.current.bytes + content.length > SEGMENT_BYTES) await this.close();
      const segment = (this.current ??= await this.create());
      try {
        for (let written = 0; written < content.length;) {
          const at = segment.bytes + written;
          written += (await segment.handle.write(content, written, content.length - written, at))
            .bytesWritten;
        }
        if (isDurable) {
          await segment.handle.datasync();
          if (!segment.isNameDurable) await this.syncFolder();
          segment.isNameDurable = true;
        }
      } catch (error) {
        // What was half written is behind `bytes`: it is cut off with the file, which takes no more.
        await this.close().catch(() => undefined);
        throw error;
      }
      segment.bytes += content.length;
      segment.events += events;
    });
  }

  /** The oldest segment, the same until it is removed; null when nothing waits. The one being written is closed for it. */
  oldest(): Promise<Segment | null> {
    return this.inTurn(async () => {
      for (;;) {
        if (this.closed.length === 0) await this.close();
        const [first] = this.closed;
        if (!first) return null;
        const content = (await readIfThere(first.path)).subarray(0, first.bytes);
        if (content.length > 0) return { ...first, content, body: bodyOf(content) };
        this.closed.shift();
        await rm(first.path, { force: true });
      }
    });
  }

  /** The door has taken it. */
  remove(segment: Segment): Promise<void> {
    return this.inTurn(async () => {
      await rm(segment.path, { force: true });
      const index = this.closed.findIndex(({ path }) => path === segment.path);
      if (index >= 0) this.closed.splice(index, 1);
    });
  }

  /**
   * Takes over what processes that are gone have left. A number may have been given anew, so at the start our own counts as
   * gone as well.
   */
  takeOver(isStart = false): Promise<void> {
    return this.inTurn(async () => {
      const names = (await readdir(this.folder)).filter((name) => NAME.test(name)).sort();
      const ofOthers: string[] = [];
      for (const name of names) {
        if (ownerOf(name) !== process.pid) ofOthers.push(name);
        else if (isStart) await this.adopt(name);
      }
      // After our own: a name that we shall give must not be that of a file which we do not know yet.
      for (const name of ofOthers) if (!isAlive(ownerOf(name))) await this.adopt(name);
      this.closed.sort((left, right) => left.sequence - right.sequence);
    });
  }

  /** Closes the file being written; the folder is free for another. */
  end(): Promise<void> {
    return this.inTurn(async () => {
      await this.close();
      OPEN.delete(this.folder);
    });
  }

  private async adopt(name: string): Promise<void> {
    const wanted = Number(NAME.exec(name)![1]);
    // Two processes may have begun a file in the same millisecond, and a rename puts one in the place of the other.
    const isTaken =
      this.current?.sequence === wanted || this.closed.some(({ sequence }) => sequence === wanted);
    const sequence = isTaken ? this.nextSequence() : wanted;
    this.sequence = Math.max(this.sequence, sequence);
    const path = this.pathOf(sequence);
    try {
      await rename(join(this.folder, name), path);
    } catch (error) {
      // Another process was faster.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    const content = await readFile(path);
    const { bytes, lines } = wholeLines(content);
    if (bytes < content.length) {
      this.torn += 1;
      await truncate(path, bytes);
    }
    this.closed.push({ path, sequence, bytes, events: lines });
  }

  private async create() {
    const sequence = this.nextSequence();
    const path = this.pathOf(sequence);
    const handle = await open(path, 'wx');
    return { path, sequence, bytes: 0, events: 0, handle, isNameDurable: false };
  }

  private async close(): Promise<void> {
    const { current } = this;
    if (!current) return;
    this.current = undefined;
    this.closed.push(current);
    await current.handle.close();
    // A write that failed may have left more than we count.
    if ((await stat(current.path)).size > current.bytes) await truncate(current.path, current.bytes);
  }

  /** Grows with the time, so that files of several processes sort by age. */
  private nextSequence(): number {
    this.sequence = Math.max(this.sequence + 1, Date.now());
    return this.sequence;
  }

  private pathOf(sequence: number): string {
    return join(this.folder, `events-${String(sequence).padStart(15, '0')}-${process.pid}.batch`);
  }

  /** A new file is only found again after a power cut when its folder is on disk as well. */
  private async syncFolder(): Promise<void> {
    if (process.platform === 'win32') return;
    const handle = await open(this.folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  private inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const result = this.turn.then(act);
    this.turn = result.catch(() => undefined);
    return result;
  }
}

/** Empty when somebody has deleted it: nothing is to be had by trying again. */
async function readIfThere(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

function ownerOf(name: string): number {
  return Number(NAME.exec(name)![2]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
