import { once } from 'node:events';
import { from as copyFrom } from 'pg-copy-streams';
import { runContender } from './contenders/in-a-process.js';
import type { SameSqlAnswer } from './contenders/same-sql.js';
import { median } from './pace.js';
import { withClient, type Servers } from './servers.js';
import { generate, type Workload } from './workload.js';

/** How the time grows with what is stored, and what a quarter's totals cost then. */
export interface Growth {
  readonly events: number;
  readonly cumulativeMs: readonly number[];
  /** p in time ~ events^p, from the first million to the last. */
  readonly exponent: number;
  readonly totalsOverRawMs: number;
  readonly totalsOverCountersMs: number;
  /** Integrations whose two totals are not the same. */
  readonly differences: number;
}

const ROWS_PER_COPY = 10_000;
const TIMES = 5;

const OVER_RAW = `select integration, count(*)::bigint as calls from raw
  where at >= '2001-01-01' and at < '2099-01-01' group by integration order by integration`;
/** Grouped by number and named afterwards, as the usage API reads it. */
const OVER_COUNTERS = `select integration.integration_id as integration, total.calls
  from (select integration, sum(calls)::bigint as calls from metering.usage_quarter group by integration) as total
  join metering.integration on integration.id = total.integration
  order by integration.integration_id`;

export async function measureGrowth(
  servers: Servers,
  workload: Workload,
  say: (line: string) => void,
): Promise<Growth> {
  const url = await servers.newDatabase();
  try {
    const { cumulativeMs } = await runContender<SameSqlAnswer>('same-sql', [
      url,
      '1',
      JSON.stringify(workload),
    ]);
    say(`  ${workload.events} events stored, cumulative ms ${cumulativeMs.join(', ')}`);
    await writeRaw(url, workload);
    return await withClient(url, async (client) => {
      await client.query('vacuum analyze');
      const timed = async (text: string) => {
        const times: number[] = [];
        let rows: Totals[] = [];
        for (let time = 0; time < TIMES; time += 1) {
          const begun = performance.now();
          ({ rows } = await client.query<Totals>(text));
          times.push(performance.now() - begun);
        }
        return { ms: median(times), rows };
      };
      const [raw, counters] = [await timed(OVER_RAW), await timed(OVER_COUNTERS)];
      return {
        events: workload.events,
        cumulativeMs,
        exponent: Math.log(cumulativeMs.at(-1)! / cumulativeMs[0]!) / Math.log(cumulativeMs.length),
        totalsOverRawMs: raw.ms,
        totalsOverCountersMs: counters.ms,
        differences: differencesOf(raw.rows, counters.rows),
      };
    });
  } finally {
    await servers.dropDatabase(url);
  }
}

interface Totals {
  readonly integration: string;
  readonly calls: string;
}

function differencesOf(left: readonly Totals[], right: readonly Totals[]): number {
  const known = new Map(left.map(({ integration, calls }) => [integration, calls]));
  const differing = right.filter(({ integration, calls }) => known.get(integration) !== calls).length;
  return differing + Math.abs(left.length - right.length);
}

/** Every event as a row, as a system without counters would keep it. */
async function writeRaw(url: string, workload: Workload): Promise<void> {
  await withClient(url, async (client) => {
    await client.query('create table raw (id uuid, integration text, at timestamptz)');
    const write = async (rows: readonly string[]) => {
      const stream = client.query(copyFrom('copy raw from stdin'));
      stream.end(rows.join(''));
      await once(stream, 'finish');
    };
    let rows: string[] = [];
    for (const { id, key, time } of generate(workload)) {
      rows.push(`${id}\t${key.slice(0, key.indexOf('|'))}\t${time}\n`);
      if (rows.length < ROWS_PER_COPY) continue;
      await write(rows);
      rows = [];
    }
    if (rows.length > 0) await write(rows);
  });
}
