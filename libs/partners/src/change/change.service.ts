import { isDeepStrictEqual } from 'node:util';
import { TOPICS } from '@taxameter/contracts';
import { Problem, publishFacts, type Actor } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';

/**
 * One change of one subject: lock, check the version, decide, save, audit, publish, in the caller's
 * transaction. Every command of the room goes through here, so none can forget its audit entry or its fact.
 */

export interface Versioned {
  readonly version: number;
}

export interface Change<State extends Versioned> {
  /**
   * `partner|ID`, `contact|PARTNER|ID`, `integration|ID`, `agreement|INTEGRATION|ORGANIZATION`, `restriction|ID`: also the key of the
   * fact.
   */
  readonly subject: string;
  /**
   * How the change is told: the type of the fact on `partners.v1` with the whole state, or what publishes another fact in
   * place of it.
   */
  readonly fact: string | ((tx: EntityManager, next: State) => Promise<void>);
  /** `integration_deactivated`; a subject that did not exist is audited as `…_created` all the same. */
  readonly action: string;
  readonly reason: string | null;
  /** The version the caller saw, 0 for none; undefined: whatever there is. */
  readonly seenVersion: number | undefined;
  load(tx: EntityManager): Promise<State | null>;
  /** The state wanted; its `version` is ignored. */
  decide(current: State | null): State | Promise<State>;
  save(tx: EntityManager, next: State, current: State | null): Promise<void>;
  /** What the audit, which cannot be rewritten, keeps of a state; left out: all of it. */
  audited?(state: State): object;
}

export interface Made<State> {
  readonly state: State;
  /**
   * False when everything already was as wanted: then there is no new version, no audit entry and no fact.
   */
  readonly changed: boolean;
}

/** Waits until no other transaction changes the subject, and keeps others away until the end of this one. */
export function lockSubject(tx: EntityManager, subject: string): Promise<void> {
  return lockSubjects(tx, [subject]);
}

/** The same for several, one after the other; whoever locks several gives them in ascending order. */
export async function lockSubjects(tx: EntityManager, subjects: readonly string[]): Promise<void> {
  // The lock is on the name, not on a row: two commands may create the same subject at once.
  await tx.query(
    'select pg_advisory_xact_lock(hashtextextended(subject, 7340011)) from unnest($1::text[]) as subject',
    [subjects],
  );
}

/** @throws Problem 409 when the caller saw another version than the present one */
export function refuseStale(subject: string, version: number, seenVersion: number | undefined): void {
  if (seenVersion === undefined || seenVersion === version) return;
  const reason = `${subject} is at version ${version}, not ${seenVersion}: read it again and decide anew`;
  throw new Problem(409, 'stale-version', reason, { version, errors: [{ field: 'version', reason }] });
}

/** @throws Problem 409 when the caller saw another version than the present one */
export async function makeChange<State extends Versioned>(
  tx: EntityManager,
  actor: Actor,
  now: Date,
  change: Change<State>,
): Promise<Made<State>> {
  await lockSubject(tx, change.subject);
  const current = await change.load(tx);
  const version = current?.version ?? 0;
  refuseStale(change.subject, version, change.seenVersion);
  const wanted = await change.decide(current);
  if (current && isDeepStrictEqual({ ...wanted, version }, { ...current })) {
    return { state: current, changed: false };
  }
  const next = { ...wanted, version: version + 1 };
  const audited = (state: State) => JSON.stringify(change.audited?.(state) ?? state);
  await change.save(tx, next, current);
  await tx.query(
    `insert into audit_entry (at, actor_id, actor_role, action, subject, "before", "after", reason, integration_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      now,
      actor.id,
      actor.role,
      current ? change.action : `${change.subject.split('|')[0]}_created`,
      change.subject,
      current ? audited(current) : null,
      audited(next),
      change.reason,
      'integrationId' in next ? next.integrationId : null,
    ],
  );
  if (typeof change.fact === 'string') {
    await publishFacts(tx, 'partners', [
      { topic: TOPICS.partners, key: change.subject, type: change.fact, time: now, data: next },
    ]);
  } else {
    await change.fact(tx, next);
  }
  return { state: next, changed: true };
}
