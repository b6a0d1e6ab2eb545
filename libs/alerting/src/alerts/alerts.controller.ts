import { fields, SEVERITIES } from '@taxameter/contracts';
import {
  databaseOf,
  defineRoute,
  Input,
  notFound,
  Route,
  withActor,
  type CallOf,
  type DeliveryStatus,
  cutPage,
  pageOf,
  pageQuery,
} from '@taxameter/platform';
import { Controller, Inject } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { leakGuidance } from '../leaks/leak-notification.js';
import {
  ALERT_KINDS,
  alertView,
  breachAlertSchema,
  deliverySchema,
  deliveryView,
  leakAlertSchema,
  type AlertRow,
} from './alert.js';
import { deliveriesOfAlerts, SELECT_ALERT } from './alert-rows.service.js';
import { severitiesFrom } from './notification.js';

/** Alerts for ops to look at, each with what became of its deliveries. */

const withDeliveries = { deliveries: z.array(deliverySchema) };

const alertId = z.string().regex(/^alr_[0-9a-f]{32}$/, 'is not the id of an alert');

export const listAlerts = defineRoute({
  method: 'GET',
  path: '/v1/alerts',
  summary: 'Alerts of breaches and of blocks that leak, newest first, with the state of their deliveries',
  roles: ['ops'],
  query: z.object({
    kind: z.enum(ALERT_KINDS).optional(),
    state: z.enum(['open', 'resolved']).optional(),
    minSeverity: z.enum(SEVERITIES).default('info'),
    integrationId: fields.identifier(100).optional(),
    ...pageQuery,
  }),
  responses: {
    200: {
      description: 'A page of alerts',
      schema: pageOf(
        z.discriminatedUnion('kind', [
          breachAlertSchema.extend(withDeliveries),
          leakAlertSchema.extend(withDeliveries),
        ]),
      ),
    },
  },
});

const attemptSchema = z.object({
  number: z.number(),
  at: fields.instant,
  outcome: z.enum(['delivered', 'retry', 'gone']),
  status: z.number().nullable(),
  durationMs: z.number(),
  detail: z.string(),
});

const inFull = {
  guidance: z.object({ da: z.string(), en: z.string() }),
  deliveries: z.array(deliverySchema.extend({ history: z.array(attemptSchema) })),
};

export const getAlert = defineRoute({
  method: 'GET',
  path: '/v1/alerts/:id',
  summary: 'One alert with guidance, evidence and every delivery attempt',
  roles: ['ops'],
  params: z.object({ id: alertId }),
  responses: {
    200: {
      description: 'The alert',
      schema: z.discriminatedUnion('kind', [
        breachAlertSchema.extend({
          ...inFull,
          evidence: z.array(
            z.object({ windowStart: fields.instant, windowEnd: fields.instant, value: z.number() }),
          ),
        }),
        leakAlertSchema.extend(inFull),
      ]),
    },
  },
});

@Controller()
export class AlertsController {
  constructor(@Inject(databaseOf('alerting')) private readonly database: DataSource) {}

  @Route(listAlerts)
  async list(@Input() { query, actor }: CallOf<typeof listAlerts>) {
    return withActor(this.database, actor, async (tx) => {
      const rows = await tx.query<AlertRow[]>(
        `${SELECT_ALERT} where ($1::text is null or state = $1)
           and severity = any($2)
           and ($3::text is null or integration_id = $3)
           and ($4::text is null
             or (opened_at, id) < (select last.opened_at, last.id from alert last where last.id = $4))
           and ($6::text is null or kind = $6)
         order by opened_at desc, id desc limit $5`,
        [
          query.state ?? null,
          severitiesFrom(query.minSeverity),
          query.integrationId ?? null,
          query.cursor ?? null,
          query.limit + 1,
          query.kind ?? null,
        ],
      );
      const { items: page, nextCursor } = cutPage(rows, query.limit, (row) => row.id);
      const deliveries = await deliveriesOfAlerts(
        tx,
        page.map((row) => row.id),
      );
      const about = (row: AlertRow) => deliveries.get(row.id) ?? [];
      return {
        items: page.map((row) => ({ ...alertView(row), deliveries: about(row).map(deliveryView) })),
        nextCursor,
      };
    });
  }

  @Route(getAlert)
  async one(@Input() { params, actor }: CallOf<typeof getAlert>) {
    return withActor(this.database, actor, async (tx) => {
      const [row] = await tx.query<AlertRow[]>(`${SELECT_ALERT} where id = $1`, [params.id]);
      if (!row) throw notFound(`alert ${params.id}`);
      const deliveries = (await deliveriesOfAlerts(tx, [row.id])).get(row.id) ?? [];
      return {
        ...alertView(row),
        ...(row.kind === 'breach'
          ? { guidance: row.breach.guidance, evidence: row.breach.evidence }
          : { guidance: leakGuidance(row) }),
        deliveries: deliveries.map(withHistory),
      };
    });
  }
}

function withHistory(delivery: DeliveryStatus) {
  const history = delivery.attempts.map((attempt) => ({ ...attempt, at: attempt.at.toISOString() }));
  return { ...deliveryView(delivery), history };
}
