import { HANDLING_STATES, MoveNotAllowed, MOVES, moveFrom, movesFrom, type MoveName } from './moves.js';

describe('what people do to a case', () => {
  it('are these moves and no others', () => {
    const table = HANDLING_STATES.map((state) => [
      state,
      movesFrom(state).map((move) => `${move} → ${moveFrom(state, move)}`),
    ]);
    const always = (state: string) => ['markFalsePositive → resolved', `note → ${state}`];
    expect(Object.fromEntries(table)).toEqual({
      open: [
        'acknowledge → acknowledged',
        'assign → open',
        'contact → contacted',
        'snooze → open',
        'resolve → resolved',
        ...always('open'),
      ],
      acknowledged: [
        'assign → acknowledged',
        'contact → contacted',
        'snooze → acknowledged',
        'resolve → resolved',
        ...always('acknowledged'),
      ],
      contacted: [
        'assign → contacted',
        'contact → contacted',
        'snooze → contacted',
        'resolve → resolved',
        ...always('contacted'),
      ],
      resolved: ['markFalsePositive → resolved', 'reopen → open', 'note → resolved'],
    });
  });

  it('refuses every other move and says what is possible instead', () => {
    for (const state of HANDLING_STATES) {
      for (const move of Object.keys(MOVES) as MoveName[]) {
        if (movesFrom(state).includes(move)) continue;
        expect(() => moveFrom(state, move)).toThrow(MoveNotAllowed);
      }
    }
    expect(() => moveFrom('resolved', 'snooze')).toThrow(
      '"snooze" is not possible while the state is "resolved": allowed are markFalsePositive, reopen, note',
    );
  });
});
