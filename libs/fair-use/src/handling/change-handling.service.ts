import { isDeepStrictEqual } from 'node:util';
import { agreementIdOf, type Breach } from '@taxameter/contracts';
import { notFound, Problem, type Actor } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { laterCase, lockCase, saveDecision } from '../breach/breach-store.service.js';
import type { KeptCase } from '../breach/decide-cases.js';
import { minuteToSettle, settle, settledThrough, unsettle } from '../breach/settle.js';
import { contextOf } from '../clearing/clear-cases.service.js';
import { resumeLook } from '../clearing/look.js';
import { readLooks, saveLook } from '../clearing/look-store.service.js';
import { lockEvaluation } from '../evaluation/marks.service.js';
import { loadHandling, saveHandling } from './handling-store.service.js';
import { audited, HandlingRefused, type Handling } from './handling.js';
import { MoveNotAllowed } from './moves.js';
import type { Action } from './timeline.js';
import { endOfRow, isIntegrationWide, ruleNamed } from '../rules/registry.js';
import { ofEachTable } from '../signals/tables.js';
import { minuteOf } from '../signals/minute.js';

/**
 * One step of a person on a case: lock, check the version, decide, save, audit, and settle or open the case itself where the
 * step says so, in the caller's transaction.
 */

export interface Step {
  readonly breachId: string;
  readonly action: Action;
  readonly reason: string | null;
  /** The version the caller saw; undefined: whatever there is. */
  readonly seenVersion: number | undefined;
  /** Kept by this step where it can be erased. */
  readonly words?: { readonly note?: string; readonly assignee?: string | null };
  decide(current: Handling, breach: Breach): Handling;
}

export interface Made {
  readonly handling: Handling;
  /** False when everything already was as wanted. */
  readonly changed: boolean;
}

/** @throws Problem 404, 409 when another version holds or the step is not possible, 422 for a value it cannot take */
export async function takeStep(tx: EntityManager, actor: Actor, now: Date, step: Step): Promise<Made> {
  const { breachId } = step;
  const kept = await lockForStep(tx, breachId);
  const current = await loadHandling(tx, breachId);
  refuseStale(current.version, step.seenVersion);
  const wanted = refused(() => step.decide(current, kept.breach));
  if (isDeepStrictEqual(wanted, current)) return { handling: current, changed: false };

  const handling = { ...wanted, version: current.version + 1 };
  await saveHandling(tx, breachId, handling);
  await audit(tx, actor, now, { step, kept, current, handling });
  if (step.words) {
    await tx.query('insert into breach_words (breach_id, version, assignee, note) values ($1, $2, $3, $4)', [
      breachId,
      handling.version,
      step.words.assignee ?? null,
      step.words.note ?? null,
    ]);
  }
  const isSettled = kept.breach.state === 'resolved';
  if (handling.state === 'resolved' && !isSettled) await settleCase(tx, kept, now);
  if (handling.state !== 'resolved' && isSettled) await unsettleCase(tx, kept, now);
  return { handling, changed: true };
}

/** In the evaluator's order: the integration, then the case. */
async function lockForStep(tx: EntityManager, breachId: string): Promise<KeptCase> {
  const [row] = await tx.query<{ integrationId: string }[]>(
    'select integration_id as "integrationId" from breach where breach_id = $1',
    [breachId],
  );
  if (!row) throw notFound(`breach ${breachId}`);
  await lockEvaluation(tx, [row.integrationId]);
  return (await lockCase(tx, breachId))!;
}

async function audit(
  tx: EntityManager,
  actor: Actor,
  now: Date,
  {
    step,
    kept,
    current,
    handling,
  }: {
    readonly step: Step;
    readonly kept: KeptCase;
    readonly current: Handling;
    readonly handling: Handling;
  },
): Promise<void> {
  await tx.query(
    `insert into audit_entry (at, actor_id, actor_role, action, subject, "before", "after", reason, integration_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      now,
      actor.id,
      actor.role,
      step.action,
      `breach|${step.breachId}`,
      JSON.stringify(audited(current)),
      JSON.stringify(audited(handling)),
      step.reason,
      kept.breach.scope.integrationId,
    ],
  );
}

const NEWEST_MINUTES = ofEachTable(
  (table) =>
    `select max(minute) as newest from ${table}
     where integration_id = $1 and ($2::text is null or agreement_id = $2)`,
);

async function settleCase(tx: EntityManager, kept: KeptCase, now: Date): Promise<void> {
  const { integrationId, organizationId } = kept.breach.scope;
  const rule = ruleNamed(kept.breach.ruleId);
  const [{ newest }] = await tx.query<[{ newest: number | null }]>(NEWEST_MINUTES[rule.signals], [
    integrationId,
    isIntegrationWide(rule) ? null : agreementIdOf(organizationId),
  ]);
  await saveDecision(tx, settle(kept, endOfRow(rule, minuteToSettle(now, newest)), now), now);
}

const LATER_AGREEMENTS = ofEachTable(
  (table) =>
    `select distinct agreement_id as "agreementId" from ${table} where integration_id = $1 and minute > $2`,
);

/** @throws Problem 409 when the rule was broken anew since: that is another case */
async function unsettleCase(tx: EntityManager, kept: KeptCase, now: Date): Promise<void> {
  const later = await laterCase(tx, kept);
  if (later !== null) {
    const detail = `the rule was broken again later, which is the case ${later}: work on that one`;
    throw new Problem(409, 'later-case', detail, { breachId: later });
  }
  const reopened = unsettle(kept, now);
  await saveDecision(tx, reopened, now);
  const look = (await readLooks(tx, [kept.breach.breachId])).get(kept.breach.breachId) ?? null;
  const context = contextOf(kept.breach);
  const present = minuteOf(now.toISOString());
  await saveLook(tx, context, resumeLook(look, reopened, { through: settledThrough(kept)!, present }));
  // The windows that begin before the minute that was settled and end after it were judged without what lies before it.
  const { integrationId, organizationId } = kept.breach.scope;
  const rule = ruleNamed(kept.breach.ruleId);
  const through = settledThrough(kept)!;
  const agreements = isIntegrationWide(rule)
    ? await tx.query<{ agreementId: string }[]>(LATER_AGREEMENTS[rule.signals], [integrationId, through])
    : [{ agreementId: agreementIdOf(organizationId) }];
  await tx.query(
    `insert into dirty_minute as kept (integration_id, agreement_id, minute, appended_at)
     select $1, agreement_id, $3 + 1, $4 from unnest($2::text[]) as used (agreement_id)
     on conflict (integration_id, minute, agreement_id)
     do update set appended_at = greatest(kept.appended_at, excluded.appended_at)`,
    [integrationId, agreements.map(({ agreementId }) => agreementId), through, now],
  );
}

function refuseStale(version: number, seenVersion: number | undefined): void {
  if (seenVersion === undefined || seenVersion === version) return;
  const reason = `the case is at version ${version}, not ${seenVersion}: read it again and decide anew`;
  throw new Problem(409, 'stale-version', reason, { version, errors: [{ field: 'version', reason }] });
}

/** What a rule refuses, as a problem that names field and rule. */
function refused<Result>(decide: () => Result): Result {
  try {
    return decide();
  } catch (error) {
    if (error instanceof MoveNotAllowed) {
      const { message, state, move, allowed } = error;
      throw new Problem(409, 'move-not-allowed', message, { state, move, allowed });
    }
    if (error instanceof HandlingRefused) {
      const { status, code, field, message } = error;
      throw new Problem(status, code, message, { errors: [{ field, rule: code, reason: message }] });
    }
    throw error;
  }
}
