import type { PartitionedTable } from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import type { UsageSums } from './usage-sums.js';

/** Minutes and hours stand in partitions by month (UTC). One of minutes is kept for a quarter, one of hours for a year and a month. */
export const meteringPartitions: readonly PartitionedTable[] = [
  {
    table: 'usage_minute',
    keptDays: 92,
    ensureSql: `select ensure_usage_month('usage_minute', $1::date)`,
  },
  { table: 'usage_hour', keptDays: 400, ensureSql: `select ensure_usage_month('usage_hour', $1::date)` },
];

const knownMonths = new WeakMap<DataSource, Set<string>>();

/**
 * Makes the months of a batch before it writes, on a connection of its own: a month made in the batch's transaction would be held
 * locked until it commits. A month that was dropped is not made again, and the batch leaves its rows out.
 */
export async function ensureUsageMonths(database: DataSource, { minutes }: UsageSums): Promise<void> {
  const known = knownMonths.get(database) ?? new Set();
  knownMonths.set(database, known);
  const unknown = new Set<string>();
  for (const { window } of minutes) {
    const month = window.slice(0, 7);
    if (!known.has(month)) unknown.add(month);
  }
  for (const month of unknown) {
    for (const { ensureSql } of meteringPartitions) await database.query(ensureSql, [`${month}-01`]);
    known.add(month);
  }
}
