import type { EntityManager } from 'typeorm';
import type { Day } from './days.js';
import type { Reached } from './standing.js';

/** Keeps what was measured of a day, and tells whether it still holds. */

/** So many agreements are looked at on a day, those with the most calls. */
export const MOST_AGREEMENTS = 20;

export interface CountedDay extends Day {
  /** The busiest ones. */
  readonly agreementIds: readonly string[];
  readonly isTruncated: boolean;
  /** Another text when calls or SMS came since, of this day or the one before: windows reach back a day. */
  readonly counted: string;
}

type CountedRow = {
  readonly place: number;
  readonly counted: number;
  readonly agreements: number;
  readonly busiest: readonly string[];
};

/** @param days ascending, one after the other */
export async function countDays(
  tx: EntityManager,
  integrationId: string,
  days: readonly Day[],
): Promise<CountedDay[]> {
  const [first, last] = [days[0]!, days.at(-1)!];
  const dayBefore = first.from - 1440;
  const rows = await tx.query<CountedRow[]>(
    `with hours as (
       select agreement_id, minute, calls from signal_pair_hour
       where integration_id = $1 and minute >= $2 and minute < $3
       union all
       select agreement_id, minute, sms from signal_sms_hour
       where integration_id = $1 and minute >= $2 and minute < $3
       union all
       select agreement_id, minute, blocked_calls from signal_pair_minute
       where integration_id = $1 and minute >= $2 and minute < $3 and blocked_calls > 0
     ), agreements as (
       select width_bucket(minute, $4::integer[]) as place, agreement_id, sum(calls)::bigint as counted
       from hours group by 1, 2
     )
     select place, sum(counted)::bigint as counted, count(*)::integer as agreements,
       (array_agg(agreement_id order by counted desc, agreement_id))[1:$5] as busiest
     from agreements group by place`,
    [integrationId, dayBefore, last.to, [dayBefore, ...days.map(({ from }) => from)], MOST_AGREEMENTS],
  );
  const byPlace = new Map(rows.map((row) => [row.place, row]));
  const countedOf = (place: number) => byPlace.get(place)?.counted ?? 0;
  return days.map((day, index) => {
    const { agreements = 0, busiest = [] } = byPlace.get(index + 2) ?? {};
    return {
      ...day,
      agreementIds: busiest,
      isTruncated: agreements > MOST_AGREEMENTS,
      counted: `${countedOf(index + 1)}|${countedOf(index + 2)}`,
    };
  });
}

export interface KeptDay {
  readonly starts: number;
  readonly reached: readonly Reached[];
}

/** Of these days the ones that were measured by a version of the policy, and of which nothing was counted since. */
export async function readKept(
  tx: EntityManager,
  integrationId: string,
  policyVersion: number,
  days: readonly CountedDay[],
): Promise<KeptDay[]> {
  return tx.query(
    `select starts, reached from standing_day
     join unnest($3::integer[], $4::text[]) as day (starts, counted) using (starts, counted)
     where integration_id = $1 and policy_version = $2`,
    [integrationId, policyVersion, days.map(({ from }) => from), days.map(({ counted }) => counted)],
  );
}

/** Keeps days, and forgets those of the integration that nobody asks for any more. */
export async function keepDays(
  tx: EntityManager,
  integrationId: string,
  policyVersion: number,
  measured: readonly (CountedDay & { readonly reached: readonly Reached[] })[],
  oldest: number,
): Promise<void> {
  await tx.query(
    `insert into standing_day (integration_id, starts, policy_version, counted, reached)
     select $1, starts, $2, counted, reached
     from unnest($3::integer[], $4::text[], $5::jsonb[]) as day (starts, counted, reached)
     on conflict (integration_id, starts) do update set policy_version = excluded.policy_version,
       counted = excluded.counted, reached = excluded.reached`,
    [
      integrationId,
      policyVersion,
      measured.map(({ from }) => from),
      measured.map(({ counted }) => counted),
      measured.map(({ reached }) => JSON.stringify(reached)),
    ],
  );
  await tx.query('delete from standing_day where integration_id = $1 and starts < $2', [
    integrationId,
    oldest,
  ]);
}
