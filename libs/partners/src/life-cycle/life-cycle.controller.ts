import { Controller, Inject } from '@nestjs/common';
import { fields } from '@taxameter/contracts';
import {
  CLOCK,
  Input,
  Route,
  databaseOf,
  defineRoute,
  notFound,
  withActor,
  type CallOf,
  type Clock,
} from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { ownerAt } from '../integration/integration.js';
import { loadIntegration } from '../integration/integration.service.js';
import { standingOf } from './life-cycle.service.js';
import { MOVERS, MOVES, STATES, movesFrom, type MoveName } from './moves.js';

/** The life cycle of an integration over HTTP: where it stands, and where it can go from there. */

const move = z.object({
  move: z.enum(Object.keys(MOVES) as MoveName[]),
  to: z.enum(STATES),
  by: z.array(z.enum(MOVERS)).describe('who may make it'),
});

export const getLifeCycle = defineRoute({
  method: 'GET',
  path: '/v1/integrations/:integrationId/life-cycle',
  summary: 'Where an integration stands, and which moves lead away from there',
  description: 'A move that is not listed is answered by 409. How it came to stand there is on its timeline.',
  roles: ['ops', 'finance', 'partner'],
  params: z.object({ integrationId: fields.identifier(100) }),
  responses: {
    200: {
      description: 'State and moves',
      schema: z.object({ integrationId: z.string(), state: z.enum(STATES), moves: z.array(move) }),
    },
  },
});

@Controller()
export class LifeCycleController {
  constructor(
    @Inject(databaseOf('partners')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Route(getLifeCycle)
  lifeCycle(@Input() { params: { integrationId }, actor }: CallOf<typeof getLifeCycle>) {
    return withActor(this.database, actor, async (tx) => {
      const now = this.clock.now();
      const found = await loadIntegration(tx, integrationId);
      const isForeign = found && actor.role === 'partner' && ownerAt(found, now) !== actor.partnerId;
      if (!found || isForeign) throw notFound(`integration ${integrationId}`);
      const state = await standingOf(tx, found, now);
      const moves = movesFrom(state).map((name) => ({
        move: name,
        to: MOVES[name].to,
        by: [...MOVES[name].by],
      }));
      return { integrationId, state, moves };
    });
  }
}
