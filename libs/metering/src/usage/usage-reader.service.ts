import { Inject, Injectable } from '@nestjs/common';
import { TOPICS } from '@taxameter/contracts';
import { databaseOf, Problem, withActor, type Actor } from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { columnOf, COUNTER_TABLES, type CounterTable } from '../counters/counters.service.js';
import { ADDED_MEASURES, MEASURES, type Measures } from '../counters/usage-sums.js';
import {
  ownedOnly,
  ownIntegrations,
  refuseForeign,
  type Bind,
  type Ownership,
} from '../ownership/own-integrations.service.js';
import { ROOM } from '../room.js';
import { notRetained, type RetainedFrom } from './retained-range.js';
import { instantIn } from './time-zone.js';
import { STATUS_CLASSES, windowIn, type Dimension, type RowKey, type UsagePlan } from './usage-plan.js';

/**
 * Reads the counters for people. Figures and the positions that they include come from one statement, hence from one
 * snapshot: `asOf` is exact also while events are being counted.
 */

/** Everything below `nextOffset` of that partition is in the figures, nothing from it on. */
export interface ReadPosition {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: number;
}

export interface UsageItem extends Measures {
  readonly integrationId?: string;
  readonly organizationId?: string | null;
  readonly route?: string | null;
  readonly statusClass?: string;
  readonly windowStart: string;
  readonly windowEnd: string;
  readonly revision: number;
}

type Row = Measures & {
  readonly window: string;
  readonly revision: number;
  readonly integration?: number;
  readonly agreement?: number;
  readonly route?: number;
  readonly statusClass?: number;
  readonly integrationName?: string;
  readonly agreementName?: string;
  readonly routeName?: string;
};

const COLUMN_OF_DIMENSION: Readonly<Record<Dimension, string>> = {
  integration: 'integration',
  agreement: 'agreement',
  route: 'route',
  statusClass: 'status_class',
};

/** Tables that turn a number back into its name, and the column that holds it. */
const NAMES = { integration: 'integration_id', agreement: 'organization_id', route: 'route' } as const;

/** Belongs into the statement that reads the figures: they are then of one snapshot. */
export const POSITIONS_AS_OF = `
  (select coalesce(json_agg(json_build_object(
            'topic', topic, 'partition', partition, 'nextOffset', next_offset) order by topic, partition), '[]')
   from consumer_position where topic in ('${TOPICS.apiCalls.name}', '${TOPICS.smsSent.name}')) as "asOf"`;

@Injectable()
export class UsageReader {
  constructor(@Inject(databaseOf(ROOM)) private readonly database: DataSource) {}

  /**
   * One page.
   * @throws Problem 404 when a partner names an integration that it does not own now, or a part of the range is not kept any more
   */
  async page(actor: Actor, plan: UsagePlan, now: Date) {
    return withActor(this.database, actor, async (tx) => {
      const mine = ownIntegrations(actor, now);
      if (mine && plan.integrationId !== null) await refuseForeign(tx, mine, plan.integrationId);
      const parameters: unknown[] = [];
      const sql = pageSql(plan, mine, (value) => `$${parameters.push(value)}`);
      const [found] = await tx.query<[{ items: Row[]; asOf: ReadPosition[]; retained: KeptSince[] }]>(
        sql,
        parameters,
      );
      refuseDropped(plan, found.retained);
      const rows = found.items.slice(0, plan.limit);
      const last = rows.at(-1);
      const hasMore = found.items.length > plan.limit && last !== undefined;
      return {
        items: rows.map((row) => itemOf(plan, row)),
        /** Where the next page goes on; null on the last one. */
        next: hasMore ? keyOf(plan, last) : null,
        asOf: found.asOf,
      };
    });
  }

  /** How many rows all pages have together; above `atMost` it stops counting. */
  async countRows(actor: Actor, plan: UsagePlan, atMost: number, now: Date): Promise<number> {
    const parameters: unknown[] = [];
    const bind: Bind = (value) => `$${parameters.push(value)}`;
    const conditions = conditionsOf(plan, ownIntegrations(actor, now), bind);
    const keys = keysOf(plan).join(', ');
    return withActor(this.database, actor, async (tx) => {
      const [{ rows }] = await tx.query<[{ rows: number }]>(
        `select count(*) as rows from (
           select from ${sourceOf(plan).table} ${daysJoined(plan, bind)} where ${conditions}
           group by ${keys} limit ${bind(atMost + 1)}) as counted`,
        parameters,
      );
      return rows;
    });
  }
}

/** The table that holds what a plan asks for. */
function sourceOf({ granularity, days }: UsagePlan): CounterTable {
  return days ? { ...COUNTER_TABLES.hour, window: 'day', windowType: 'date' } : COUNTER_TABLES[granularity];
}

/** Days of another zone as stretches of hours. They come from here, so that PostgreSQL needs to know no zone. */
function daysJoined({ days }: UsagePlan, bind: Bind): string {
  if (!days) return '';
  const lists = [
    `${bind(days.map(({ key }) => key))}::date[]`,
    `${bind(days.map(({ start }) => start))}::timestamptz[]`,
    `${bind(days.map(({ end }) => end))}::timestamptz[]`,
  ];
  return `join unnest(${lists.join(', ')}) as zone_day (day, day_start, day_end)
            on window_start >= day_start and window_start < day_end`;
}

function keysOf(plan: UsagePlan): string[] {
  return [sourceOf(plan).window, ...plan.groupBy.map((dimension) => COLUMN_OF_DIMENSION[dimension])];
}

function conditionsOf(plan: UsagePlan, mine: Ownership | null, bind: Bind): string {
  const { window, windowType } = sourceOf(plan);
  const inRange = (operator: string, key: string) => `${window} ${operator} ${bind(key)}::${windowType}`;
  const conditions = [inRange('>=', plan.range.fromKey), inRange('<', plan.range.toKey)];
  if (plan.integrationId !== null) {
    conditions.push(
      `integration = (select id from integration where integration_id = ${bind(plan.integrationId)})`,
    );
  }
  if (plan.organizationId !== null) {
    conditions.push(
      `agreement = (select id from agreement where organization_id = ${bind(plan.organizationId)})`,
    );
  }
  if (plan.statusClass !== null) conditions.push(`status_class = ${bind(plan.statusClass)}`);
  if (plan.route !== null) {
    conditions.push(`route = (select id from route as named where named.route = ${bind(plan.route)})`);
  }
  if (plan.after) {
    const [after, ...numbers] = plan.after;
    const values = [`${bind(after)}::${windowType}`, ...numbers.map((value) => `${bind(value)}::integer`)];
    conditions.push(`(${keysOf(plan).join(', ')}) > (${values.join(', ')})`);
  }
  return `${conditions.join(' and ')} ${ownedOnly(mine, bind)}`;
}

/** One row more than the page holds: it tells whether there is a next one. */
function pageSql(plan: UsagePlan, mine: Ownership | null, bind: Bind): string {
  const counter = sourceOf(plan);
  const keys = keysOf(plan);
  const named = plan.groupBy.flatMap((dimension) => (dimension === 'statusClass' ? [] : [dimension]));
  const dimensions = plan.groupBy.map(
    (dimension) => `${COLUMN_OF_DIMENSION[dimension]} as ${quoted(dimension)}`,
  );
  return `
    with page as (
      select ${[`${counter.window} as "window"`, ...dimensions].join(', ')}, ${sumsOf(counter)},
             sum(revision) as revision
      from ${counter.table} ${daysJoined(plan, bind)}
      where ${conditionsOf(plan, mine, bind)}
      group by ${keys.join(', ')} order by ${keys.join(', ')} limit ${bind(plan.limit + 1)}
    ), named as (
      select page.* ${named.map((name) => `, ${name}.${NAMES[name]} as "${name}Name"`).join('')}
      from page ${named.map((name) => `join ${name} on ${name}.id = page.${name}`).join(' ')}
    )
    select (select coalesce(json_agg(named order by ${['window', ...plan.groupBy].map(quoted).join(', ')}), '[]')
            from named) as items, ${RETAINED}, ${POSITIONS_AS_OF}`;
}

interface KeptSince {
  readonly table: string;
  readonly since: string;
}

/** In the statement that reads the figures: what is dropped after it does not make a hole in them. */
const RETAINED = `
  (select coalesce(json_agg(json_build_object('table', partitioned_table, 'since', since)), '[]')
   from retained_from) as retained`;

function refuseDropped(plan: UsagePlan, kept: readonly KeptSince[]): void {
  const sinceOf = ({ table }: CounterTable) => kept.find((one) => one.table === table)?.since;
  const retained: RetainedFrom = Object.fromEntries(
    Object.entries(COUNTER_TABLES).flatMap(([granularity, counter]) => {
      const since = sinceOf(counter);
      return since === undefined ? [] : [[granularity, new Date(since)]];
    }),
  );
  const refusal = notRetained(plan, retained);
  if (refusal === null) return;
  const { detail, retainedFrom, coarser } = refusal;
  throw new Problem(404, 'usage-not-retained', detail, { retainedFrom: retainedFrom.toISOString(), coarser });
}

/** How figures of several rows become one. */
export function foldOf(measure: keyof Measures): 'sum' | 'max' {
  return ADDED_MEASURES.includes(measure) ? 'sum' : 'max';
}

/** Every measure of a counter table, folded under its name. */
export function sumsOf({ measures }: CounterTable): string {
  return MEASURES.map((measure) => {
    if (measures.includes(measure)) {
      return `${foldOf(measure)}(${columnOf(measure)}) as ${quoted(measure)}`;
    }
    // Only the hour lacks them; there the class is a dimension.
    const statusClass = measure === 'calls4xx' ? 4 : 5;
    return `coalesce(sum(calls) filter (where status_class = ${statusClass}), 0) as ${quoted(measure)}`;
  }).join(', ');
}

function keyOf(plan: UsagePlan, row: Row): RowKey {
  return [windowIn(plan, row.window).key, ...plan.groupBy.map((dimension) => row[dimension]!)];
}

function itemOf(plan: UsagePlan, row: Row): UsageItem {
  const { groupBy, zone } = plan;
  const { start, end } = windowIn(plan, row.window);
  const has = (dimension: Dimension) => groupBy.includes(dimension);
  const measures = Object.fromEntries(
    MEASURES.map((measure) => [measure, row[measure]]),
  ) as unknown as Measures;
  return {
    ...(has('integration') && { integrationId: row.integrationName! }),
    ...(has('agreement') && { organizationId: row.agreementName || null }),
    ...(has('route') && { route: row.routeName || null }),
    ...(has('statusClass') && { statusClass: STATUS_CLASSES[row.statusClass!]! }),
    windowStart: instantIn(zone, start),
    windowEnd: instantIn(zone, end),
    ...measures,
    revision: row.revision,
  };
}

export function quoted(name: string): string {
  return `"${name}"`;
}
