import type { EntityManager } from 'typeorm';
import { hoursBefore } from './active-agreements.js';

/** How many agreements of an integration are active at each of some minutes (`Around`). */
export async function countActiveAgreements(
  tx: EntityManager,
  integrationId: string,
  minutes: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  if (minutes.length === 0) return new Map();
  const spans = minutes.map(hoursBefore);
  const rows = await tx.query<{ minute: number; active: number }[]>(
    `select asked.minute, (
       select count(*)::integer from (
         select agreement_id from signal_pair_hour
         where integration_id = $1 and minute > asked.after and minute <= asked.through and served_calls > 0
         union
         select agreement_id from signal_pair_hour as running
         where integration_id = $1 and minute = asked.through + 60 and served_calls > 0
           and exists (select from signal_pair_minute as own
                       where own.integration_id = $1 and own.agreement_id = running.agreement_id
                         and own.minute > asked.through and own.minute <= asked.minute
                         and own.calls > own.client_errors + own.throttled)
       ) as served where agreement_id <> ''
     ) as active
     from unnest($2::integer[], $3::integer[], $4::integer[]) as asked (minute, after, through)`,
    [integrationId, minutes, spans.map(({ from }) => from), spans.map(({ to }) => to)],
  );
  return new Map(rows.map(({ minute, active }) => [minute, active]));
}
