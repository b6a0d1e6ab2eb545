import { Controller, Inject } from '@nestjs/common';
import { fields } from '@taxameter/contracts';
import {
  CLOCK,
  defineRoute,
  Input,
  invalidInput,
  Route,
  wantsCsv,
  type CallOf,
  type Clock,
} from '@taxameter/platform';
import { z } from 'zod';
import { GRANULARITIES } from '../counters/window.js';
import { UsageExport } from './usage-export.service.js';
import { planUsage, STATUS_CLASSES, writeCursor } from './usage-plan.js';
import { UnusableQuery } from './usage-range.js';
import { UsageReader } from './usage-reader.service.js';

/** The usage API: how much, by window, integration, agreement, route and status class. */

export const rangeQuery = {
  from: z
    .string()
    .max(40)
    .optional()
    .describe('first instant (RFC 3339) or, by day and quarter, first date in Copenhagen; on a window edge'),
  to: z.string().max(40).optional().describe('first instant or date after the range'),
  quarter: z.string().max(10).optional().describe('2026-Q3, in place of from and to'),
};

export const measures = {
  calls: fields.count,
  calls4xx: fields.count.describe('4xx answers, 429 among them'),
  calls5xx: fields.count,
  calls429: fields.count.describe('calls that a limit refused'),
  callsList: fields.count.describe(
    'calls of the kind `list`, as the event names it in `operation`. The kinds together are `calls`, but for calls that were ' +
      'counted before there were kinds: those are in none',
  ),
  callsItem: fields.count.describe('calls that read one thing'),
  callsWrite: fields.count.describe('calls that make or change something'),
  callsAction: fields.count.describe('calls that have something done, such as booking or sending'),
  callsFile: fields.count.describe('calls that fetch or bring a file'),
  callsAuth: fields.count.describe('calls for a token'),
  callsOther: fields.count.describe('calls of no other kind'),
  durationMs: fields.count.describe('sum of the server time of the calls'),
  durationMaxMs: fields.count.describe(
    'server time of the slowest call; 0 where it was counted before there was this figure',
  ),
  responseBytes: fields.count,
  sms: fields.count.describe('messages sent, without those in test mode'),
  smsSegments: fields.count,
  smsTest: fields.count.describe('messages in test mode'),
};

export const asOf = z
  .array(z.object({ topic: z.string(), partition: fields.count, nextOffset: fields.count }))
  .describe('the figures hold everything below these offsets of the event log and nothing from them on');

const usageItem = z.object({
  integrationId: z.string().optional().describe('when grouped by integration'),
  organizationId: z.string().nullable().optional().describe('when grouped by agreement; null: no agreement'),
  route: z
    .string()
    .nullable()
    .optional()
    .describe('when grouped by route; null: SMS, which have none; *: all that are too many for a row each'),
  statusClass: z
    .enum(STATUS_CLASSES)
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
    'Minutes and hours are UTC, days and quarters those of Copenhagen, or, with timeZone, days of a zone whose offset is of whole ' +
    'hours: those are summed from hours, at most 93 days of them. Event time decides the window, so a late event raises ' +
    'an old one, and its revision. Minutes are kept for at least 92 days and hours for 400; a range that begins before those kept is ' +
    'refused with 404 `usage-not-retained`, which names `retainedFrom` and the `coarser` granularity to take. Without a range: the current quarter, by day or quarter. A window without usage has no item. ' +
    'Ordered by window; a partner sees the integrations that it owns now. As CSV all pages come at once, at most ' +
    '1,000,000 rows; events counted meanwhile may be in the later ones. Text that a spreadsheet would take for a formula begins with an apostrophe.',
  roles: ['ops', 'finance', 'partner'],
  query: z.object({
    granularity: z.enum(GRANULARITIES).default('day'),
    ...rangeQuery,
    integrationId: fields.identifier(100).optional(),
    organizationId: z
      .union([z.literal(''), fields.identifier(64)])
      .optional()
      .describe('empty: usage without agreement'),
    statusClass: z.enum(STATUS_CLASSES).optional().describe('by hour'),
    route: z
      .string()
      .max(300)
      .optional()
      .describe('by hour; empty: SMS, which have none; *: all that are too many for a row each'),
    timeZone: z
      .string()
      .max(64)
      .optional()
      .describe('by hour and day, an IANA zone: windows are shown with its offsets, and days are its days'),
    groupBy: z
      .string()
      .max(60)
      .optional()
      .describe('by comma: integration, agreement and, by hour, route and statusClass'),
    format: z
      .enum(['json', 'csv'])
      .optional()
      .describe('csv: the whole range as RFC 4180; else what Accept names, application/json or text/csv'),
    limit: z.coerce.number().int().min(1).max(500).default(50),
    cursor: z.string().max(300).optional(),
  }),
  responses: {
    200: {
      description: 'One page',
      schema: z.object({ items: z.array(usageItem), nextCursor: z.string().nullable(), asOf }),
      alsoAs: ['text/csv'],
    },
  },
});

@Controller()
export class UsageController {
  constructor(
    @Inject(UsageReader) private readonly reader: UsageReader,
    @Inject(UsageExport) private readonly csv: UsageExport,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Route(getUsage)
  async usage(@Input() { query, actor, request }: CallOf<typeof getUsage>) {
    const now = this.clock.now();
    const plan = understood(() => planUsage(query, now));
    if (query.format === 'csv' || (query.format === undefined && wantsCsv(request.headers.accept))) {
      if (plan.after) {
        throw invalidInput([
          { field: 'query.cursor', reason: 'cannot stand beside CSV, which has all pages: leave it out' },
        ]);
      }
      return this.csv.open(actor, plan, now);
    }
    const { items, next, asOf: read } = await this.reader.page(actor, plan, now);
    return { items, nextCursor: next && writeCursor(plan, next), asOf: read };
  }
}

/** What a rule refuses, as the answer that names the query parameter. */
export function understood<Plan>(plan: () => Plan): Plan {
  try {
    return plan();
  } catch (error) {
    if (error instanceof UnusableQuery) {
      throw invalidInput([{ field: `query.${error.field}`, reason: error.reason }]);
    }
    throw error;
  }
}
