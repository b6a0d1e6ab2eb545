import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { Sample } from '../pace.js';
import type { WrittenTopic } from '../topic.js';

/** The real thing: the process of a room as it is deployed, with all that it does and the accounting, over Kafka. */

const LOOK_EVERY_MS = 20;
const API_CALLS = `where topic = 'usage.api-calls.v1'`;

/** A room that reads API calls, and how the database says how far it is. */
export interface MeasuredRoom {
  readonly service: 'metering' | 'fair-use';
  readonly schema: string;
  /** SQL: whether what was read has its effect; asked once all is read. */
  readonly isDone: string;
}

export const METERING: MeasuredRoom = { service: 'metering', schema: 'metering', isDone: 'true' };
/**
 * `dirty` of `GET /v1/fair-use/status` is 0: no minute waits to be judged but those that are not closed two minutes before the newest call. They
 * wait for calls that come after the topic's last.
 */
export const FAIR_USE: MeasuredRoom = {
  service: 'fair-use',
  schema: 'fair_use',
  isDone: `not exists (select from fair_use.dirty_minute) and not exists (
    select from fair_use.unclosed_minute where minute < (
      select floor(extract(epoch from max(least(event_time, appended_at))) / 60) - 2 from fair_use.watermark ${API_CALLS}))`,
};

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

/** Reads a topic into an empty database. */
export async function runTaxameter(
  servers: { readonly brokers: string },
  topic: WrittenTopic,
  databaseUrl: string,
  room: MeasuredRoom = METERING,
): Promise<Run> {
  const child = startRoom(room, servers.brokers, topic.prefix, databaseUrl);
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
        throw new Error(`the ${room.service} process ended: ${error}`);
      const done = Math.round((await readBy(client, room, topic.records)) * perRecord);
      samples.push({ atMs: performance.now(), done });
      if (done >= topic.events) break;
      await sleep(LOOK_EVERY_MS);
    }
    const { rows } = await client.query<{ counted: string }>(
      `select sum(counted) as counted from ${room.schema}.consumer_accounting ${API_CALLS}`,
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

/** Records that were read; one fewer than all while they have yet to take effect, and none before there are tables. */
async function readBy(client: pg.Client, { schema, isDone }: MeasuredRoom, records: number): Promise<number> {
  const found = await client
    .query<{ read: number; isDone: boolean }>(
      `select read, case when read >= $1 then ${isDone} else false end as "isDone"
       from (select coalesce(sum(next_offset), 0)::float8 as read from ${schema}.consumer_position ${API_CALLS}) as position`,
      [records],
    )
    .catch(() => undefined);
  const { read, isDone: hasTakenEffect } = found?.rows[0] ?? { read: 0, isDone: false };
  return hasTakenEffect ? read : Math.min(read, records - 1);
}

export function startRoom(
  { service }: Pick<MeasuredRoom, 'service'>,
  brokers: string,
  prefix: string,
  databaseUrl: string,
) {
  const script = fileURLToPath(new URL(`../../../services/${service}/dist/main.js`, import.meta.url));
  return spawn(process.execPath, [script], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: databaseUrl,
      KAFKA_BROKERS: brokers,
      TOPIC_PREFIX: prefix,
      PORT: '0',
      LOG_LEVEL: 'warn',
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
