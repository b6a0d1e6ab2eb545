import { FAIR_USE, runTaxameter } from './contenders/taxameter.js';
import { median, paceOf } from './pace.js';
import { withClient, type Servers } from './servers.js';
import { writeTopic } from './topic.js';
import type { Workload } from './workload.js';

/** How the time to read and judge grows with the number of keys, and what is kept of a key. A key is an integration on an agreement. */

export interface Point {
  readonly keys: number;
  readonly calls: number;
  /** From the first sign of progress to the last judgement. */
  readonly seconds: number;
}

export interface KeyGrowth {
  /** As many calls in all, spread over more keys. */
  readonly sameCalls: readonly Point[];
  /** As many calls of each key. */
  readonly sameCallsOfAKey: readonly Point[];
  readonly state: KeyState;
}

/** Of the most keys, one after the other. */
export interface KeyState {
  readonly keys: number;
  /** Rows of a pair and a minute. */
  readonly pairMinutes: number;
  /** Signals, marks and their indexes, as the tables lie on disk. */
  readonly bytesOfAKey: number;
  readonly bytesOfAPairMinute: number;
}

const MINUTES_OF_A_KEY = 4;
const KEYS_OF_AN_INTEGRATION = 10;
const KEYS = [100, 1_000, 10_000];
/** Fewer keys are over before they can be measured. */
const KEYS_BY_CALLS = [1_000, 3_000, 10_000];

const STATE = `
  select sum(pg_total_relation_size(format('fair_use.%I', tablename)::regclass))::float8 as bytes,
         (select count(*) from fair_use.signal_pair_minute)::integer as "pairMinutes",
         (select count(distinct (integration_id, agreement_id)) from fair_use.signal_pair_minute)::integer as keys
  from pg_tables
  where schemaname = 'fair_use' and (tablename like 'signal\\_%' or tablename in ('dirty_minute', 'unclosed_minute'))`;

/**
 * Every key calls 20 times in each minute, and nothing but its name tells it from the others. Nobody breaks a rule.
 * @param scale 1: 80 calls of a key
 */
export async function measureKeyGrowth(
  servers: Servers,
  workload: Workload,
  rounds: number,
  scale: number,
  say: (line: string) => void,
): Promise<KeyGrowth> {
  const most = KEYS.at(-1)!;
  const perMinute = workload.callsPerMinute;
  const callsOfAKey = Math.max(1, Math.round(MINUTES_OF_A_KEY * scale)) * perMinute;
  let state: KeyState | undefined;
  const measure = async (keys: number, calls: number): Promise<Point> => {
    const even: Workload = {
      ...workload,
      events: calls,
      pairs: keys,
      sessionsAtOnce: keys,
      integrations: Math.ceil(keys / KEYS_OF_AN_INTEGRATION),
      // No queries: what is fetched in full or too often is none of this.
      size: 'small',
    };
    const topic = await writeTopic(servers.brokers, even);
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const url = await servers.newDatabase();
      try {
        const run = await runTaxameter(servers, topic, url, FAIR_USE);
        times.push(calls / paceOf(run.samples, calls));
        if (keys === most) state = await stateOf(url);
      } finally {
        await servers.dropDatabase(url);
      }
    }
    const point = { keys, calls, seconds: Number(median(times).toFixed(3)) };
    say(`  ${keys} keys, ${calls} calls: ${point.seconds} s`);
    return point;
  };
  const sameCalls: Point[] = [];
  for (const keys of KEYS) sameCalls.push(await measure(keys, most * callsOfAKey));
  const sameCallsOfAKey: Point[] = [];
  for (const keys of KEYS_BY_CALLS.slice(0, -1))
    sameCallsOfAKey.push(await measure(keys, keys * callsOfAKey));
  // The most keys with the most calls are in both.
  sameCallsOfAKey.push(sameCalls.at(-1)!);
  return { sameCalls, sameCallsOfAKey, state: state! };
}

async function stateOf(url: string): Promise<KeyState> {
  return withClient(url, async (client) => {
    await client.query('vacuum');
    const { rows } = await client.query<{ bytes: number; pairMinutes: number; keys: number }>(STATE);
    const { bytes, pairMinutes, keys } = rows[0]!;
    return {
      keys,
      pairMinutes,
      bytesOfAKey: Math.round(bytes / keys),
      bytesOfAPairMinute: Math.round(bytes / pairMinutes),
    };
  });
}
