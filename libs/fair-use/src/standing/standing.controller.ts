import { Controller, Inject } from '@nestjs/common';
import { fields } from '@taxameter/contracts';
import {
  CLOCK,
  databaseOf,
  defineRoute,
  Input,
  notFound,
  Route,
  systemActor,
  withActor,
  type Actor,
  type CallOf,
  type Clock,
} from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { MINUTE_MS } from '../signals/minute.js';
import { readStanding } from './read-standing.service.js';
import type { ReachedOn, RuleStanding } from './standing.js';

/** Shows how near an integration comes to each limit, to ops and to the partner that owns it now. */

const bilingual = z.object({ da: z.string(), en: z.string() });

const reached = z.object({
  day: z.string().describe('the day in Copenhagen'),
  share: z.number().describe('of the limit, cut after three decimals; from 1 on the rule was broken'),
  value: z.number(),
  limit: z.number().describe('from which the mildest severity opens'),
  unit: z.string(),
  valueText: bilingual,
  limitText: bilingual,
  organizationId: z.string().nullable().describe('null: all of them together, or calls without one'),
  route: z.string().nullable(),
  at: fields.instant.describe('end of the window'),
});

const rule = z.object({
  ruleId: z.string(),
  title: bilingual,
  measured: z
    .boolean()
    .describe(
      'false: the rule says nothing below its limit, so a day without share may have been just below it',
    ),
  worst: reached.nullable().describe('of all days; null: nothing that this rule could judge'),
  today: reached.nullable().describe('so far'),
  days: z
    .array(z.object({ day: z.string(), share: z.number().nullable() }))
    .describe('ascending; null: nothing to judge, or less than 1 % of the limit'),
});

const standing = z.object({
  integrationId: z.string(),
  policyVersion: z.int().describe('the version in force, by which all days are measured'),
  from: z.string().describe('first day told, in Copenhagen'),
  through: z.string().describe('today'),
  complete: z.boolean().describe('false: some days are not measured yet; ask again'),
  truncated: z.boolean().describe('some agreements were left out: of each day the 20 busiest are looked at'),
  rules: z.array(rule).describe('nearest to its limit first'),
});

export const getStanding = defineRoute({
  method: 'GET',
  path: '/v1/integrations/:integrationId/standing',
  summary: 'How near an integration comes to each limit, day by day, over 30 days',
  description:
    'Each day is held against the limits in force now, by the rules themselves. A partner sees the integrations that it owns now, from the first ' +
    'day on that it owned them wholly. Rules in shadow measure nobody.',
  roles: ['ops', 'partner'],
  params: z.object({ integrationId: fields.identifier(100) }),
  responses: { 200: { description: 'The standing', schema: standing } },
});

@Controller()
export class StandingController {
  constructor(
    @Inject(databaseOf('fair-use')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Route(getStanding)
  async standing(@Input() { params: { integrationId }, actor }: CallOf<typeof getStanding>) {
    const seen = await withActor(this.database, actor, (tx) =>
      seenFrom(tx, integrationId, actor, this.clock.now()),
    );
    if (seen === null) throw notFound(`integration ${integrationId}`);
    // What was measured is kept for whoever asks next, so it is measured and kept as the system.
    const { rules, ...found } = await withActor(this.database, systemActor('fair-use'), (tx) =>
      readStanding(tx, integrationId, seen, this.clock),
    );
    return { integrationId, ...found, rules: rules.map(shown) };
  }
}

/** The first minute that the actor may see of an integration; null where it may see none. */
async function seenFrom(
  tx: EntityManager,
  integrationId: string,
  { role, partnerId }: Actor,
  now: Date,
): Promise<number | null> {
  if (role !== 'partner') {
    const [{ known }] = await tx.query<[{ known: boolean }]>(
      `select exists (select from integration_owner where integration_id = $1)
         or exists (select from observed_integration where integration_id = $1) as known`,
      [integrationId],
    );
    return known ? 0 : null;
  }
  const [owned] = await tx.query<{ from: Date }[]>(
    `select valid_from as "from" from integration_owner
     where integration_id = $1 and partner_id = $2 and valid_from <= $3 and (valid_to is null or valid_to > $3)`,
    [integrationId, partnerId, now],
  );
  return owned ? Math.ceil(owned.from.getTime() / MINUTE_MS) : null;
}

function shown({ ruleId, title, isMeasured, worst, today, days }: RuleStanding) {
  return {
    ...{ ruleId, title, measured: isMeasured },
    worst: worst && shownReached(worst),
    today: today && shownReached(today),
    days: days.map((day) => ({ ...day })),
  };
}

function shownReached({ ruleId: _, agreementId, route, ...figures }: ReachedOn) {
  return {
    ...figures,
    organizationId: agreementId === '' ? null : agreementId,
    route: route === '' ? null : route,
  };
}
