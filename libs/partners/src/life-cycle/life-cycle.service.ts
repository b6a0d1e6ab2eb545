import { Problem } from '@taxameter/platform';
import type { Integration } from '@taxameter/contracts';
import type { EntityManager } from 'typeorm';
import { openRestrictions } from '../restriction/restriction.service.js';
import { MoveNotAllowed, moveFrom, type LifeCycleState, type MoveName } from './moves.js';
import { lifeCycleState } from './state.js';

/** Where an integration stands now; a move from there that the table does not have is refused. */

export async function standingOf(
  tx: EntityManager,
  integration: Integration,
  now: Date,
): Promise<LifeCycleState> {
  const { integrationId } = integration;
  const [application] = await tx.query<{ state: LifeCycleState }[]>(
    "select state from application where integration_id = $1 and kind = 'new'",
    [integrationId],
  );
  const restrictions = await openRestrictions(tx, integrationId);
  return lifeCycleState({ integration, application: application?.state ?? null, restrictions }, now);
}

/**
 * The state to which a move leads.
 * @throws Problem 409 naming the state, the move and the moves that are allowed
 */
export function moveOrRefuse(state: LifeCycleState, move: MoveName): LifeCycleState {
  return refusedMove(() => moveFrom(state, move));
}

/** A move that the table does not allow, as a problem. */
export function refusedMove<Result>(decide: () => Result): Result {
  try {
    return decide();
  } catch (error) {
    if (!(error instanceof MoveNotAllowed)) throw error;
    const { message, state, move, allowed } = error;
    throw new Problem(409, 'move-not-allowed', message, { state, move, allowed });
  }
}
