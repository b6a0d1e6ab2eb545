import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Dictionary } from './dictionary.service.js';
import {
  ADDED_MEASURES,
  MEASURES,
  type HourRow,
  type Measures,
  type PairRow,
  type UsageSums,
} from './usage-sums.js';
import { ensureUsageMonths } from './usage-months.service.js';
import type { Granularity } from './window.js';

/**
 * The counter tables: sums of a batch are added to them, one statement a table. Rows are locked in key order and tables in
 * the order of `add`, because two batches that met in another order deadlocked within seconds (measured).
 */
export interface CounterTable {
  readonly table: string;
  /** Column that holds the window, and its SQL type. */
  readonly window: string;
  readonly windowType: string;
  readonly measures: readonly (keyof Measures)[];
  /** Old windows are dropped: what is older than the table is counted in the coarser ones only. */
  readonly isRetained: boolean;
}

const HOUR_MEASURES = MEASURES.filter((measure) => measure !== 'calls4xx' && measure !== 'calls5xx');

export const COUNTER_TABLES: Readonly<Record<Granularity, CounterTable>> = {
  minute: {
    table: 'usage_minute',
    window: 'window_start',
    windowType: 'timestamptz',
    measures: MEASURES,
    isRetained: true,
  },
  hour: {
    table: 'usage_hour',
    window: 'window_start',
    windowType: 'timestamptz',
    // The status class is in its key, so 4xx and 5xx need no columns.
    measures: HOUR_MEASURES,
    isRetained: true,
  },
  day: { table: 'usage_day', window: 'day', windowType: 'date', measures: MEASURES, isRetained: false },
  quarter: {
    table: 'usage_quarter',
    window: 'quarter',
    windowType: 'text',
    measures: MEASURES,
    isRetained: false,
  },
};

const COLUMN_OF: Readonly<Record<keyof Measures, string>> = {
  calls: 'calls',
  calls4xx: 'calls_4xx',
  calls5xx: 'calls_5xx',
  calls429: 'calls_429',
  callsList: 'calls_list',
  callsItem: 'calls_item',
  callsWrite: 'calls_write',
  callsAction: 'calls_action',
  callsFile: 'calls_file',
  callsAuth: 'calls_auth',
  callsOther: 'calls_other',
  durationMs: 'duration_ms',
  durationMaxMs: 'duration_max_ms',
  responseBytes: 'response_bytes',
  sms: 'sms',
  smsSegments: 'sms_segments',
  smsTest: 'sms_test',
};

/** The column of a measure in every table that has it. */
export function columnOf(measure: keyof Measures): string {
  return COLUMN_OF[measure];
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly values: readonly (string | number | undefined)[];
}

@Injectable()
export class Counters {
  constructor(@Inject(Dictionary) private readonly dictionary: Dictionary) {}

  /** Adds the sums of one batch, in its transaction. */
  async add(tx: EntityManager, sums: UsageSums): Promise<void> {
    await ensureUsageMonths(tx.dataSource, sums);
    const [integrations, agreements, routes] = [
      await this.dictionary.idsOf('integration', names(sums.minutes, 'integrationId')),
      await this.dictionary.idsOf('agreement', names(sums.minutes, 'agreementId')),
      await this.dictionary.idsOf('route', names(sums.hours, 'route')),
    ];
    const pairColumns = (rows: readonly PairRow[]): Column[] => [
      {
        name: 'integration',
        type: 'integer',
        values: rows.map((row) => integrations.get(row.integrationId)),
      },
      { name: 'agreement', type: 'integer', values: rows.map((row) => agreements.get(row.agreementId)) },
    ];
    const placeColumns = (rows: readonly HourRow[]): Column[] => [
      { name: 'route', type: 'integer', values: rows.map((row) => routes.get(row.route)) },
      { name: 'status_class', type: 'smallint', values: rows.map((row) => row.statusClass) },
    ];
    await upsert(tx, COUNTER_TABLES.minute, sums.minutes, pairColumns(sums.minutes));
    await upsert(tx, COUNTER_TABLES.hour, sums.hours, [
      ...pairColumns(sums.hours),
      ...placeColumns(sums.hours),
    ]);
    await upsert(tx, COUNTER_TABLES.day, sums.days, pairColumns(sums.days));
    await upsert(tx, COUNTER_TABLES.quarter, sums.quarters, pairColumns(sums.quarters));
  }
}

async function upsert(
  tx: EntityManager,
  { table, window, windowType, measures, isRetained }: CounterTable,
  rows: readonly PairRow[],
  dimensions: readonly Column[],
): Promise<void> {
  const keys = [{ name: window, type: windowType, values: rows.map((row) => row.window) }, ...dimensions];
  const columns: Column[] = [
    ...keys,
    ...measures.map((measure) => ({
      name: columnOf(measure),
      type: 'bigint',
      values: rows.map((row) => row[measure]),
    })),
  ];
  const list = columns.map(({ name }) => name).join(', ');
  const key = keys.map(({ name }) => name).join(', ');
  const additions = measures.map((measure) => {
    const column = columnOf(measure);
    return ADDED_MEASURES.includes(measure)
      ? `${column} = counter.${column} + excluded.${column}`
      : `${column} = greatest(counter.${column}, excluded.${column})`;
  });
  await tx.query(
    `insert into ${table} as counter (${list})
     select ${list} from unnest(${columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ')})
       as batch (${list})
     ${isRetained ? keptOnly(table, window) : ''}
     order by ${key}
     on conflict (${key}) do update set ${additions.join(', ')}, revision = counter.revision + 1`,
    // The text of an array: pg would quote and escape each value by itself, at 1.5 µs of node's time for each event. Here are
    // numbers, instants, dates and quarters only, none of which has a character that an array gives a meaning to.
    columns.map(({ values }) => `{${values.join(',')}}`),
  );
}

/**
 * The statement holds its lock on the table before it looks, and a partition is dropped under a stronger one: what it sees here
 * is what there is.
 */
function keptOnly(table: string, window: string): string {
  return `where ${window} >= coalesce(
    (select since from retained_from where partitioned_table = '${table}'), '-infinity')`;
}

function names<Row, Name extends keyof Row>(rows: readonly Row[], name: Name): Row[Name][] {
  return rows.map((row) => row[name]);
}
