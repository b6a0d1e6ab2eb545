import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is frozen of cases, and what is to be frozen once the hours it is about are closed. */
export class CaseEvidence1760000200087 implements MigrationInterface {
  name = 'CaseEvidence1760000200087';

  async up(runner: QueryRunner): Promise<void> {
    // The body is kept as the text that was hashed: jsonb would write it in another order.
    await runner.query(`
      create table case_evidence (
        breach_id text not null references breach,
        occurrence integer not null check (occurrence >= 1),
        severity text not null check (severity in ('info', 'warning', 'error', 'critical')),
        body text not null,
        sha256 text not null check (sha256 = encode(sha256(convert_to(body, 'UTF8')), 'hex')),
        frozen_at timestamptz not null,
        primary key (breach_id, occurrence, severity)
      );
      revoke update, delete on case_evidence from taxameter_fair_use;
      alter table case_evidence enable row level security;
      create policy own_rows on case_evidence using (
        coalesce(current_setting('taxameter.partner', true), '') = ''
        or exists (select from breach where breach.breach_id = case_evidence.breach_id)
      );

      create table evidence_due (
        breach_id text not null references breach,
        occurrence integer not null,
        severity text not null,
        minute integer not null,
        proof jsonb not null,
        primary key (breach_id, occurrence, severity)
      );
      create index evidence_due_next on evidence_due (minute);
      alter table evidence_due enable row level security;
      create policy own_rows on evidence_due using (
        coalesce(current_setting('taxameter.partner', true), '') = ''
        or exists (select from breach where breach.breach_id = evidence_due.breach_id)
      );

      -- Of cases that are open, what proves them now.
      insert into evidence_due (breach_id, occurrence, severity, minute, proof)
      select breach_id, (body ->> 'occurrence')::integer, severity, judged - judged % 60 + 59, body
      from breach
      cross join lateral (select (extract(epoch from window_end) / 60)::integer - 1 as judged) as proven
      where state = 'open'`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
