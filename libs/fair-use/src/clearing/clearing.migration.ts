import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far each case was looked at, and after which settlements calls opened it again. */
export class Clearing1760000200085 implements MigrationInterface {
  name = 'Clearing1760000200085';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table breach add column reopened_after integer[] not null default '{}';

      -- A row for each case that may still be over by itself, or of which a settled minute is not closed yet.
      create table breach_look (
        breach_id text primary key references breach,
        integration_id text not null,
        looked_through integer not null,
        next_minute integer not null check (next_minute > looked_through),
        quiet_after integer not null,
        confirmed jsonb
      );
      create index breach_look_next on breach_look (next_minute);
      create index breach_look_of_integration on breach_look (integration_id, next_minute);
      alter table breach_look enable row level security;
      create policy own_rows on breach_look using (coalesce(current_setting('taxameter.partner', true), '') = '');

      -- Cases from before are looked at from their proof on.
      insert into breach_look (breach_id, integration_id, looked_through, next_minute, quiet_after, confirmed)
      select breach_id, integration_id, proof.minute, proof.minute + 1, proof.minute, jsonb_build_object(
        'breach', body,
        'peak', jsonb_build_object('value', peak_value, 'windowEnd',
          to_char(peak_window_end at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
      from breach
      cross join lateral (select (extract(epoch from window_end) / 60)::integer - 1 as minute) as proof
      where state = 'open'`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
