import { Controller, Inject } from '@nestjs/common';
import { fields, restrictionObserved } from '@taxameter/contracts';
import {
  CLOCK,
  Input,
  Route,
  databaseOf,
  defineRoute,
  notFound,
  pageOf,
  pageQuery,
  withActor,
  type CallOf,
  type Clock,
} from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { loadRestriction } from '../restriction/restriction.service.js';
import { listGateways } from '../status-feed/gateways.service.js';
import { statusRevision } from '../status-feed/publish-status.service.js';
import { describeEffect } from './describe-effect.js';
import { listLeaks, loadEffect, type Effect } from './effect.service.js';

/** Whether restrictions work, over HTTP. */

const effect = z.object({
  observed: restrictionObserved.schema.shape.data.nullable().describe('null: it is not measured (yet)'),
  toldAt: fields.instant.nullable().describe('the time of the log at which that was so'),
  isLeaking: z.boolean().describe('true: a call that should have been refused was let through'),
  text: z.object({ da: z.string(), en: z.string() }),
});

export const getEffect = defineRoute({
  method: 'GET',
  path: '/v1/restrictions/:restrictionId/effect',
  summary: 'Whether a restriction works: calls refused, calls let through, and which gateways know it',
  description:
    'Of a block, from the calls themselves: those that began ten seconds after it was published must be marked ' +
    '`enforced: block`. Throttles are not measured.',
  roles: ['ops'],
  params: z.object({ restrictionId: fields.identifier(64) }),
  responses: {
    200: {
      description: 'What was observed',
      schema: effect.extend({
        revision: z.int().describe('place in the feed of what the integration’s restrictions are now'),
        gateways: z.array(
          z.object({
            gateway: z.string(),
            revision: z.int().nullable(),
            knows: z.boolean().describe('true: it has said to have that place or a later one'),
            isStale: z.boolean(),
          }),
        ),
      }),
    },
  },
});

export const getLeaks = defineRoute({
  method: 'GET',
  path: '/v1/enforcement/leaks',
  summary: 'Blocks that let calls through: a gateway does not do what it was told',
  roles: ['ops'],
  query: z.object(pageQuery),
  responses: { 200: { description: 'A page of them, by restriction', schema: pageOf(effect) } },
});

@Controller()
export class EffectController {
  constructor(
    @Inject(databaseOf('partners')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Route(getEffect)
  effect(@Input() { params: { restrictionId }, actor }: CallOf<typeof getEffect>) {
    return withActor(this.database, actor, async (tx) => {
      const found = await loadRestriction(tx, restrictionId);
      if (!found) throw notFound(`restriction ${restrictionId}`);
      const revision = await statusRevision(tx, found.integrationId);
      const gateways = await listGateways(tx, this.clock.now());
      return {
        ...shown(await loadEffect(tx, restrictionId)),
        revision,
        gateways: gateways.map((known) => ({
          gateway: known.gateway,
          revision: known.revision,
          knows: known.revision !== null && known.revision >= revision,
          isStale: known.isStale,
        })),
      };
    });
  }

  @Route(getLeaks)
  leaks(@Input() { query, actor }: CallOf<typeof getLeaks>) {
    return withActor(this.database, actor, async (tx) => {
      const page = await listLeaks(tx, query);
      return { ...page, items: page.items.map(shown) };
    });
  }
}

function shown(effect: Effect | null) {
  const observed = effect?.observed ?? null;
  return {
    observed,
    toldAt: effect?.toldAt.toISOString() ?? null,
    isLeaking: observed !== null && observed.letThrough > 0,
    text: describeEffect(observed),
  };
}
