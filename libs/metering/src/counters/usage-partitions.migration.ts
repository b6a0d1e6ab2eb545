import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Minutes and hours by month (UTC), so that old ones are dropped whole. Rows move in one transaction: a start waits for it, and
 * nobody sees half of them.
 */
export class UsagePartitions1760000100020 implements MigrationInterface {
  name = 'UsagePartitions1760000100020';

  async up(runner: QueryRunner): Promise<void> {
    // A year of hours takes longer to move than a statement of a room may last.
    await runner.query('set local statement_timeout = 0');
    await runner.query(`
      -- Runs as the owner, because the room's role may not create tables. ATTACH does not wait for open batches. A month that
      -- was dropped is not made anew: its rows would be a part of what was counted and look like the whole.
      create function ensure_usage_month(parent text, wanted date)
      returns void language plpgsql security definer set timezone = 'UTC' as $$
      declare
        month_start timestamptz := date_trunc('month', wanted::timestamptz);
        child text := parent || '_' || to_char(month_start, 'YYYYMM');
      begin
        if parent not in ('usage_minute', 'usage_hour') then
          raise exception '% has no months', parent;
        end if;
        perform pg_advisory_xact_lock_shared(7340005, hashtext(current_schema()));
        perform pg_advisory_xact_lock(7340001, hashtext(current_schema() || child));
        if to_regclass(child) is null
          and not exists (select from retained_from where partitioned_table = parent and since > month_start)
        then
          -- Room on the page for the next version of a row: a partitioned table has no storage parameters to inherit.
          execute format('create table %I (like %I including all) with (fillfactor = 50)', child, parent);
          -- Row-level security is that of the table which a statement names, so nobody may name this one.
          execute format('revoke all on %I from taxameter_metering', child);
          execute format('alter table %I attach partition %I for values from (%L) to (%L)',
                         parent, child, month_start, month_start + interval '1 month');
        end if;
      end $$`);
    await runner.query(`
      do $$ begin
        execute format('alter function ensure_usage_month(text, date) set search_path = %I, pg_temp', current_schema());
      end $$`);
    await partition(runner, 'usage_minute', 'window_start, integration, agreement');
    await partition(runner, 'usage_hour', 'window_start, integration, agreement, route, status_class');
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

async function partition(runner: QueryRunner, table: string, key: string): Promise<void> {
  const before = `${table}_before`;
  await runner.query(`
    alter table ${table} rename to ${before};
    alter index ${table}_pkey rename to ${before}_pkey;
    create table ${table} (like ${before} including defaults including constraints) partition by range (window_start);
    alter table ${table} add primary key (${key});
    revoke delete, truncate on ${table} from taxameter_metering;
    alter table ${table} enable row level security;
    -- The setting is read in a subselect, once for each statement instead of once for each row of a batch.
    create policy own_integrations on ${table} using (
      (select coalesce(current_setting('taxameter.partner', true), '')) = ''
      or integration in (select integration.id from integration join integration_owner using (integration_id))
    )`);
  await runner.query(
    `select ensure_usage_month($1, month) from (
       select distinct date_trunc('month', window_start, 'UTC')::date as month from ${before}
     ) as months`,
    [table],
  );
  await runner.query(`
    insert into ${table} select * from ${before} order by ${key};
    drop table ${before}`);
}
