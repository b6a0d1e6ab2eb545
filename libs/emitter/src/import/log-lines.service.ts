import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';

/** Reads a log line by line in bounded memory: a file, a gzip file, or standard input. */

/** A longer line is cut here, and so is memory; web servers refuse request lines far below this. */
export const LONGEST_LINE = 65_536;

/**
 * Batches of lines, one per chunk read: a line at a time costs an await each. A line above the limit is cut
 * just past it.
 */
export type LineBatches = AsyncGenerator<readonly string[], void, undefined>;

/** @throws what the file system or zlib says: no such file, unexpected end of file */
export async function* readLines(input: string | AsyncIterable<string | Uint8Array>): LineBatches {
  const decoder = new StringDecoder('utf8');
  let carry = '';
  for await (const chunk of unzipped(input)) {
    const parts = (carry + decoder.write(chunk)).split('\n');
    carry = parts.pop()!.slice(0, LONGEST_LINE + 1);
    if (parts.length > 0) yield parts.map(trimLine);
  }
  carry += decoder.end();
  if (carry !== '') yield [trimLine(carry)];
}

function trimLine(line: string): string {
  const text = line.startsWith('\uFEFF') ? line.slice(1) : line;
  return (text.endsWith('\r') ? text.slice(0, -1) : text).slice(0, LONGEST_LINE + 1);
}

type Chunks = AsyncIterator<string | Uint8Array>;

/** Content decides, not the name: rotated logs are called `access.log.2` or `.gz` as it happens. */
async function* unzipped(input: string | AsyncIterable<string | Uint8Array>): AsyncGenerator<Buffer> {
  const source: AsyncIterable<string | Uint8Array> =
    typeof input === 'string' ? createReadStream(input) : input;
  const chunks: Chunks = source[Symbol.asyncIterator]();
  try {
    let begun = Buffer.alloc(0);
    while (begun.length < 2) {
      const next = await chunks.next();
      if (next.done) break;
      begun = Buffer.concat([begun, Buffer.from(next.value)]);
    }
    const all = resumed(begun, chunks);
    if (begun[0] !== 0x1f || begun[1] !== 0x8b) {
      yield* all;
      return;
    }
    const gunzip = createGunzip();
    // The error arrives at whoever reads `gunzip`; the callback only keeps it from being thrown twice.
    pipeline(all, gunzip, () => undefined);
    for await (const chunk of gunzip) yield chunk as Buffer;
  } finally {
    // Not awaited: a pipe that nobody writes to would keep us here.
    void chunks.return?.().catch(() => undefined);
  }
}

async function* resumed(begun: Buffer, rest: Chunks): AsyncGenerator<Buffer> {
  if (begun.length > 0) yield begun;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield Buffer.from(next.value);
}

/**
 * The first lines, and all lines again: standard input cannot be opened twice. `close` also when `all` was
 * not read.
 */
export async function withHead(lines: LineBatches, count: number) {
  const read: (readonly string[])[] = [];
  let length = 0;
  while (length < count) {
    const next = await lines.next();
    if (next.done) break;
    read.push(next.value);
    length += next.value.length;
  }
  async function* all(): LineBatches {
    for (let batch = read.shift(); batch; batch = read.shift()) yield batch;
    yield* lines;
  }
  const close = (): void => void lines.return().catch(() => undefined);
  return { head: read.flat().slice(0, count), all: all(), close };
}
