import type { EntityManager } from 'typeorm';
import { isInShadow, type BreachChange, type BreachDecision } from '../breach/decide-breach.js';
import { begin, over, UNTOUCHED, worsen, type Handling } from './handling.js';

/** Handling in the database: one row a case, as it is now. What it was is in the audit. */

/** The columns of a `HandlingRow`; all null for a case that nobody has touched. */
export const HANDLING = `
  handling.version as "handlingVersion", handling.state as "handlingState", assignee, deadline,
  snoozed_until as "snoozedUntil", is_false_positive as "isFalsePositive", contact, notes,
  false_positives as "falsePositives"`;

export type HandlingRow =
  | { readonly handlingVersion: null }
  | (Omit<Handling, 'version' | 'state' | 'deadline' | 'snoozedUntil'> & {
      readonly handlingVersion: number;
      readonly handlingState: Handling['state'];
      readonly deadline: Date | null;
      readonly snoozedUntil: Date | null;
    });

export function handlingOf(row: HandlingRow | undefined): Handling {
  if (row === undefined || row.handlingVersion === null) return UNTOUCHED;
  return {
    version: row.handlingVersion,
    state: row.handlingState,
    assignee: row.assignee,
    deadline: row.deadline?.toISOString() ?? null,
    snoozedUntil: row.snoozedUntil?.toISOString() ?? null,
    isFalsePositive: row.isFalsePositive,
    contact: row.contact,
    notes: row.notes,
    falsePositives: row.falsePositives,
  };
}

/** To be read by who has locked the case. */
export async function loadHandling(tx: EntityManager, breachId: string): Promise<Handling> {
  const [row] = await tx.query<HandlingRow[]>(
    `select ${HANDLING} from breach_handling as handling where breach_id = $1`,
    [breachId],
  );
  return handlingOf(row);
}

export async function saveHandling(tx: EntityManager, breachId: string, next: Handling): Promise<void> {
  await tx.query(
    `insert into breach_handling (breach_id, version, state, assignee, deadline, snoozed_until, is_false_positive,
                                  contact, notes, false_positives)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (breach_id) do update
     set version = excluded.version, state = excluded.state, assignee = excluded.assignee,
         deadline = excluded.deadline, snoozed_until = excluded.snoozed_until,
         is_false_positive = excluded.is_false_positive, contact = excluded.contact, notes = excluded.notes,
         false_positives = excluded.false_positives`,
    [
      breachId,
      next.version,
      next.state,
      next.assignee,
      next.deadline,
      next.snoozedUntil,
      next.isFalsePositive,
      next.contact && JSON.stringify(next.contact),
      next.notes,
      next.falsePositives,
    ],
  );
}

/**
 * What calls did to a case moves the work on it: a deadline begins, what was put off or settled is there again, what is over needs no
 * more work. Not for what a person did.
 */
export async function followJudgement(
  tx: EntityManager,
  { change, breach, appendedAt }: BreachDecision,
): Promise<void> {
  const follow = change && FOLLOWS[change];
  if (!follow) return;
  const current = await loadHandling(tx, breach.breachId);
  // Nobody was told of it, so no deadline runs: as for `info`.
  const severity = isInShadow(breach) ? 'info' : breach.severity;
  const next = follow(current, severity, new Date(appendedAt));
  if (next === current) return;
  await saveHandling(tx, breach.breachId, { ...next, version: current.version + 1 });
}

const FOLLOWS: Partial<Record<BreachChange, typeof begin>> = {
  opened: begin,
  escalated: worsen,
  resolved: over,
};
