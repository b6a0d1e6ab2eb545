import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { TOPICS } from '@taxameter/contracts';
import { runContender } from './contenders/in-a-process.js';
import { cpuMsOf, METERING, startRoom } from './contenders/taxameter.js';
import { withClient, type Servers } from './servers.js';
import { writeTopic } from './topic.js';
import type { Workload } from './workload.js';

/** What happens when a process dies, leaves, or has nothing to do. */

const LOOK_EVERY_MS = 20;
const JOIN_MS = 9_000;
const IDLE_SECONDS = 20;
const GIVE_UP_MS = 60_000;

export interface Recovery {
  /** From kill -9 of one of two processes until every partition has moved again, in ms. */
  readonly afterKillMs: number;
  /** From SIGTERM to the end of the process, in ms. */
  readonly politeStopMs: number;
}

/** Two processes share a group; one is killed, then the other is asked to stop. */
export async function measureRecovery(servers: Servers, workload: Workload): Promise<Recovery> {
  const url = await servers.newDatabase();
  const topic = await writeTopic(servers.brokers, workload);
  const processes = [1, 2].map(() => startRoom(METERING, servers.brokers, topic.prefix, url));
  const ends = processes.map((child) => once(child, 'exit'));
  try {
    await sleep(JOIN_MS);
    await untilMoved(url, new Map());
    const before = await positionsOf(url);
    processes[0]!.kill('SIGKILL');
    const killedMs = performance.now();
    await ends[0];
    await writeTopic(servers.brokers, { ...workload, seed: workload.seed + 1 }, { prefix: topic.prefix });
    await untilMoved(url, before);
    const afterKillMs = performance.now() - killedMs;
    const toldMs = performance.now();
    processes[1]!.kill('SIGTERM');
    await ends[1];
    return { afterKillMs, politeStopMs: performance.now() - toldMs };
  } finally {
    for (const child of processes) child.kill('SIGKILL');
    await Promise.all(ends);
    await servers.dropDatabase(url);
  }
}

/** CPU time of an idle metering process and of kafkajs alone, in ms a second. */
export async function measureIdle(
  servers: Servers,
  workload: Workload,
): Promise<{ taxameter: number; kafkajs: number }> {
  const url = await servers.newDatabase();
  const topic = await writeTopic(servers.brokers, { ...workload, events: 1 });
  const child = startRoom(METERING, servers.brokers, topic.prefix, url);
  const ended = once(child, 'exit');
  try {
    await sleep(JOIN_MS);
    const before = cpuMsOf(child.pid!);
    await sleep(IDLE_SECONDS * 1000);
    const taxameter = (cpuMsOf(child.pid!) - before) / IDLE_SECONDS;
    child.kill('SIGTERM');
    await ended;
    const topics = [TOPICS.apiCalls, TOPICS.smsSent, TOPICS.partners]
      .map(({ name }) => topic.prefix + name)
      .join(',');
    const kafkajs = await runContender<number>('idle-kafkajs', [
      servers.brokers,
      topics,
      String(IDLE_SECONDS),
    ]);
    return { taxameter, kafkajs };
  } finally {
    child.kill('SIGKILL');
    await ended;
    await servers.dropDatabase(url);
  }
}

async function positionsOf(url: string): Promise<Map<number, number>> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ partition: number; next: string }>(
      `select partition, next_offset as next from metering.consumer_position where topic = $1`,
      [TOPICS.apiCalls.name],
    );
    return new Map(rows.map(({ partition, next }) => [partition, Number(next)]));
  });
}

async function untilMoved(url: string, before: ReadonlyMap<number, number>): Promise<void> {
  for (
    const deadline = performance.now() + GIVE_UP_MS;
    performance.now() < deadline;
    await sleep(LOOK_EVERY_MS)
  ) {
    const now = await positionsOf(url);
    const moved = [...now].filter(([partition, next]) => next > (before.get(partition) ?? 0));
    if (moved.length === TOPICS.apiCalls.partitions) return;
  }
  throw new Error('not every partition moved again within a minute');
}
