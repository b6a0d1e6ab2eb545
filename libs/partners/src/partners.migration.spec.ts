import { migrateRoom, openRoom } from '@taxameter/platform';
import { createTestDatabase } from '@taxameter/platform/testing';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { WordsOutOfAudit1760000200028 } from './answer/answer.migration.js';
import { Partners1760000101000, partnersMigrations } from './partners.migration.js';

/** The platform's table of answers to repeated commands, as a served room has it. */
class AnswersKept1760000001000 implements MigrationInterface {
  name = 'AnswersKept1760000001000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table idempotency_key (actor text not null, route text not null, key text not null,
        request_hash text not null, answer jsonb, created_at timestamptz not null)`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

it('what was audited before there was a timeline is on it', async () => {
  const { url, drop } = await createTestDatabase();
  const before = { name: 'partners', migrations: [Partners1760000101000] };
  try {
    await migrateRoom(url, before);
    const old = await openRoom(url, before);
    await old.query(
      `insert into audit_entry (at, actor_id, actor_role, action, subject, "after")
       values (now(), 'tok_1', 'ops', 'integration_created', 'integration|isv_a', '{"integrationId": "isv_a"}'),
              (now(), 'tok_1', 'ops', 'partner_created', 'partner|par_a', '{"partnerId": "par_a"}')`,
    );
    await old.destroy();
    await migrateRoom(url, { ...before, migrations: partnersMigrations });
    const room = await openRoom(url, before);
    const rows = await room.query('select subject, integration_id from audit_entry order by id');
    expect(rows).toEqual([
      { subject: 'integration|isv_a', integration_id: 'isv_a' },
      { subject: 'partner|par_a', integration_id: null },
    ]);
    await expect(room.query("update audit_entry set integration_id = 'x'")).rejects.toThrow(
      'permission denied',
    );
    await room.destroy();
  } finally {
    await drop();
  }
});

it('persons and words that were audited before are taken out, and what the timeline needs stays', async () => {
  const { url, drop } = await createTestDatabase();
  const since = partnersMigrations.indexOf(WordsOutOfAudit1760000200028);
  const before = { name: 'partners', migrations: partnersMigrations.slice(0, since) };
  const application = `{"applicationId": "app_1", "kind": "new", "details": {"purpose": "Hemmeligt"}, "note": "Hemmeligt"}`;
  const reply = `{"restrictionId": "rst_1", "kind": "reply", "text": "Hemmeligt", "answer": null}`;
  try {
    await migrateRoom(url, { ...before, migrations: [AnswersKept1760000001000, ...before.migrations] });
    const old = await openRoom(url, before);
    await old.query(
      `insert into audit_entry (at, actor_id, actor_role, action, subject, "before", "after")
       values (now(), 'a', 'partner', 'application_changed', 'application|app_1', $1, $1),
              (now(), 'a', 'partner', 'answer_created', 'answer|rst_1', null, $2)`,
      [application, reply],
    );
    await old.query(
      `insert into idempotency_key (actor, route, key, request_hash, answer, created_at)
       values ('a', 'POST /v1/applications', 'k', 'h', $1, now()),
              ('a', 'POST /v1/applications/:applicationId/ask', 'k', 'h', $1, now()),
              ('a', 'POST /v1/partners/:partnerId/applications', 'k', 'h', $1, now()),
              ('a', 'POST /v1/restrictions/:restrictionId/replies', 'k', 'h', $2, now())`,
      [application, reply],
    );
    await old.destroy();
    await migrateRoom(url, { ...before, migrations: partnersMigrations });
    const room = await openRoom(url, before);
    const kept = await room.query('select "before", "after" from audit_entry order by id');
    expect(kept).toEqual([
      {
        before: { applicationId: 'app_1', kind: 'new' },
        after: { applicationId: 'app_1', kind: 'new' },
      },
      { before: null, after: { restrictionId: 'rst_1', kind: 'reply' } },
    ]);
    expect(JSON.stringify(await room.query('select * from idempotency_key'))).not.toContain('Hemmeligt');
    await room.destroy();
  } finally {
    await drop();
  }
});
