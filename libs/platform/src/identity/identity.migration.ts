import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tokens and set-up links. Only hashes are stored: who reads the table cannot sign in. */
export class Identity1760000000000 implements MigrationInterface {
  name = 'Identity1760000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table token (
        id text primary key,
        secret_hash bytea not null unique,
        role text not null check (role in ('ingest', 'ops', 'finance', 'partner', 'admin')),
        partner_id text,
        name text not null,
        created_at timestamptz not null,
        expires_at timestamptz,
        revoked_at timestamptz,
        check ((role = 'partner') = (partner_id is not null))
      );

      create table setup_link (
        secret_hash bytea primary key,
        expires_at timestamptz not null
      );`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

/** A gateway asks what it must enforce, and nothing else. */
export class GatewayRole1760000000001 implements MigrationInterface {
  name = 'GatewayRole1760000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table token drop constraint token_role_check;
      alter table token add constraint token_role_check
        check (role in ('ingest', 'ops', 'finance', 'partner', 'gateway', 'admin'))`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

/** Partners keep their own tokens: which token made which, so that what a stolen one made is found. */
export class TokensOfPartners1760000000002 implements MigrationInterface {
  name = 'TokensOfPartners1760000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table token add column created_by text;
      create index token_of_partner on token (partner_id, id) where partner_id is not null;
      create index token_made_by on token (created_by) where created_by is not null`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
