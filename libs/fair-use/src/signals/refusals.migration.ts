import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What calls were refused for, and the hours in which somebody asked for changes of too long a time. Of what was counted before, nothing
 * is known of these; which calls were served is, from the minutes.
 */
export class RefusalSignals1760000200073 implements MigrationInterface {
  name = 'RefusalSignals1760000200073';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table signal_pair_minute add column auth_failures bigint not null default 0;

      alter table signal_pair_hour
        add column missing_scopes bigint not null default 0,
        add column sms_attempts bigint not null default 0,
        add column sms_rejected bigint not null default 0,
        add column served_calls bigint not null default 0;
      update signal_pair_hour as hour set served_calls = counted.served
      from (select integration_id, agreement_id, minute - minute % 60 + 59 as minute,
                   sum(calls - client_errors - throttled) as served
            from signal_pair_minute group by 1, 2, 3) as counted
      where (hour.integration_id, hour.minute, hour.agreement_id)
          = (counted.integration_id, counted.minute, counted.agreement_id);

      create table signal_route_hour (
        integration_id text not null,
        agreement_id text not null,
        minute integer not null check (minute % 60 = 59),
        route text not null,
        stale_sweeps bigint not null default 0,
        primary key (integration_id, agreement_id, minute, route)
      );`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
