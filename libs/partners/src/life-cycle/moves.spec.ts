import {
  acceptApplicationRoute,
  approveApplication,
  askApplication,
  changeApplicationRoute,
  changeOwnApplication,
  rejectApplication,
  withdrawApplication,
  withdrawOwnApplication,
} from '../application/application-routes.js';
import { deactivateIntegration, reactivateIntegration } from '../integration/integration.controller.js';
import { postRestriction, postRestrictionLift } from '../restriction/restriction-routes.js';
import { MOVES, MoveNotAllowed, STATES, moveFrom, movesFrom, type MoveName } from './moves.js';

describe('the life cycle of an integration', () => {
  it('has these moves and no others', () => {
    const table = STATES.map((state) => [
      state,
      movesFrom(state).map((move) => `${move} → ${moveFrom(state, move)}`),
    ]);
    expect(Object.fromEntries(table)).toEqual({
      applied: ['accept → in-review', 'change → applied', 'reject → rejected', 'withdraw → withdrawn'],
      'in-review': [
        'answer → in-review',
        'ask → in-review',
        'approve → active',
        'reject → rejected',
        'withdraw → withdrawn',
        'restrict → restricted',
      ],
      active: ['restrict → restricted', 'deactivate → deactivated'],
      restricted: ['restrict → restricted', 'lift → active', 'deactivate → deactivated'],
      deactivated: ['reinstate → active'],
      rejected: [],
      withdrawn: [],
    });
  });

  it('refuses every other move and says what is possible instead', () => {
    for (const state of STATES) {
      for (const move of Object.keys(MOVES) as MoveName[]) {
        if (movesFrom(state).includes(move)) continue;
        expect(() => moveFrom(state, move)).toThrow(MoveNotAllowed);
      }
    }
    expect(() => moveFrom('active', 'approve')).toThrow(
      '"approve" is not possible while the state is "active": allowed are restrict, deactivate',
    );
    expect(() => moveFrom('rejected', 'reinstate')).toThrow('no move leads away from it');
  });

  it('lets no road lead out of rejected and withdrawn, and a road from everywhere else', () => {
    expect(STATES.filter((state) => movesFrom(state).length === 0)).toEqual(['rejected', 'withdrawn']);
  });

  // The roles of the routes are what is enforced: they must say what the table says.
  it.each<[MoveName, readonly { readonly roles: readonly string[] | 'public' }[]]>([
    ['accept', [acceptApplicationRoute]],
    ['change', [changeApplicationRoute, changeOwnApplication]],
    ['answer', [changeApplicationRoute, changeOwnApplication]],
    ['ask', [askApplication]],
    ['approve', [approveApplication]],
    ['reject', [rejectApplication]],
    ['withdraw', [withdrawApplication, withdrawOwnApplication]],
    ['restrict', [postRestriction]],
    ['lift', [postRestrictionLift]],
    ['deactivate', [deactivateIntegration]],
    ['reinstate', [reactivateIntegration]],
  ])('lets %s be made by whom its routes admit', (move, routes) => {
    const admitted = routes.flatMap(({ roles }) => (roles === 'public' ? ['applicant'] : roles));
    const byPeople = MOVES[move].by.filter((mover) => mover !== 'system');
    expect([...admitted].sort()).toEqual([...byPeople].sort());
  });
});
