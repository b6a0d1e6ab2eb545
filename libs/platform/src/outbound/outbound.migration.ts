import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a room sends to others: each room that sends lists this among its migrations. */
export class Outbound1760000002000 implements MigrationInterface {
  name = 'Outbound1760000002000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table outbound_delivery (
        id text primary key,
        channel text not null,
        -- Who it goes to and what it is about, in the room's own words. Addresses and secrets are looked up when it is sent.
        target text not null,
        subject text not null,
        dedup_key text not null,
        payload text not null check (octet_length(payload) <= 1048576),
        created_at timestamptz not null,
        state text not null check (state in ('pending', 'delivered', 'failed', 'disabled')),
        next_attempt_at timestamptz,
        -- Counts the claims, and is the fencing token of the claim that holds the lease.
        attempts integer not null default 0,
        lease_until timestamptz,
        unique (channel, target, dedup_key),
        check ((state = 'pending') = (next_attempt_at is not null)),
        check (state = 'pending' or lease_until is null)
      );
      create index outbound_delivery_due on outbound_delivery (next_attempt_at) where state = 'pending';
      create index outbound_delivery_subject on outbound_delivery (subject);
      create index outbound_delivery_target on outbound_delivery (target, created_at desc);

      -- Append-only: what was tried, and what came of it.
      create table outbound_attempt (
        delivery_id text not null references outbound_delivery (id),
        number integer not null check (number >= 1),
        at timestamptz not null,
        outcome text not null check (outcome in ('delivered', 'retry', 'gone')),
        status integer,
        duration_ms integer not null,
        detail text not null,
        primary key (delivery_id, number)
      )`);
    await runner.query(`
      do $$ begin
        execute format('revoke update, delete on outbound_attempt from %I', 'taxameter_' || current_schema());
        execute format('revoke delete on outbound_delivery from %I', 'taxameter_' || current_schema());
      end $$`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
