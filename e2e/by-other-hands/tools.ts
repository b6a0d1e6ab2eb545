import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { partitionForKey } from '@taxameter/platform';

/** Kafka producers that are not ours: kcat (librdkafka) and a Python client. Each writes what it is given in one mode. */

export type Mode = 'binary' | 'structured' | 'batch';
export const MODES: readonly Mode[] = ['binary', 'structured', 'batch'];

/** A CloudEvent with the key of its record. */
export interface Line {
  readonly key: string;
  readonly event: { readonly data: unknown } & Readonly<Record<string, unknown>>;
}

export interface Target {
  readonly brokers: string;
  readonly topic: string;
  readonly partitions: number;
}

export interface Hand {
  readonly name: string;
  /** Why it cannot be used on this machine, and what would help. */
  readonly missing: string | undefined;
  write(target: Target, mode: Mode, lines: readonly Line[]): Promise<void>;
}

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url));
const STRUCTURED = 'application/cloudevents+json; charset=UTF-8';
const BATCH = 'application/cloudevents-batch+json; charset=UTF-8';
/** No tab stands unescaped in JSON, and no key of ours holds one. */
const TAB = '\t';

/**
 * librdkafka chooses the partition by CRC32 unless it is told otherwise: copies of an SMS from it and from us would land on
 * different partitions, where nobody agrees which came first. So the documented command line names Java's hash.
 */
export const SAME_PARTITION_AS_JAVA = ['-X', 'topic.partitioner=murmur2_random'];

export const kcat: Hand = {
  name: 'kcat',
  missing: isThere('kcat', ['-V']) ? undefined : 'kcat is not installed (Debian: apt-get install kcat)',
  write: async ({ brokers, topic, partitions }, mode, lines) => {
    const produce = ['-P', '-b', brokers, '-t', topic, '-X', 'acks=all', ...SAME_PARTITION_AS_JAVA];
    if (mode === 'structured') {
      const input = lines.map(({ key, event }) => `${key}${TAB}${JSON.stringify(event)}\n`).join('');
      await run('kcat', [...produce, '-K', TAB, '-H', `content-type=${STRUCTURED}`], input);
      return;
    }
    if (mode === 'batch') {
      for (const [partition, events] of byPartition(lines, partitions)) {
        const at = ['-p', String(partition), '-H', `content-type=${BATCH}`];
        await run('kcat', [...produce, ...at], `${JSON.stringify(events)}\n`);
      }
      return;
    }
    // kcat gives all records of a run the same headers, so in binary mode each event is a run.
    for (const { key, event } of lines) {
      const { data, ...attributes } = event;
      const headers = Object.entries(attributes).flatMap(([name, value]) => [
        '-H',
        `ce_${name}=${String(value)}`,
      ]);
      const input = `${key}${TAB}${JSON.stringify(data)}\n`;
      await run('kcat', [...produce, '-K', TAB, '-H', 'content-type=application/json', ...headers], input);
    }
  },
};

export const python: Hand = {
  name: 'a Python client',
  missing: isThere('python3', ['-c', 'import venv, ensurepip'])
    ? undefined
    : 'Python with venv is not installed (Debian: apt-get install python3-venv)',
  write: async ({ brokers, topic }, mode, lines) => {
    const interpreter = await pythonWithKafka();
    const args = [`${FOLDER}produce.py`, '--brokers', brokers, '--topic', topic, '--mode', mode];
    await run(interpreter, args, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  },
};

export const HANDS: readonly Hand[] = [kcat, python];

/** Where `writeRubbish` puts it. */
export const RUBBISH_PARTITION = 0;

/** Bytes that are no event at all, and a tombstone, by kcat. */
export async function writeRubbish({ brokers, topic }: Target): Promise<void> {
  const produce = ['-P', '-b', brokers, '-t', topic, '-X', 'acks=all', '-p', String(RUBBISH_PARTITION)];
  await run('kcat', produce, 'this is not JSON\n');
  await run('kcat', [...produce, '-Z', '-K', TAB], `nobody${TAB}\n`);
}

function byPartition(lines: readonly Line[], partitions: number): Map<number, Line['event'][]> {
  const groups = new Map<number, Line['event'][]>();
  for (const { key, event } of lines) {
    const partition = partitionForKey(key, partitions);
    groups.set(partition, [...(groups.get(partition) ?? []), event]);
  }
  return groups;
}

/** A virtual environment with the client in it, made once; its name changes with the requirements. */
async function pythonWithKafka(): Promise<string> {
  const requirements = `${FOLDER}requirements.txt`;
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
  const folder = `${CACHE}taxameter-python-${digest}`;
  const ready = `${folder}/bin/python`;
  if (existsSync(`${folder}/ready`)) return ready;
  // A virtual environment cannot be moved, so the mark that it is whole comes last.
  await rm(folder, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', folder]);
  await run(ready, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '-r', requirements]);
  await writeFile(`${folder}/ready`, '');
  return ready;
}

function isThere(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** @throws Error with what the command wrote when it does not end with 0 */
async function run(command: string, args: readonly string[], input = ''): Promise<void> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let words = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (words += chunk.toString()));
  // Who does not read its input to the end says why by its exit code.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${words}`);
}
