import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A subscription reaches a URL or a mailbox. A mailbox has no secret: nothing is signed. */
export class Email1760000400011 implements MigrationInterface {
  name = 'Email1760000400011';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table subscription
        add column channel text not null default 'webhook' check (channel in ('webhook', 'email')),
        add column email text,
        alter column url drop not null,
        add check ((channel = 'webhook') = (url is not null)),
        add check ((channel = 'email') = (email is not null)),
        add check (channel = 'webhook' or secret = '' and previous_secret is null);`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
