import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the rules see of the SMS that were sent, by minute and by hour of UTC. */
export class SmsSignals1760000200075 implements MigrationInterface {
  name = 'SmsSignals1760000200075';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table signal_sms_minute (
        integration_id text not null,
        agreement_id text not null,
        minute integer not null,
        sms bigint not null default 0,
        sendings jsonb not null default '{}',
        primary key (integration_id, agreement_id, minute)
      );
      create table signal_sms_hour (
        integration_id text not null,
        agreement_id text not null,
        minute integer not null check (minute % 60 = 59),
        sms bigint not null default 0,
        foreign_sms bigint not null default 0,
        primary key (integration_id, minute, agreement_id)
      )`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
