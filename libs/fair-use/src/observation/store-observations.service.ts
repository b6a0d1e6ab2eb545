import { agreementObserved, TOPICS } from '@taxameter/contracts';
import { publishFacts } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import type { Observations } from './observe.js';

/**
 * Adds what a batch shows to the tables, in the batch's transaction. The row of the integration comes first: the publisher
 * locks it before it reads the others, so it never sees half of a batch.
 */
export async function storeObservations(tx: EntityManager, observations: Observations): Promise<void> {
  if (observations.integrations.length === 0) return;
  await addIntegrations(tx, observations);
  await addDays(tx, observations);
  await addThrottledMinutes(tx, observations);
  await addScopes(tx, observations);
  await addAgreements(tx, observations);
}

async function addIntegrations(tx: EntityManager, { integrations }: Observations): Promise<void> {
  await tx.query(
    `insert into observed_integration as kept (integration_id, first_seen_at, last_seen_at, calls)
     select * from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::bigint[])
     on conflict (integration_id) do update set
       first_seen_at = least(kept.first_seen_at, excluded.first_seen_at),
       last_seen_at = greatest(kept.last_seen_at, excluded.last_seen_at),
       calls = kept.calls + excluded.calls`,
    [
      integrations.map((row) => row.integrationId),
      integrations.map((row) => row.firstSeenAt),
      integrations.map((row) => row.lastSeenAt),
      integrations.map((row) => row.calls),
    ],
  );
}

async function addDays(tx: EntityManager, { days }: Observations): Promise<void> {
  await tx.query(
    `insert into observed_day as kept (integration_id, day, calls, public_calls, personal_calls, write_calls,
       client_errors, forbidden, token_calls, other_auth_calls, sweeps, changes_since_sweeps, later_pages,
       small_later_pages, throttled_calls, sms_calls)
     select "integrationId", day, calls, "publicCalls", "personalCalls", "writeCalls", "clientErrors", forbidden,
       "tokenCalls", "otherAuthCalls", sweeps, "changesSinceSweeps", "laterPages", "smallLaterPages",
       "throttledCalls", "smsCalls"
     from jsonb_to_recordset($1::jsonb) as day_of("integrationId" text, day integer, calls bigint,
       "publicCalls" bigint, "personalCalls" bigint, "writeCalls" bigint, "clientErrors" bigint,
       forbidden bigint, "tokenCalls" bigint, "otherAuthCalls" bigint, sweeps bigint,
       "changesSinceSweeps" bigint, "laterPages" bigint, "smallLaterPages" bigint, "throttledCalls" bigint,
       "smsCalls" bigint)
     on conflict (integration_id, day) do update set
       calls = kept.calls + excluded.calls,
       public_calls = kept.public_calls + excluded.public_calls,
       personal_calls = kept.personal_calls + excluded.personal_calls,
       write_calls = kept.write_calls + excluded.write_calls,
       client_errors = kept.client_errors + excluded.client_errors,
       forbidden = kept.forbidden + excluded.forbidden,
       token_calls = kept.token_calls + excluded.token_calls,
       other_auth_calls = kept.other_auth_calls + excluded.other_auth_calls,
       sweeps = kept.sweeps + excluded.sweeps,
       changes_since_sweeps = kept.changes_since_sweeps + excluded.changes_since_sweeps,
       later_pages = kept.later_pages + excluded.later_pages,
       small_later_pages = kept.small_later_pages + excluded.small_later_pages,
       throttled_calls = kept.throttled_calls + excluded.throttled_calls,
       sms_calls = kept.sms_calls + excluded.sms_calls`,
    [JSON.stringify(days)],
  );
}

/**
 * Agreements with a 429 that are kept of an integration and minute. A refused call may name organisations that do not exist, as many
 * as it likes; a hundred tell as much as a million.
 */
const THROTTLED_AGREEMENTS_PER_MINUTE = 100;

/** The integration's row is locked, so no other batch adds to its minutes meanwhile. */
async function addThrottledMinutes(tx: EntityManager, { throttledMinutes }: Observations): Promise<void> {
  if (throttledMinutes.length === 0) return;
  await tx.query(
    `insert into observed_throttled_minute (integration_id, minute, agreement_id)
     select integration_id, minute, agreement_id from (
       select wanted.*, row_number() over (partition by integration_id, minute order by agreement_id) + (
                select count(*) from observed_throttled_minute as kept
                where kept.integration_id = wanted.integration_id and kept.minute = wanted.minute) as place
       from unnest($1::text[], $2::integer[], $3::text[]) as wanted (integration_id, minute, agreement_id)
       where not exists (select from observed_throttled_minute as kept
         where (kept.integration_id, kept.minute, kept.agreement_id)
             = (wanted.integration_id, wanted.minute, wanted.agreement_id))
     ) as fresh
     where place <= $4`,
    [
      throttledMinutes.map((row) => row.integrationId),
      throttledMinutes.map((row) => row.minute),
      throttledMinutes.map((row) => row.agreementId),
      THROTTLED_AGREEMENTS_PER_MINUTE,
    ],
  );
}

/** Almost every batch brings nothing new here, so the rows that would stay as they are are not written at all. */
async function addScopes(tx: EntityManager, { scopes }: Observations): Promise<void> {
  if (scopes.length === 0) return;
  await tx.query(
    `insert into observed_scope as kept (integration_id, scope, last_day)
     select wanted.* from unnest($1::text[], $2::text[], $3::integer[]) as wanted(integration_id, scope, last_day)
       left join observed_scope as known using (integration_id, scope)
     where known.scope is null or wanted.last_day > known.last_day
     on conflict (integration_id, scope) do update set last_day = greatest(kept.last_day, excluded.last_day)`,
    [
      scopes.map((row) => row.integrationId),
      scopes.map((row) => row.scope),
      scopes.map((row) => row.lastDay),
    ],
  );
}

/** As the scopes; whoever changes a row holds it to the end, so the facts of an agreement leave in ascending versions. */
async function addAgreements(tx: EntityManager, { agreements }: Observations): Promise<void> {
  if (agreements.length === 0) return;
  const rows = await tx.query<Changed[]>(
    `insert into observed_agreement as kept (integration_id, agreement_id, first_seen_at, version)
     select wanted.*, 1
     from unnest($1::text[], $2::text[], $3::timestamptz[]) as wanted(integration_id, agreement_id, first_seen_at)
       left join observed_agreement as known using (integration_id, agreement_id)
     where known.agreement_id is null or wanted.first_seen_at < known.first_seen_at
     on conflict (integration_id, agreement_id) do update set
       first_seen_at = least(kept.first_seen_at, excluded.first_seen_at), version = kept.version + 1
     returning integration_id as "integrationId", agreement_id as "organizationId",
       first_seen_at as "firstSeenAt", version`,
    [
      agreements.map((row) => row.integrationId),
      agreements.map((row) => row.agreementId),
      agreements.map((row) => row.firstSeenAt),
    ],
  );
  await publishFacts(
    tx,
    'fair-use',
    rows.map(({ firstSeenAt, ...row }) => ({
      topic: TOPICS.observations,
      key: `agreement|${row.integrationId}|${row.organizationId}`,
      type: agreementObserved.type,
      time: firstSeenAt,
      data: { ...row, firstSeenAt: firstSeenAt.toISOString() },
    })),
  );
}

interface Changed {
  readonly integrationId: string;
  readonly organizationId: string;
  readonly firstSeenAt: Date;
  readonly version: number;
}
