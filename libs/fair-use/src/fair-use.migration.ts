import { Observation1760000200001 } from './observation/observation.migration.js';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { DataGaps1760000200076 } from './data-gaps/data-gaps.migration.js';
import { Clearing1760000200085 } from './clearing/clearing.migration.js';
import { BackTests1760000200090 } from './back-test/back-test.migration.js';
import { CaseEvidence1760000200087 } from './evidence/evidence.migration.js';
import { Enforcement1760000200025 } from './enforcement/enforcement.migration.js';
import { Handling1760000200051 } from './handling/handling.migration.js';
import { Policies1760000200080 } from './policy/policy.migration.js';
import { Profiles1760000200022 } from './profile/profile.migration.js';
import { SmsBudgets1760000200031 } from './sms-budget/sms-budget.migration.js';
import { Unjudged1760000200096 } from './evaluation/unjudged.migration.js';
import { Closing1760000200042 } from './evaluation/closing.migration.js';
import { Standing1760000200091 } from './standing/standing.migration.js';
import { SignalHours1760000200070 } from './signals/hours.migration.js';
import { RefusalSignals1760000200073 } from './signals/refusals.migration.js';
import { HarmSignals1760000200086 } from './signals/harm.migration.js';
import { PairSignals1760000200071 } from './signals/pair-signals.migration.js';
import { RouteSignals1760000200072 } from './signals/route-signals.migration.js';
import { Signals1760000200041 } from './signals/signals.migration.js';
import { SmsSignals1760000200075 } from './signals/sms-signals.migration.js';

/** The tables of the room: signals, what is still to be judged, cases and who may see them. */
class FairUse1760000103001 implements MigrationInterface {
  name = 'FairUse1760000103001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SIGNALS);
    await runner.query(CASES);
    await runner.query(OWNERSHIP);
  }

  async down(): Promise<void> {
    // Forward only: a case is what a partner was told.
  }
}

export const fairUseMigrations: readonly (new () => MigrationInterface)[] = [
  FairUse1760000103001,
  Observation1760000200001,
  Profiles1760000200022,
  Enforcement1760000200025,
  Signals1760000200041,
  Closing1760000200042,
  SmsBudgets1760000200031,
  Handling1760000200051,
  SignalHours1760000200070,
  PairSignals1760000200071,
  RouteSignals1760000200072,
  RefusalSignals1760000200073,
  Policies1760000200080,
  SmsSignals1760000200075,
  DataGaps1760000200076,
  Clearing1760000200085,
  HarmSignals1760000200086,
  CaseEvidence1760000200087,
  BackTests1760000200090,
  Standing1760000200091,
  Unjudged1760000200096,
];

// The key's order is how the evaluator reads: agreements of one integration, minutes around the dirty ones.
// A minute is whole minutes since 1970, UTC.
const SIGNALS = `
  create table signal_pair_minute (
    integration_id text not null,
    agreement_id text not null,
    minute integer not null,
    calls bigint not null check (calls > 0),
    primary key (integration_id, agreement_id, minute)
  );

  create table signal_route_minute (
    integration_id text not null,
    agreement_id text not null,
    minute integer not null,
    route text not null,
    unfiltered_sweeps bigint not null check (unfiltered_sweeps > 0),
    primary key (integration_id, agreement_id, minute, route)
  );

  create table dirty_minute (
    integration_id text not null,
    minute integer not null,
    agreement_id text not null,
    appended_at timestamptz not null,
    primary key (integration_id, minute, agreement_id)
  );

  create table watermark (
    topic text not null,
    partition integer not null,
    event_time timestamptz not null,
    appended_at timestamptz not null,
    primary key (topic, partition)
  );`;

// The columns beside the body are what lists filter and sort by, and what the policies read.
const CASES = `
  create table breach (
    breach_id text primary key,
    breach_key text not null,
    version integer not null check (version >= 1),
    rule_id text not null,
    policy_version integer not null,
    severity text not null check (severity in ('info', 'warning', 'error', 'critical')),
    state text not null check (state in ('open', 'resolved')),
    integration_id text not null,
    agreement_id text not null,
    opened_at timestamptz not null,
    window_end timestamptz not null,
    guidance_da text not null,
    guidance_en text not null,
    evidence jsonb not null,
    body jsonb not null,
    peak_value double precision not null,
    peak_window_end timestamptz not null
  );
  create unique index breach_one_open on breach (breach_key) where state = 'open';
  create index breach_newest on breach (opened_at desc, breach_id desc);
  create index breach_of_integration on breach (integration_id, opened_at desc);

  -- What was told, version by version: a correction never erases what a partner has read.
  create table breach_version (
    breach_id text not null references breach,
    version integer not null check (version >= 1),
    change text not null check (change in ('opened', 'escalated', 'revised')),
    body jsonb not null,
    recorded_at timestamptz not null,
    primary key (breach_id, version)
  );
  revoke delete on breach from taxameter_fair_use;
  revoke update, delete on breach_version from taxameter_fair_use;`;

// A case belongs to the partner who owned the integration when it happened, not to whoever owns it today.
const OWNERSHIP = `
  create table integration_owner (
    integration_id text not null,
    valid_from timestamptz not null,
    valid_to timestamptz check (valid_to > valid_from),
    partner_id text not null,
    primary key (integration_id, valid_from)
  );

  alter table breach enable row level security;
  create policy own_rows on breach using (
    coalesce(current_setting('taxameter.partner', true), '') = ''
    or exists (
      select from integration_owner as owner
      where owner.integration_id = breach.integration_id
        and owner.partner_id = current_setting('taxameter.partner', true)
        and owner.valid_from < breach.window_end
        and (owner.valid_to is null or breach.window_end <= owner.valid_to)
    )
  );

  alter table breach_version enable row level security;
  create policy own_rows on breach_version using (
    coalesce(current_setting('taxameter.partner', true), '') = ''
    or exists (select from breach where breach.breach_id = breach_version.breach_id)
  );`;
