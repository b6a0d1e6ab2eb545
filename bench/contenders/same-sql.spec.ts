import { createTestDatabase } from '@taxameter/platform/testing';
import pg from 'pg';
import { DEFAULT_WORKLOAD } from '../workload.js';
import { runContender } from './in-a-process.js';
import type { SameSqlAnswer } from './same-sql.js';

describe('the same SQL without Kafka', () => {
  it('counts every event of the workload, so that its rate is one of the whole work', async () => {
    const database = await createTestDatabase();
    const workload = { ...DEFAULT_WORKLOAD, events: 3_000, startMs: Date.now() - 3_600_000 };
    const built = new URL('../dist/contenders/', import.meta.url);
    const { rate } = await runContender<SameSqlAnswer>(
      'same-sql',
      [database.url, '2', JSON.stringify(workload)],
      built,
    );
    expect(rate).toBeGreaterThan(0);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query('select sum(calls)::int as calls from metering.usage_quarter');
    await client.end();
    await database.drop();
    expect(rows).toEqual([{ calls: 3_000 }]);
  });
});
