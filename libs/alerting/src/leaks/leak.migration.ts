import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * An alert is about a breach or about a leak, a row for each leak of a block. Both share the sequence of the live stream.
 * Subscriptions hear of both, those that were there too: a leak is a fault that nobody else tells of.
 */
export class Leaks1760000200030 implements MigrationInterface {
  name = 'Leaks1760000200030';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table alert
        add column kind text not null default 'breach' check (kind in ('breach', 'leak')),
        alter column breach_id drop not null,
        alter column rule_id drop not null,
        alter column breach drop not null,
        add column restriction_id text,
        add column episode integer check (episode >= 1),
        add column resolution text check (resolution in ('tight', 'ended')),
        -- The fact that said something of the leak last, whole.
        add column observed jsonb,
        add unique (restriction_id, episode),
        add check (num_nonnulls(breach_id, rule_id, breach) = case kind when 'breach' then 3 else 0 end),
        add check (num_nonnulls(restriction_id, episode, observed) = case kind when 'leak' then 3 else 0 end),
        add check (kind = 'breach' and resolution is null
          or kind = 'leak' and (state = 'resolved') = (resolution is not null));
      -- Few at a time: those whose block may end.
      create index alert_open_leak on alert (restriction_id) where kind = 'leak' and state = 'open';

      alter table subscription
        add column kinds text[] not null default '{breach,leak}'
          check (kinds <@ '{breach,leak}' and cardinality(kinds) >= 1);`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
