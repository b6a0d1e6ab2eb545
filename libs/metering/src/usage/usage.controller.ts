import { Controller, Inject } from '@nestjs/common';
import { fields } from '@taxameter/contracts';
import { CLOCK, defineRoute, Input, invalidInput, Route, type CallOf, type Clock } from '@taxameter/platform';
import { z } from 'zod';
import { GRANULARITIES } from '../counters/window.js';
import { planUsage } from './usage-plan.js';
import { UnusableQuery, usageRange } from './usage-range.js';
import { UsageReader } from './usage-reader.service.js';

/** The usage API: how much, by window, integration, agreement, route and status class. */

const MOST_INTEGRATIONS = 100;

const range = {
  from: z
    .string()
    .max(40)
    .optional()
    .describe('first instant (RFC 3339) or, by day and quarter, first date in Copenhagen; on a window edge'),
  to: z.string().max(40).optional().describe('first instant or date after the range'),
  quarter: z.string().max(10).optional().describe('2026-Q3, in place of from and to'),
};

const measures = {
  calls: fields.count,
  calls4xx: fields.count.describe('4xx answers, 429 among them'),
  calls5xx: fields.count,
  calls429: fields.count.describe('calls that a limit refused'),
  durationMs: fields.count.describe('sum of the server time of the calls'),
  responseBytes: fields.count,
  sms: fields.count.describe('messages sent, without those in test mode'),
  smsSegments: fields.count,
  smsTest: fields.count.describe('messages in test mode'),
};

const asOf = z
  .array(z.object({ topic: z.string(), partition: fields.count, nextOffset: fields.count }))
  .describe('the figures hold everything below these offsets of the event log and nothing from them on');

const usageItem = z.object({
  integrationId: z.string().optional().describe('when grouped by integration'),
  organizationId: z.string().nullable().optional().describe('when grouped by agreement; null: no agreement'),
  route: z.string().nullable().optional().describe('when grouped by route; null: SMS, which have none'),
  statusClass: z
    .enum(['none', '1xx', '2xx', '3xx', '4xx', '5xx'])
    .optional()
    .describe('when grouped by statusClass; none: the client aborted, or SMS'),
  windowStart: fields.instant,
  windowEnd: fields.instant,
  ...measures,
  revision: z.int().min(1).describe('grows whenever a figure of this item changes'),
});

export const getUsage = defineRoute({
  method: 'GET',
  path: '/v1/usage',
  summary: 'Usage by window',
  description:
    'Minutes and hours are UTC, days and quarters those of Copenhagen. Event time decides the window, so a late event raises ' +
    'an old one, and its revision. Without a range: the current quarter, by day or quarter. A window without usage has no item. ' +
    'Ordered by window; a partner sees the integrations that it owns now.',
  roles: ['ops', 'finance', 'partner'],
  query: z.object({
    granularity: z.enum(GRANULARITIES).default('day'),
    ...range,
    integrationId: fields.identifier(100).optional(),
    organizationId: z
      .union([z.literal(''), fields.identifier(64)])
      .optional()
      .describe('empty: usage without agreement'),
    groupBy: z
      .string()
      .max(60)
      .optional()
      .describe('by comma: integration, agreement and, by hour, route and statusClass'),
    limit: z.coerce.number().int().min(1).max(500).default(50),
    cursor: z.string().max(300).optional(),
  }),
  responses: {
    200: {
      description: 'One page',
      schema: z.object({ items: z.array(usageItem), nextCursor: z.string().nullable(), asOf }),
    },
  },
});

export const getUsageSummary = defineRoute({
  method: 'GET',
  path: '/v1/usage/summary',
  summary: 'Totals of a range of days',
  description: `Totals over all integrations, and the ${MOST_INTEGRATIONS} that used most. Without a range: the current quarter.`,
  roles: ['ops', 'finance', 'partner'],
  query: z.object(range),
  responses: {
    200: {
      description: 'Totals',
      schema: z.object({
        windowStart: fields.instant,
        windowEnd: fields.instant,
        totals: z.object(measures),
        integrations: z.array(z.object({ integrationId: z.string(), ...measures })),
        asOf,
      }),
    },
  },
});

@Controller()
export class UsageController {
  constructor(
    @Inject(UsageReader) private readonly reader: UsageReader,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Route(getUsage)
  async usage(@Input() { query, actor }: CallOf<typeof getUsage>) {
    const now = this.clock.now();
    const plan = understood(() => planUsage(query, now));
    return this.reader.page(actor, plan, now);
  }

  @Route(getUsageSummary)
  async summary(@Input() { query, actor }: CallOf<typeof getUsageSummary>) {
    const now = this.clock.now();
    const days = understood(() => usageRange('day', query, now));
    const { totals, items, asOf } = await this.reader.summary(actor, days, MOST_INTEGRATIONS, now);
    return {
      windowStart: days.start.toISOString(),
      windowEnd: days.end.toISOString(),
      totals,
      integrations: items,
      asOf,
    };
  }
}

function understood<Plan>(plan: () => Plan): Plan {
  try {
    return plan();
  } catch (error) {
    if (error instanceof UnusableQuery) {
      throw invalidInput([{ field: `query.${error.field}`, reason: error.reason }]);
    }
    throw error;
  }
}
