import { TOPICS, type Topic } from '@taxameter/contracts';
import type { Auditor } from '@taxameter/platform';

/** Each counted event stands once in each table of counters: their sums against what the accounting says was counted. */

const TABLES = ['usage_minute', 'usage_hour', 'usage_day', 'usage_quarter'] as const;

const auditorOf = (name: string, topic: Topic, table: string, sum: string): Auditor => ({
  name: `${name} in ${table} against those counted`,
  topic: topic.name,
  sql: `
    select (select coalesce(sum(counted), 0) from consumer_accounting where topic = '${topic.name}')::bigint as expected,
           (select coalesce(sum(${sum}), 0) from ${table})::bigint as found`,
});

export const meteringAuditors: readonly Auditor[] = TABLES.flatMap((table) => [
  auditorOf('calls', TOPICS.apiCalls, table, 'calls::bigint'),
  auditorOf('SMS', TOPICS.smsSent, table, '(sms + sms_test)::bigint'),
]);
