import { Controller, Inject } from '@nestjs/common';
import { fields } from '@taxameter/contracts';
import { CLOCK, defineRoute, Input, Route, type CallOf, type Clock } from '@taxameter/platform';
import { z } from 'zod';
import { changePerMille, differences, rangeBefore } from './summary-comparison.js';
import { ORDERS, SummaryReader } from './summary-reader.service.js';
import { usageRange } from './usage-range.js';
import { asOf, measures, rangeQuery, understood } from './usage.controller.js';

const MOST_INTEGRATIONS = 100;

type MeasureName = keyof typeof measures;

/** One value for each measure. */
function eachMeasure<Value extends z.ZodType>(value: Value): z.ZodObject<Record<MeasureName, Value>> {
  const names = Object.keys(measures) as MeasureName[];
  return z.object(Object.fromEntries(names.map((name) => [name, value])) as Record<MeasureName, Value>);
}

export const getUsageSummary = defineRoute({
  method: 'GET',
  path: '/v1/usage/summary',
  summary: 'Totals of a range of days',
  description:
    'Totals over all integrations, and the integrations that used most. Without a range: the current quarter. Compared with ' +
    'the period before, a whole quarter is held against the quarter before (also one that still runs), a range of days ' +
    'against as many days before it.',
  roles: ['ops', 'finance', 'partner'],
  query: z.object({
    ...rangeQuery,
    compare: z.enum(['previous']).optional().describe('adds the totals of the period before'),
    top: z.coerce.number().int().min(1).max(MOST_INTEGRATIONS).default(MOST_INTEGRATIONS),
    orderBy: z.enum(ORDERS).optional().describe('what they have most of; else calls and messages together'),
  }),
  responses: {
    200: {
      description: 'Totals',
      schema: z.object({
        windowStart: fields.instant,
        windowEnd: fields.instant,
        totals: z.object(measures),
        integrations: z.array(z.object({ integrationId: z.string(), ...measures })),
        previous: z
          .object({
            windowStart: fields.instant,
            windowEnd: fields.instant,
            totals: z.object(measures),
            differences: eachMeasure(z.int()).describe('totals minus those of the period before'),
            changePerMille: eachMeasure(z.int().nullable()).describe(
              'differences in thousandths of the period before, rounded half up; null: it had none',
            ),
          })
          .optional()
          .describe('with compare=previous'),
        asOf,
      }),
    },
  },
});

@Controller()
export class SummaryController {
  constructor(
    @Inject(SummaryReader) private readonly reader: SummaryReader,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Route(getUsageSummary)
  async summary(@Input() { query, actor }: CallOf<typeof getUsageSummary>) {
    const now = this.clock.now();
    const range = understood(() => usageRange('day', query, now));
    const before = query.compare === undefined ? null : rangeBefore(range);
    const { top, orderBy = null } = query;
    const found = await this.reader.read(actor, { range, before, top, orderBy }, now);
    const { totals, totalsBefore, integrations } = found;
    return {
      windowStart: range.start.toISOString(),
      windowEnd: range.end.toISOString(),
      totals,
      integrations,
      ...(before && {
        previous: {
          windowStart: before.start.toISOString(),
          windowEnd: before.end.toISOString(),
          totals: totalsBefore,
          differences: differences(totals, totalsBefore),
          changePerMille: changePerMille(totals, totalsBefore),
        },
      }),
      asOf: found.asOf,
    };
  }
}
