import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Partitions are dropped whole when they are old, and the room remembers from when on it still has everything. */
export class Retention1760000004000 implements MigrationInterface {
  name = 'Retention1760000004000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- No row: nothing was ever dropped of that table.
      create table retained_from (
        partitioned_table text primary key,
        since timestamptz not null
      );

      -- Runs as the owner, because the room's role owns no table. One partition a call, so that what was dropped stays dropped
      -- when the next one is in use. DETACH waits for open batches and the next ones wait behind it: hence the short lock_timeout,
      -- which also ends before PostgreSQL looks for a deadlock (1 s), so that never a batch is the one that is given up.
      create function drop_oldest_partition(parent text, before timestamptz)
      returns table (dropped text, kept_since timestamptz)
      language plpgsql security definer set lock_timeout = '800ms' set timezone = 'UTC' as $$
      declare
        whole regclass;
        child regclass;
      begin
        perform pg_advisory_xact_lock(7340005, hashtext(current_schema()));
        select bounded.whole, bounded.child, bounded.child_name, bounded.child_end
          into whole, child, dropped, kept_since
        from (
          select parted.oid::regclass as whole, part.oid::regclass as child, part.relname::text as child_name,
                 substring(pg_get_expr(part.relpartbound, part.oid) from 'TO \\(''([^'']+)''\\)$')::timestamptz as child_end
          from pg_class parted
          join pg_inherits on inhparent = parted.oid
          join pg_class part on part.oid = inhrelid
          where parted.relname = parent and parted.relnamespace = current_schema()::regnamespace and parted.relkind = 'p'
        ) as bounded
        where child_end <= before order by child_end limit 1;
        if child is null then
          return;
        end if;
        execute format('alter table %s detach partition %s', whole, child);
        execute format('drop table %s', child);
        insert into retained_from as known (partitioned_table, since) values (parent, kept_since)
        on conflict (partitioned_table) do update set since = greatest(known.since, excluded.since);
        return next;
      end $$;

      -- As before, but a day that was dropped is not made anew: an empty day would say of every call that it was never seen.
      -- An event that comes so late finds no partition (SQLSTATE 23514) and goes to quarantine.
      create or replace function ensure_seen_call_day(wanted date)
      returns void language plpgsql security definer set timezone = 'UTC' as $$
      declare
        child text := 'seen_call_' || to_char(wanted, 'YYYYMMDD');
      begin
        perform pg_advisory_xact_lock_shared(7340005, hashtext(current_schema()));
        perform pg_advisory_xact_lock(7340001, hashtext(current_schema() || child));
        if to_regclass(child) is null
          and not exists (select from retained_from where partitioned_table = 'seen_call' and since > wanted)
        then
          execute format('create table %I (like seen_call including all)', child);
          execute format('alter table seen_call attach partition %I for values from (%L) to (%L)',
                         child, wanted, wanted + 1);
        end if;
      end $$;
    `);
    await runner.query(`
      do $$ begin
        execute format('alter function drop_oldest_partition(text, timestamptz) set search_path = %I, pg_temp', current_schema());
        execute format('alter function ensure_seen_call_day(date) set search_path = %I, pg_temp', current_schema());
        execute format('revoke insert, update, delete on retained_from from %I', 'taxameter_' || current_schema());
      end $$`);
  }

  async down(): Promise<void> {
    // Forward only: what was dropped does not come back.
  }
}
