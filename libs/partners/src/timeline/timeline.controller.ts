import { Controller, Inject } from '@nestjs/common';
import { fields, integrationChanged } from '@taxameter/contracts';
import {
  CLOCK,
  Input,
  Route,
  cutPage,
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
import { inForceAt } from '../integration/history.js';
import { loadIntegration } from '../integration/integration.service.js';
import { restrictionState } from '../restriction/restriction.js';
import { timelineEntry, type AuditRow } from './timeline.js';

/** The timeline of an integration over HTTP: every step, with who and why. */

const integrationState = integrationChanged.schema.shape.data;

const entry = z.object({
  id: z.int(),
  at: z.iso.datetime(),
  action: z.string(),
  text: z.object({ da: z.string(), en: z.string() }),
  actor: z.object({ id: z.string().nullable(), role: z.string() }).describe('id is null for a partner'),
  reason: z.string().nullable().describe('null for a partner'),
  restriction: restrictionState.nullable().describe('as it was after the step'),
  status: integrationState.shape.status.min(0).describe('entries that the step added'),
  ownership: integrationState.shape.ownership.min(0).describe('entries that the step added'),
});

export const getTimeline = defineRoute({
  method: 'GET',
  path: '/v1/integrations/:integrationId/timeline',
  summary: 'What has happened to an integration, newest first',
  description:
    'Application, status, ownership and restrictions, each step with actor and reason. A partner sees the steps since it owns the ' +
    'integration, without names.',
  roles: ['ops', 'partner'],
  params: z.object({ integrationId: fields.identifier(100) }),
  query: z.object({
    ...pageQuery,
    cursor: z
      .string()
      .regex(/^\d{1,15}$/, 'is not a nextCursor')
      .optional()
      .describe('nextCursor of the page before'),
  }),
  responses: { 200: { description: 'A page of steps', schema: pageOf(entry) } },
});

@Controller()
export class TimelineController {
  constructor(
    @Inject(databaseOf('partners')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Route(getTimeline)
  timeline(@Input() { params: { integrationId }, query, actor }: CallOf<typeof getTimeline>) {
    const { limit, cursor } = query;
    return withActor(this.database, actor, async (tx) => {
      const integration = await loadIntegration(tx, integrationId);
      const owner = integration && inForceAt(integration.ownership, this.clock.now());
      const isPartner = actor.role === 'partner';
      if (!integration || (isPartner && owner?.partnerId !== actor.partnerId)) {
        throw notFound(`integration ${integrationId}`);
      }
      const subjects = [
        'integration',
        'restriction',
        'answer',
        'sms_budget',
        ...(isPartner ? [] : ['approval']),
      ];
      const rows = await tx.query<AuditRow[]>(
        `select id, at, actor_id as "actorId", actor_role as "actorRole", action, subject,
                "before", "after", reason
         from audit_entry
         where (integration_id = $1 and split_part(subject, '|', 1) = any($5)
             or subject = any(array(
               select 'application|' || application_id from application where integration_id = $1)))
           and id < coalesce($2::bigint, 9223372036854775807) and ($3::timestamptz is null or at >= $3)
         order by id desc limit $4`,
        [integrationId, cursor ?? null, isPartner ? (owner?.from ?? null) : null, limit + 1, subjects],
      );
      const page = cutPage(rows, limit, ({ id }) => String(id));
      return { ...page, items: page.items.map((row) => timelineEntry(row, actor.partnerId)) };
    });
  }
}
