import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When the sources of events were heard, and which of them went silent: ours to mend, and no partner's. */
export class DataGaps1760000200076 implements MigrationInterface {
  name = 'DataGaps1760000200076';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table source_heard (
        topic text not null,
        partition integer not null,
        source text not null,
        minute integer not null,
        minutes bit(60) not null,
        newest_append timestamptz not null,
        newest_event timestamptz not null,
        heard_since timestamptz not null,
        heard_from timestamptz not null,
        primary key (topic, partition, source)
      );
      create table data_gap (
        gap_id bigint generated always as identity primary key,
        source text not null,
        silent_since timestamptz not null,
        newest_event timestamptz not null,
        opened_at timestamptz not null,
        resolved_at timestamptz,
        resolution text check (resolution in ('heard-again', 'gone')),
        backlog_from timestamptz,
        check ((resolved_at is null) = (resolution is null))
      );
      create unique index data_gap_one_open on data_gap (source) where resolved_at is null`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
