import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the rules see of an hour; the calls of the hours before it are those of their minutes.
 *
 * The rows of an agreement lie together, since most rules read these; which agreements of an integration called at some time is known
 * from the hours, of which there are few.
 */
export class SignalHours1760000200070 implements MigrationInterface {
  name = 'SignalHours1760000200070';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table signal_pair_hour (
        integration_id text not null,
        agreement_id text not null,
        minute integer not null check (minute % 60 = 59),
        calls bigint not null default 0,
        legacy_auth_calls bigint not null default 0,
        primary key (integration_id, agreement_id, minute)
      );
      create index signal_pair_hour_by_time on signal_pair_hour (integration_id, minute);
      insert into signal_pair_hour (integration_id, agreement_id, minute, calls)
      select integration_id, agreement_id, minute - minute % 60 + 59 as hour, sum(calls)
      from signal_pair_minute group by integration_id, agreement_id, hour;

      alter table signal_pair_minute
        drop constraint signal_pair_minute_calls_check, add check (calls >= 0);
      alter table signal_route_minute
        alter column unfiltered_sweeps set default 0;

      -- The merge of counted sets (signals/measure.ts): counts added hash by hash, the smallest hashes kept.
      create function merged_counts(kept jsonb, added jsonb, most integer) returns jsonb
        language sql immutable parallel safe as $$
          select coalesce(jsonb_object_agg(hash, count), '{}')
          from (
            select hash, sum(counted::bigint) as count
            from (select * from jsonb_each_text(kept) union all select * from jsonb_each_text(added)) as each (hash, counted)
            group by hash order by hash collate "C" limit most
          ) as smallest
        $$;`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
