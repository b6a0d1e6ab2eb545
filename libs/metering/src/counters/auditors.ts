import { TOPICS, ZONE, type Topic } from '@taxameter/contracts';
import type { Auditor } from '@taxameter/platform';

/**
 * Each counted event stands once in each table of counters. Their sums against what the accounting says was counted; of a table
 * from which something was dropped, the days that are there in whole against the same ones in the table of days, which is kept.
 */

const TABLES = ['usage_minute', 'usage_hour', 'usage_day', 'usage_quarter'] as const;
type Table = (typeof TABLES)[number];

/** A table loses whole months of UTC, which end within a day of Copenhagen: the first one in whole is the next. */
const FIRST_WHOLE_DAY = `(since at time zone '${ZONE}')::date + 1`;

const auditorOf = (name: string, topic: Topic, table: Table, sum: string): Auditor => {
  const isRetained = table === 'usage_minute' || table === 'usage_hour';
  return {
    name: `${name} in ${table} against those counted`,
    topic: topic.name,
    sql: isRetained ? wholeDaysSql(topic, table, sum) : everythingSql(topic, table, sum),
  };
};

function everythingSql(topic: Topic, table: Table, sum: string): string {
  return `select ${countedSql(topic)}::bigint as expected, (select coalesce(sum(${sum}), 0) from ${table})::bigint as found`;
}

function wholeDaysSql(topic: Topic, table: Table, sum: string): string {
  return `
    with kept as (
      select max(${FIRST_WHOLE_DAY}) as first_day from retained_from where partitioned_table = '${table}'
    )
    select case when first_day is null then ${countedSql(topic)}
                else (select coalesce(sum(${sum}), 0) from usage_day where day >= first_day) end::bigint as expected,
           (select coalesce(sum(${sum}), 0) from ${table}
            where first_day is null or window_start >= first_day::timestamp at time zone '${ZONE}')::bigint as found
    from kept`;
}

function countedSql(topic: Topic): string {
  return `(select coalesce(sum(counted), 0) from consumer_accounting where topic = '${topic.name}')`;
}

export const meteringAuditors: readonly Auditor[] = TABLES.flatMap((table) => [
  auditorOf('calls', TOPICS.apiCalls, table, 'calls::bigint'),
  auditorOf('SMS', TOPICS.smsSent, table, '(sms + sms_test)::bigint'),
]);
