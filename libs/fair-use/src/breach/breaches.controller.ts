import { Controller, Inject } from '@nestjs/common';
import { breachOpened, fields, SEVERITIES } from '@taxameter/contracts';
import {
  databaseOf,
  defineRoute,
  Input,
  notFound,
  Route,
  withActor,
  Problem,
  type Actor,
  type CallOf,
  pageOf,
  pageQuery,
} from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { forPartner, handlingSchema } from '../handling/handling.js';
import { isInShadow } from './decide-breach.js';
import { HANDLING_STATES, MOVE_NAMES, movesFrom } from '../handling/moves.js';
import { listCases, readCase, type CaseShown } from './list-cases.service.js';

/** Shows breach cases: all of them to ops, its own to a partner. */

const breach = breachOpened.schema.shape.data.extend({
  peak: z
    .object({ value: z.number(), windowEnd: fields.instant })
    .describe('highest value so far at this severity, and where its window ends'),
  handling: handlingSchema.describe('how far people are with it'),
  shadow: z.boolean().describe('found by a rule in shadow: told to nobody, shown to ops alone'),
});

const toldVersion = breachOpened.schema.shape.data
  .pick({ version: true, severity: true, observed: true, threshold: true, guidance: true, evidence: true })
  .extend({ change: z.enum(['opened', 'escalated', 'revised', 'resolved', 'reopened']) });

const breachWithVersions = breach.extend({
  versions: z.array(toldVersion).describe('what was told, oldest first; nothing is ever taken out'),
  moves: z
    .array(z.enum(MOVE_NAMES))
    .describe('what you can do with the case as it stands; none for a partner'),
});

export const getBreaches = defineRoute({
  method: 'GET',
  path: '/v1/breaches',
  summary: 'Breach cases, newest first',
  description: 'A partner sees the cases from the time in which it owned the integration.',
  roles: ['ops', 'partner'],
  query: z.object({
    state: z.enum(['open', 'resolved']).optional(),
    severity: z.enum(SEVERITIES).optional(),
    ruleId: fields.identifier(64).optional(),
    integrationId: fields.identifier(100).optional(),
    handlingState: z.enum(HANDLING_STATES).optional(),
    assignee: fields.text(100).optional().describe('for ops'),
    shadow: z
      .enum(['true', 'false'])
      .optional()
      .describe('true: what rules in shadow found, for ops; else what the rules in force found'),
    ...pageQuery,
  }),
  responses: {
    200: {
      description: 'A page of cases',
      schema: pageOf(breach),
    },
  },
});

export const getBreach = defineRoute({
  method: 'GET',
  path: '/v1/breaches/:breachId',
  summary: 'One breach case with its evidence, guidance and every version told',
  roles: ['ops', 'partner'],
  params: z.object({ breachId: fields.identifier(64) }),
  responses: { 200: { description: 'The case', schema: breachWithVersions } },
});

@Controller()
export class BreachesController {
  constructor(@Inject(databaseOf('fair-use')) private readonly database: DataSource) {}

  @Route(getBreaches)
  async list(@Input() { query, actor }: CallOf<typeof getBreaches>) {
    if (actor.role === 'partner' && query.assignee !== undefined) {
      throw new Problem(403, 'wrong-role', 'who has a case is shown to ops only: leave `assignee` out');
    }
    const { items, nextCursor } = await withActor(this.database, actor, (tx) =>
      listCases(tx, { ...query, isShadow: query.shadow === 'true' }),
    );
    return { items: items.map((found) => view(found, actor)), nextCursor };
  }

  @Route(getBreach)
  async one(@Input() { params, actor }: CallOf<typeof getBreach>) {
    const found = await withActor(this.database, actor, (tx) => readCase(tx, params.breachId));
    if (!found) throw notFound(`breach ${params.breachId}`);
    const versions = found.versions.map(({ change, breach: told }) => {
      const { version, severity, observed, threshold, guidance, evidence } = told;
      return { version, change, severity, observed, threshold, guidance, evidence };
    });
    const moves = actor.role === 'partner' ? [] : movesFrom(found.handling.state);
    return { ...view(found, actor), versions, moves };
  }
}

function view({ breach: judged, peak, handling }: CaseShown, { role }: Actor) {
  const { falsePositives: _, ...seen } = role === 'partner' ? forPartner(handling) : handling;
  return { ...judged, peak, handling: seen, shadow: isInShadow(judged) };
}
