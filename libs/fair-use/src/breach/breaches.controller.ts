import { Controller, Inject } from '@nestjs/common';
import { breachOpened, fields, SEVERITIES } from '@taxameter/contracts';
import {
  databaseOf,
  defineRoute,
  Input,
  notFound,
  Route,
  withActor,
  type CallOf,
  pageOf,
  pageQuery,
} from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { listCases, readCase } from './breach-store.service.js';

/** Shows breach cases: all of them to ops, its own to a partner. */

const breach = breachOpened.schema.shape.data.extend({
  peak: z
    .object({ value: z.number(), windowEnd: fields.instant })
    .describe('highest value so far at this severity, and where its window ends'),
});

const toldVersion = breachOpened.schema.shape.data
  .pick({ version: true, severity: true, observed: true, threshold: true, guidance: true, evidence: true })
  .extend({ change: z.enum(['opened', 'escalated', 'revised']) });

const breachWithVersions = breach.extend({
  versions: z.array(toldVersion).describe('what was told, oldest first; nothing is ever taken out'),
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
    const { items, nextCursor } = await withActor(this.database, actor, (tx) => listCases(tx, query));
    return { items: items.map((found) => ({ ...found.breach, peak: found.peak })), nextCursor };
  }

  @Route(getBreach)
  async one(@Input() { params, actor }: CallOf<typeof getBreach>) {
    const found = await withActor(this.database, actor, (tx) => readCase(tx, params.breachId));
    if (!found) throw notFound(`breach ${params.breachId}`);
    const versions = found.versions.map(({ change, breach: told }) => {
      const { version, severity, observed, threshold, guidance, evidence } = told;
      return { version, change, severity, observed, threshold, guidance, evidence };
    });
    return { ...found.breach, peak: found.peak, versions };
  }
}
