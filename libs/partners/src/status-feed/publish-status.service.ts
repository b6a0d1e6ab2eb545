import { isDeepStrictEqual } from 'node:util';
import { TOPICS, integrationStatusChanged, type IntegrationStatus } from '@taxameter/contracts';
import { publishFacts, type Fact } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { loadIntegration } from '../integration/integration.service.js';
import { openRestrictions } from '../restriction/restriction.service.js';
import { isFree, statusContentOf } from './status-record.js';

/** One record per integration for the gateways, written and published in the transaction of the command. */

/** The version of an integration's record, 0 while there is none: what a command that adds to it must have seen. */
export async function statusVersion(tx: EntityManager, integrationId: string): Promise<number> {
  return (await loadRecord(tx, integrationId))?.record.version ?? 0;
}

/** The place of that record in the feed, 0 while there is none: a gateway that has it knows what restricts the integration. */
export async function statusRevision(tx: EntityManager, integrationId: string): Promise<number> {
  return (await loadRecord(tx, integrationId))?.record.revision ?? 0;
}

/**
 * Brings the record of an integration up to date and publishes it when it differs; true when it did. The caller has locked
 * the integration (`lockSubject`) before it read anything.
 */
export async function publishStatus(tx: EntityManager, integrationId: string, now: Date): Promise<boolean> {
  const integration = await loadIntegration(tx, integrationId);
  if (!integration) return false;
  const wanted = statusContentOf(integration, await openRestrictions(tx, integrationId), now);
  const current = (await loadRecord(tx, integrationId))?.record;
  if (current) {
    const { version: _1, revision: _2, ...content } = current;
    if (isDeepStrictEqual(content, wanted)) return false;
  }
  const version = (current?.version ?? 0) + 1;
  const next: IntegrationStatus = { ...wanted, version, revision: await nextRevision(tx, now) };
  await tx.query(
    `insert into enforcement (integration_id, version, revision, is_free, changed_at, record)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (integration_id) do update set
       version = excluded.version, revision = excluded.revision, is_free = excluded.is_free,
       changed_at = excluded.changed_at, record = excluded.record`,
    [integrationId, version, next.revision, isFree(wanted), now, JSON.stringify(next)],
  );
  await publishFacts(tx, 'partners', [statusFact({ record: next, changedAt: now })]);
  return true;
}

/** As `publishStatus`, and what does not differ is published again as it is. */
export async function bringStatusUpToDate(
  tx: EntityManager,
  integrationId: string,
  now: Date,
): Promise<void> {
  if (await publishStatus(tx, integrationId, now)) return;
  const current = await loadRecord(tx, integrationId);
  if (current) await publishFacts(tx, 'partners', [statusFact(current)]);
}

interface StoredRecord {
  readonly record: IntegrationStatus;
  readonly changedAt: Date;
}

function statusFact({ record, changedAt }: StoredRecord): Fact {
  return {
    topic: TOPICS.integrationStatus,
    key: record.integrationId,
    type: integrationStatusChanged.schema.shape.type.value,
    time: changedAt,
    data: record,
  };
}

async function loadRecord(tx: EntityManager, integrationId: string): Promise<StoredRecord | null> {
  const [row] = await tx.query<StoredRecord[]>(
    'select record, changed_at as "changedAt" from enforcement where integration_id = $1',
    [integrationId],
  );
  return row ?? null;
}

/**
 * The next place in the feed. The lock is held to the end of the transaction, so places become visible in their order, and a
 * gateway that has seen one has seen all below. They follow the clock: after a restore from a backup none is given again, so
 * that a gateway which saw a lost one is told to take the whole snapshot.
 */
async function nextRevision(tx: EntityManager, now: Date): Promise<number> {
  await tx.query('select pg_advisory_xact_lock(7340012, hashtext(current_schema()))');
  const [row] = await tx.query<{ revision: number }[]>(
    `insert into enforcement_revision (revision, at)
     select greatest((select max(revision) from enforcement_revision) + 1, $1::bigint), $2
     returning revision`,
    [now.getTime(), now],
  );
  return row!.revision;
}
