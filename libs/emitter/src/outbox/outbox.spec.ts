import { jest } from '@jest/globals';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { removeFolders, temporaryFolder } from '../emitter.testing.js';
import { linesOf } from './batch-body.js';
import { NotStored, Outbox } from './outbox.service.js';
import { SEGMENT_BYTES, Segments } from './segments.service.js';

let folder: string;
let opened: Segments[] = [];

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(async () => {
  await Promise.all(opened.map((segments) => segments.end()));
  opened = [];
  removeFolders();
});

async function openSegments(): Promise<Segments> {
  const segments = await Segments.open(folder);
  opened.push(segments);
  return segments;
}

/** All lines that wait, in the order in which they are sent. */
async function sent(segments: Segments): Promise<string[]> {
  const lines: string[] = [];
  for (let segment = await segments.oldest(); segment; segment = await segments.oldest()) {
    lines.push(...linesOf(segment.content));
    await segments.remove(segment);
  }
  return lines;
}

const write = (segments: Segments, ...lines: string[]) =>
  segments.append(Buffer.from(lines.map((line) => `${line},\n`).join('')), lines.length, false);
const LIMITS = { flushMs: 10_000, memoryBytes: 1024 * 1024, diskBytes: 1024 * 1024 };

/** The number of a process that is gone. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

describe('segments', () => {
  it('give back what was written, oldest first, as a JSON array, and are gone when they are removed', async () => {
    const segments = await openSegments();
    await write(segments, '{"a":1}', '{"a":"æ"}');
    const first = (await segments.oldest())!;
    expect(JSON.parse(new TextDecoder().decode(first.body))).toEqual([{ a: 1 }, { a: 'æ' }]);
    await write(segments, '{"a":3}');
    expect((await segments.oldest())!.path).toBe(first.path);
    await segments.remove(first);
    expect(await sent(segments)).toEqual(['{"a":3}']);
    expect([readdirSync(folder), segments.waiting.files]).toEqual([[], 0]);
  });

  it('are each at most one batch', async () => {
    const segments = await openSegments();
    const line = 'x'.repeat(200_000);
    for (let index = 0; index < 7; index += 1) await write(segments, line);
    expect(segments.waiting).toMatchObject({ files: 2, events: 7 });
    for (let segment = await segments.oldest(); segment; segment = await segments.oldest()) {
      expect(segment.body.length).toBeLessThanOrEqual(SEGMENT_BYTES + 1);
      await segments.remove(segment);
    }
  });

  it('of a process that is gone are taken over, without the line that it had half written', async () => {
    const name = `events-001700000000000-${deadPid()}.batch`;
    writeFileSync(join(folder, name), '{"a":1},\n{"a":2},\n{"a":');
    const segments = await openSegments();
    expect(segments.torn).toBe(1);
    const [adopted] = readdirSync(folder);
    expect(readFileSync(join(folder, adopted!), 'utf8')).toBe('{"a":1},\n{"a":2},\n');
    await write(segments, '{"a":4}');
    expect(segments.waiting.events).toBe(3);
    expect(await sent(segments)).toEqual(['{"a":1}', '{"a":2}', '{"a":4}']);
  });

  it('taken over do not overwrite the one being written that was begun in the same millisecond', async () => {
    const segments = await openSegments();
    await write(segments, '{"a":1}');
    const [digits] = /\d{15}/.exec(readdirSync(folder)[0]!)!;
    writeFileSync(join(folder, `events-${digits}-${deadPid()}.batch`), '{"a":2},\n');
    await segments.takeOver();
    await write(segments, '{"a":3}');
    expect((await sent(segments)).sort()).toEqual(['{"a":1}', '{"a":2}', '{"a":3}']);
  });

  it('taken over do not overwrite what an earlier process with our number has left', async () => {
    // No process has the first number, and its file is found before ours.
    for (const owner of [1_000_000_000, process.pid]) {
      writeFileSync(join(folder, `events-001700000000000-${owner}.batch`), `{"a":${owner}},\n`);
    }
    expect(await sent(await openSegments())).toHaveLength(2);
  });

  it('of a process that lives are left alone', async () => {
    const name = `events-001700000000000-${process.ppid}.batch`;
    writeFileSync(join(folder, name), '{"a":1},\n');
    const segments = await openSegments();
    expect(await sent(segments)).toEqual([]);
    expect(readdirSync(folder)).toEqual([name]);
  });

  it('are of one emitter in a process', async () => {
    const segments = await openSegments();
    await expect(Segments.open(folder)).rejects.toThrow('in use by another emitter');
    await segments.end();
    await (await Segments.open(folder)).end();
  });
});

describe('the outbox', () => {
  it('has an SMS on disk before it says so, also while calls wait in memory', async () => {
    const outbox = new Outbox(await openSegments(), LIMITS);
    outbox.add('{"call":1}');
    await Promise.all([outbox.addDurable('{"sms":1}'), outbox.addDurable('{"sms":2}')]);
    const [file] = readdirSync(folder);
    expect(readFileSync(join(folder, file!), 'utf8')).toBe('{"sms":1},\n{"sms":2},\n');
    expect(outbox.inMemory.events).toBe(1);
    await outbox.end();
    expect(readFileSync(join(folder, file!), 'utf8')).toContain('{"call":1},\n');
  });

  it('loses none of the calls that are held back until it ends, also where they fill a buffer', async () => {
    const line = (number: number) => `{"call":${number},"x":"${'x'.repeat(2_000)}"}`;
    // A buffer takes some 128 of them, and the held back ones come after each number of others.
    for (const waiting of [80, 100, 120, 125]) {
      const segments = await openSegments();
      const outbox = new Outbox(segments, LIMITS);
      for (let number = 0; number < waiting; number += 1) outbox.add(line(number));
      let held = Array.from({ length: 60 }, (_, index) => line(waiting + index));
      outbox.beforeFlush = () => {
        const lines = held;
        held = [];
        for (const one of lines) outbox.add(one);
      };
      await outbox.end();
      expect([waiting, outbox.dropped, (await sent(segments)).length]).toEqual([waiting, 0, waiting + 60]);
    }
  });

  it('drops calls beyond its memory, counts them, and keeps those before', async () => {
    const segments = await openSegments();
    const append = jest.spyOn(segments, 'append').mockRejectedValue(new Error('ENOSPC: no space left'));
    const outbox = new Outbox(segments, LIMITS);
    const taken = Array.from({ length: 100 }, () => outbox.add('x'.repeat(20_000)));
    expect(outbox.inMemory.bytes).toBeLessThanOrEqual(LIMITS.memoryBytes);
    expect(outbox.inMemory.events).toBe(taken.filter((isTaken) => isTaken).length);
    expect(outbox.inMemory.events + outbox.dropped).toBe(100);
    append.mockRestore();
    await outbox.flush();
    await outbox.flush();
    expect([outbox.inMemory.bytes, segments.waiting.events]).toEqual([0, 100 - outbox.dropped]);
    await outbox.end();
  });

  it('drops calls beyond its disk, counts them, and still takes SMS', async () => {
    const segments = await openSegments();
    const outbox = new Outbox(segments, { ...LIMITS, memoryBytes: 4 * 1024 * 1024 });
    for (let index = 0; index < 60; index += 1) outbox.add('x'.repeat(20_000));
    await outbox.flush();
    await outbox.flush();
    const { bytes, events } = segments.waiting;
    expect(bytes).toBeLessThanOrEqual(LIMITS.diskBytes);
    expect(events + outbox.dropped).toBe(60);
    expect(outbox.dropped).toBeGreaterThan(0);
    await outbox.addDurable('{"sms":1}');
    await outbox.end();
  });

  it('says of an SMS that the disk does not take that it is not stored, and keeps calls until it does', async () => {
    const segments = await openSegments();
    const outbox = new Outbox(segments, LIMITS);
    const append = jest.spyOn(segments, 'append').mockRejectedValue(new Error('ENOSPC: no space left'));
    outbox.add('{"call":1}');
    await outbox.flush();
    await expect(outbox.addDurable('{"sms":1}')).rejects.toThrow(NotStored);
    expect([outbox.trouble, outbox.inMemory.events]).toEqual(['ENOSPC: no space left', 1]);
    append.mockRestore();
    await outbox.flush();
    expect([outbox.trouble, await sent(segments)]).toEqual([null, ['{"call":1}']]);
    await outbox.end();
  });
});
