import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Calls of one address over a few connections that stay open. */

const CONNECTIONS = 16;
/** Of each connection: below what an API can do, so that its latency is its own and not that of a queue. */
const PACE_MS = 16;
const HEADERS = { 'x-client': 'isv_bench', 'user-agent': 'bench/1', authorization: 'Bearer a-token' };

export interface Calls {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Each connection calls at a pace of its own, whatever the last call took. */
export async function callPaced(address: string, calls: number): Promise<Calls> {
  const tookMs: number[] = [];
  await overConnections(calls, async (call, connection) => {
    if (call === 0) await sleep(connection);
    const startMs = performance.now();
    await fetchOnce(address, `?page=${call % 200}&pageSize=100`);
    tookMs.push(performance.now() - startMs);
    await sleep(Math.max(0, PACE_MS - (performance.now() - startMs)));
  });
  tookMs.sort((left, right) => left - right);
  const at = (share: number) => tookMs[Math.floor((tookMs.length - 1) * share)]!;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** As fast as the connections go. */
export async function callAtOnce(address: string, calls: number): Promise<void> {
  await overConnections(calls, (call) => fetchOnce(address, `?page=${call % 200}&pageSize=100`));
}

let agent: Agent;

async function overConnections(
  calls: number,
  act: (call: number, connection: number) => Promise<void>,
): Promise<void> {
  agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  let next = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, connection) => {
      while (next < calls) await act(next++, connection);
    }),
  );
  agent.destroy();
}

function fetchOnce(address: string, query: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(`${address}${query}`, { agent, headers: HEADERS }, (response) => {
      response.resume();
      response.once('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${address} answers ${response.statusCode}`));
      });
    }).once('error', reject);
  });
}
