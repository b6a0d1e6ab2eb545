import { once } from 'node:events';
import { from as copyFrom } from 'pg-copy-streams';
import { withClient } from '../servers.js';
import { generate, type Workload } from '../workload.js';

/** The yardstick of the disk: the same ids and times by COPY into a heap without index, 10,000 rows a transaction. */

const ROWS_PER_COPY = 10_000;

/** @returns rows a second; the rows are made before the clock runs */
export async function runRawCopy(databaseUrl: string, workload: Workload): Promise<number> {
  const pieces: string[] = [];
  let rows: string[] = [];
  for (const { id, time } of generate(workload)) {
    rows.push(`${id}\t${time}\n`);
    if (rows.length < ROWS_PER_COPY) continue;
    pieces.push(rows.join(''));
    rows = [];
  }
  if (rows.length > 0) pieces.push(rows.join(''));
  return withClient(databaseUrl, async (client) => {
    await client.query('create table heap (id uuid, at timestamptz)');
    const begun = performance.now();
    for (const piece of pieces) {
      const stream = client.query(copyFrom('copy heap from stdin'));
      stream.end(piece);
      await once(stream, 'finish');
    }
    const rate = (workload.events * 1000) / (performance.now() - begun);
    await client.query('drop table heap');
    return rate;
  });
}
