import { partnerPolicy } from '@taxameter/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { CallTotals1760000100032 } from './call-totals/call-totals.migration.js';
import { CallKinds1760000100031 } from './counters/call-kinds.migration.js';
import { SmsTestCounts1760000100033 } from './sms-totals/sms-test-counts.migration.js';
import { UsagePartitions1760000100020 } from './counters/usage-partitions.migration.js';

/**
 * Tables of the counters. What a row costs decides the rate, so names are small integers and the finest level has few
 * dimensions; counts of a minute or an hour fit 32 bits, sums over longer windows take 64.
 */
class Counters1760000100001 implements MigrationInterface {
  name = 'Counters1760000100001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Names as small integers. No foreign keys point here: each costs a look-up for every counter row, and a name is
      -- committed before its id is used and can never be deleted. '' is an event without agreement (or an SMS, which has no route),
      -- so no key holds null.
      create table integration (
        id integer generated always as identity primary key,
        integration_id text not null unique
      );
      create table agreement (
        id integer generated always as identity primary key,
        organization_id text not null unique
      );
      create table route (
        id integer generated always as identity primary key,
        route text not null unique
      );

      -- The window comes first in every key: new rows go to the right edge of the index, and a page of a time range is
      -- one stretch of it.
      create table usage_minute (
        window_start timestamptz not null,
        integration integer not null,
        agreement integer not null,
        calls integer not null,
        calls_4xx integer not null,
        calls_5xx integer not null,
        calls_429 integer not null,
        duration_ms bigint not null,
        response_bytes bigint not null,
        sms integer not null,
        sms_segments integer not null,
        sms_test integer not null,
        revision integer not null default 1,
        primary key (window_start, integration, agreement),
        check (calls_4xx + calls_5xx <= calls and calls_429 <= calls_4xx),
        check (calls + sms + sms_test > 0 and sms_segments >= sms)
      );

      create table usage_hour (
        window_start timestamptz not null,
        integration integer not null,
        agreement integer not null,
        route integer not null,
        status_class smallint not null check (status_class >= 0 and status_class <= 5),
        calls integer not null,
        calls_429 integer not null,
        duration_ms bigint not null,
        response_bytes bigint not null,
        sms integer not null,
        sms_segments integer not null,
        sms_test integer not null,
        revision integer not null default 1,
        primary key (window_start, integration, agreement, route, status_class),
        check (calls_429 <= calls),
        check (calls + sms + sms_test > 0 and sms_segments >= sms)
      );`);
    for (const [table, column] of [
      ['usage_day', 'day date not null'],
      ['usage_quarter', `quarter text not null check (quarter ~ '^20\\d\\d-Q[1-4]$')`],
    ] as const) {
      await runner.query(`
        create table ${table} (
          ${column},
          integration integer not null,
          agreement integer not null,
          calls bigint not null,
          calls_4xx bigint not null,
          calls_5xx bigint not null,
          calls_429 bigint not null,
          duration_ms bigint not null,
          response_bytes bigint not null,
          sms bigint not null,
          sms_segments bigint not null,
          sms_test bigint not null,
          revision bigint not null default 1,
          primary key (${column.split(' ')[0]}, integration, agreement),
          check (calls_4xx + calls_5xx <= calls and calls_429 <= calls_4xx),
          check (calls + sms + sms_test > 0 and sms_segments >= sms)
        )`);
    }
    for (const table of [
      'integration',
      'agreement',
      'route',
      'usage_minute',
      'usage_hour',
      'usage_day',
      'usage_quarter',
    ]) {
      await takeRights(runner, 'delete, truncate', table);
    }
  }

  async down(): Promise<void> {
    // Forward only: counted usage is never thrown away by a migration.
  }
}

/** What billing is held against: totals of the distinct valid SMS below an offset of one partition. */
class SmsTotals1760000100002 implements MigrationInterface {
  name = 'SmsTotals1760000100002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table sms_total (
        partition integer not null,
        integration_id text not null,
        quarter text not null check (quarter ~ '^20\\d\\d-Q[1-4]$'),
        count bigint not null check (count > 0),
        sum_hash numeric(20) not null check (sum_hash >= 0 and sum_hash < 18446744073709551616),
        as_of_offset bigint not null check (as_of_offset > 0),
        primary key (partition, integration_id, quarter)
      )`);
    await takeRights(runner, 'delete, truncate', 'sms_total');
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

/**
 * Who owns an integration when, and the second lock on the counters: a partner's connection sees rows of its integrations
 * only. The reader narrows them to those owned now; the policy alone still lets through those owned once.
 */
class Ownership1760000100003 implements MigrationInterface {
  name = 'Ownership1760000100003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table integration_owner (
        integration_id text not null,
        valid_from timestamptz not null,
        valid_to timestamptz check (valid_to > valid_from),
        partner_id text not null,
        primary key (integration_id, valid_from)
      );
      create index on integration_owner (partner_id);
      ${partnerPolicy('integration_owner')};`);
    for (const table of ['usage_minute', 'usage_hour', 'usage_day', 'usage_quarter']) {
      // The setting is read in a subselect, once for each statement instead of once for each row of a batch.
      await runner.query(`
        alter table ${table} enable row level security;
        create policy own_integrations on ${table} using (
          (select coalesce(current_setting('taxameter.partner', true), '')) = ''
          or integration in (
            select integration.id from integration join integration_owner using (integration_id)
          )
        )`);
    }
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

/** The slowest call of each window. A row from before says 0. The default is no rewrite of the table. */
class SlowestCall1760000100004 implements MigrationInterface {
  name = 'SlowestCall1760000100004';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of ['usage_minute', 'usage_hour', 'usage_day', 'usage_quarter']) {
      // A call's time is cut to a day, so it fits 32 bits.
      await runner.query(
        `alter table ${table} add column duration_max_ms integer not null default 0 check (duration_max_ms >= 0)`,
      );
    }
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

/** A replay changes a total at an offset that was told already, so the offset alone does not order what is published. */
class SmsTotalVersions1760000100010 implements MigrationInterface {
  name = 'SmsTotalVersions1760000100010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table sms_total add column version bigint;
      update sms_total set version = as_of_offset;
      alter table sms_total alter column version set not null, add check (version >= as_of_offset)`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

/**
 * A counter row is raised again with every batch of its window. With room on its page the new version stays there and no index is
 * touched (HOT); without, the batches of a bench took 10 % more of PostgreSQL's time.
 */
class CounterSpace1760000100011 implements MigrationInterface {
  name = 'CounterSpace1760000100011';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of ['usage_minute', 'usage_hour', 'usage_day', 'usage_quarter']) {
      await runner.query(`alter table ${table} set (fillfactor = 50)`);
    }
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

/**
 * Since when a name is known, by the append time of the log: new ones are limited per minute (`counters/admission.service.ts`). Null
 * for names from before, of SMS, and out of quarantine, which take no room of a minute.
 */
class Admission1760000100012 implements MigrationInterface {
  name = 'Admission1760000100012';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table integration add column since timestamptz;
      create index on integration (since) where since is not null;
      alter table agreement add column since timestamptz, add column introduced_by integer;
      create index on agreement (introduced_by, since) where since is not null;
      create table integration_route (
        integration integer not null,
        route text not null,
        since timestamptz,
        primary key (integration, route)
      );
      insert into integration_route (integration, route)
        select distinct usage.integration, route.route
        from usage_hour as usage join route on route.id = usage.route
        where route.route <> ''`);
    await takeRights(runner, 'update, delete, truncate', 'integration_route');
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

async function takeRights(runner: QueryRunner, rights: string, table: string): Promise<void> {
  await runner.query(`revoke ${rights} on ${table} from taxameter_metering`);
}

export const meteringMigrations = [
  Counters1760000100001,
  SmsTotals1760000100002,
  Ownership1760000100003,
  SlowestCall1760000100004,
  SmsTotalVersions1760000100010,
  CounterSpace1760000100011,
  Admission1760000100012,
  UsagePartitions1760000100020,
  CallKinds1760000100031,
  CallTotals1760000100032,
  SmsTestCounts1760000100033,
];
