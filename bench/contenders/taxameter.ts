import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { Sample } from '../pace.js';
import type { WrittenTopic } from '../topic.js';

/** The real thing: the metering process as it is deployed, with every counter and the accounting, over Kafka. */

const METERING = fileURLToPath(new URL('../../../services/metering/dist/main.js', import.meta.url));
const LOOK_EVERY_MS = 20;
const POSITION = `select coalesce(sum(next_offset), 0)::float8 as done from metering.consumer_position where topic = 'usage.api-calls.v1'`;

export interface Run {
  /** Events a second is `paceOf(samples)`; `done` counts events. */
  readonly samples: readonly Sample[];
  /** The most memory that the process ever held, in MB. */
  readonly peakMb: number;
  /** CPU time of the process from its start to its last event, in ms. */
  readonly cpuMs: number;
  /** What the process counted, by its own accounting. */
  readonly counted: number;
}

export async function runTaxameter(
  servers: { readonly brokers: string },
  topic: WrittenTopic,
  databaseUrl: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const child = startMetering(servers.brokers, topic.prefix, databaseUrl, settings);
  let error = '';
  child.stderr.on('data', (chunk: Buffer) => (error += chunk.toString()));
  if (process.env['BENCH_ECHO']) child.stderr.pipe(process.stderr);
  const ended = once(child, 'exit');
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const samples: Sample[] = [];
    const perRecord = topic.events / topic.records;
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`the metering process ended: ${error}`);
      const found = await client.query<{ done: number }>(POSITION).catch(() => undefined);
      const done = (found?.rows[0]?.done ?? 0) * perRecord;
      samples.push({ atMs: performance.now(), done });
      if (done >= topic.events) break;
      await sleep(LOOK_EVERY_MS);
    }
    const { rows } = await client.query<{ counted: string }>(
      'select sum(counted) as counted from metering.consumer_accounting',
    );
    return {
      samples,
      peakMb: peakMbOf(child.pid!),
      cpuMs: cpuMsOf(child.pid!),
      counted: Number(rows[0]!.counted),
    };
  } finally {
    await client.end();
    child.kill('SIGTERM');
    await ended;
  }
}

export function startMetering(
  brokers: string,
  prefix: string,
  databaseUrl: string,
  settings: Readonly<Record<string, string>> = {},
) {
  return spawn(process.execPath, [METERING], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: databaseUrl,
      KAFKA_BROKERS: brokers,
      TOPIC_PREFIX: prefix,
      PORT: '0',
      LOG_LEVEL: 'warn',
      ...settings,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

/** `VmHWM` of Linux; 0 where there is no /proc. */
export function peakMbOf(pid: number): number {
  try {
    const kb = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
    return Math.round(Number(kb) / 1024);
  } catch {
    return 0;
  }
}

const MS_PER_TICK = 10;

/** User and system time by /proc; 0 where there is none. */
export function cpuMsOf(pid: number): number {
  try {
    const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ').slice(11, 13);
    return (Number(user) + Number(system)) * MS_PER_TICK;
  } catch {
    return 0;
  }
}
