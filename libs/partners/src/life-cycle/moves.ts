/** The life cycle of an integration as data: which moves there are, from where they lead where, and who may make them. */

export const STATES = [
  'applied',
  'in-review',
  'active',
  'restricted',
  'deactivated',
  'rejected',
  'withdrawn',
] as const;
export type LifeCycleState = (typeof STATES)[number];

/** Who makes a move. The applicant has no account: the secret of the application speaks for it. */
export const MOVERS = ['applicant', 'partner', 'ops', 'system'] as const;
export type Mover = (typeof MOVERS)[number];

export interface Move {
  readonly from: readonly LifeCycleState[];
  readonly to: LifeCycleState;
  readonly by: readonly Mover[];
}

/**
 * `restrict` and `lift` stand here so that people see them; whether an integration is restricted is derived from its
 * restrictions in force, so nothing has to be moved when one expires. `reinstate` leads to `active`: being reinstated is a
 * step of the history, not a state.
 */
export const MOVES = {
  accept: { from: ['applied'], to: 'in-review', by: ['ops'] },
  change: { from: ['applied'], to: 'applied', by: ['applicant', 'partner'] },
  answer: { from: ['in-review'], to: 'in-review', by: ['applicant', 'partner'] },
  ask: { from: ['in-review'], to: 'in-review', by: ['ops'] },
  approve: { from: ['in-review'], to: 'active', by: ['ops'] },
  reject: { from: ['applied', 'in-review'], to: 'rejected', by: ['ops'] },
  withdraw: { from: ['applied', 'in-review'], to: 'withdrawn', by: ['applicant', 'partner', 'ops'] },
  restrict: { from: ['in-review', 'active', 'restricted'], to: 'restricted', by: ['ops'] },
  lift: { from: ['restricted'], to: 'active', by: ['ops', 'system'] },
  deactivate: { from: ['active', 'restricted'], to: 'deactivated', by: ['ops'] },
  reinstate: { from: ['deactivated'], to: 'active', by: ['ops'] },
} as const satisfies Record<string, Move>;

export type MoveName = keyof typeof MOVES;

/** Names of the moves that lead away from a state, in the order of the table. */
export function movesFrom(state: LifeCycleState): MoveName[] {
  const names = Object.keys(MOVES) as MoveName[];
  return names.filter((name) => (MOVES[name] as Move).from.includes(state));
}

/** Somebody asked for a move that does not lead away from the state that holds. */
export class MoveNotAllowed extends Error {
  override readonly name = 'MoveNotAllowed';

  constructor(
    readonly state: LifeCycleState,
    readonly move: MoveName,
    readonly allowed: readonly MoveName[],
  ) {
    const others = allowed.length === 0 ? 'no move leads away from it' : `allowed are ${allowed.join(', ')}`;
    super(`"${move}" is not possible while the state is "${state}": ${others}`);
  }
}

/**
 * The state to which a move leads.
 * @throws MoveNotAllowed when it does not lead away from this state
 */
export function moveFrom(state: LifeCycleState, move: MoveName): LifeCycleState {
  const { from, to }: Move = MOVES[move];
  if (!from.includes(state)) throw new MoveNotAllowed(state, move, movesFrom(state));
  return to;
}
