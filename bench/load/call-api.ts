import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Calls of one address over a few connections that stay open. */

const CONNECTIONS = 16;
/** Of each connection: below what an API can do, so that its latency is its own and not that of a queue. */
const PACE_MS = 16;
const HEADERS = { 'x-client': 'isv_bench', 'user-agent': 'bench/1', authorization: 'Bearer a-token' };

/** Each connection calls at a pace of its own, whatever the last call took. @returns what each call took, in ms */
export async function callPaced(address: string, calls: number): Promise<number[]> {
  const tookMs: number[] = [];
  await overConnections(calls, async (call, connection) => {
    if (call === 0) await sleep(connection);
    const startMs = performance.now();
    await fetchOnce(address, `?page=${call % 200}&pageSize=100`);
    tookMs.push(performance.now() - startMs);
    await sleep(Math.max(0, PACE_MS - (performance.now() - startMs)));
  });
  return tookMs;
}

/** As fast as the connections go. */
export async function callAtOnce(address: string, calls: number): Promise<void> {
  await overConnections(calls, (call) => fetchOnce(address, `?page=${call % 200}&pageSize=100`));
}

/** Kept over all blocks of calls: opening sixteen connections for every few hundred calls would be all that a p99 shows. */
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

async function overConnections(
  calls: number,
  act: (call: number, connection: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, connection) => {
      while (next < calls) await act(next++, connection);
    }),
  );
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
