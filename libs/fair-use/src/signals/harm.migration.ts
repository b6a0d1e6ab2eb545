import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the evidence of cases says of the platform and of answers. Of minutes counted before, the platform's work is what counted for
 * anybody, so that no share is above the whole, and how long calls took is not known; of their answers nothing is.
 */
export class HarmSignals1760000200086 implements MigrationInterface {
  name = 'HarmSignals1760000200086';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table signal_platform_minute (
        minute integer not null,
        partition integer not null,
        calls bigint not null default 0,
        server_time_ms bigint not null default 0,
        durations integer[] not null default '{}' check (cardinality(durations) in (0, 41)),
        primary key (minute, partition)
      );
      insert into signal_platform_minute (minute, partition, calls, server_time_ms)
      select minute, -1, sum(calls), sum(server_time_ms) from signal_pair_minute group by minute;

      create table signal_answer_hour (
        integration_id text not null,
        minute integer not null check (minute % 60 = 59),
        agreement_id text not null,
        method text not null,
        route text not null,
        calls bigint not null default 0,
        server_time_ms bigint not null default 0,
        successes bigint not null default 0,
        redirects bigint not null default 0,
        refusals bigint not null default 0,
        failures bigint not null default 0,
        aborted bigint not null default 0,
        restricted bigint not null default 0,
        event_ids jsonb not null default '[]',
        primary key (integration_id, minute, agreement_id, method, route)
      );

      -- The merge of sampled texts (signals/measure.ts): the smallest are kept.
      create function smallest_texts(kept jsonb, added jsonb, most integer) returns jsonb
        language sql immutable parallel safe as $$
          select coalesce(jsonb_agg(each order by each collate "C"), '[]')
          from (
            select distinct each collate "C" as each from jsonb_array_elements_text(kept || added) as each
            order by 1 limit most
          ) as smallest
        $$;`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
