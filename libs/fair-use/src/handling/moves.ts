/** What people do to a case as data: which moves there are, and from where they lead where. */

export const HANDLING_STATES = ['open', 'acknowledged', 'contacted', 'resolved'] as const;
export type HandlingState = (typeof HANDLING_STATES)[number];

interface Move {
  readonly from: readonly HandlingState[];
  /** Null: the state stays. */
  readonly to: HandlingState | null;
}

const NOT_RESOLVED = ['open', 'acknowledged', 'contacted'] as const;

/** That calls break the rule again is no move of people: the case is open again by itself. */
export const MOVES = {
  acknowledge: { from: ['open'], to: 'acknowledged' },
  assign: { from: NOT_RESOLVED, to: null },
  contact: { from: NOT_RESOLVED, to: 'contacted' },
  snooze: { from: NOT_RESOLVED, to: null },
  resolve: { from: NOT_RESOLVED, to: 'resolved' },
  // That it was none may turn out later.
  markFalsePositive: { from: HANDLING_STATES, to: 'resolved' },
  reopen: { from: ['resolved'], to: 'open' },
  note: { from: HANDLING_STATES, to: null },
} as const satisfies Record<string, Move>;

export type MoveName = keyof typeof MOVES;
export const MOVE_NAMES = Object.keys(MOVES) as MoveName[];

/** Names of the moves that can be made in a state, in the order of the table. */
export function movesFrom(state: HandlingState): MoveName[] {
  return MOVE_NAMES.filter((name) => (MOVES[name] as Move).from.includes(state));
}

/** Somebody asked for a move that cannot be made in the state that holds. */
export class MoveNotAllowed extends Error {
  override readonly name = 'MoveNotAllowed';

  constructor(
    readonly state: HandlingState,
    readonly move: MoveName,
    readonly allowed: readonly MoveName[],
  ) {
    super(`"${move}" is not possible while the state is "${state}": allowed are ${allowed.join(', ')}`);
  }
}

/**
 * The state after a move.
 * @throws MoveNotAllowed when it cannot be made in this state
 */
export function moveFrom(state: HandlingState, move: MoveName): HandlingState {
  const { from, to }: Move = MOVES[move];
  if (!from.includes(state)) throw new MoveNotAllowed(state, move, movesFrom(state));
  return to ?? state;
}
