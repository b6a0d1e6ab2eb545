import { Controller, Inject } from '@nestjs/common';
import { fields } from '@taxameter/contracts';
import {
  databaseOf,
  defineRoute,
  EventLogError,
  Input,
  Problem,
  Route,
  System,
  withActor,
  type CallOf,
} from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { PolicyBook } from '../policy/policy-book.service.js';
import { minutesClosed } from './closing.service.js';

/** Shows how far judging is behind counting. */

const status = z.object({
  dirty: z
    .int()
    .describe(
      'minutes (by integration and agreement) that wait to be judged, and cases that wait to be looked at; 0: all is judged',
    ),
  open: z
    .int()
    .describe('minutes with refused calls and hours with SMS, judged once the log is two minutes past them'),
  unjudged: z
    .array(z.object({ ruleId: z.string(), minutes: z.int(), since: fields.instant }))
    .describe('rules that threw, and the minutes kept for them; [] is as it should be'),
  dataGaps: z
    .int()
    .describe('sources of events that are silent now, see /v1/fair-use/data-gaps; 0: all are heard'),
  watermarks: z.array(
    z.object({
      topic: z.string(),
      partition: z.int(),
      eventTime: fields.instant.describe('of the newest event read'),
      appendedAt: fields.instant,
    }),
  ),
});

export const getFairUseStatus = defineRoute({
  method: 'GET',
  path: '/v1/fair-use/status',
  summary: 'How much waits to be judged, and how far the log was read',
  roles: ['ops'],
  responses: { 200: { description: 'The state now', schema: status } },
});

type Watermark = Omit<z.input<typeof status>['watermarks'][number], 'eventTime' | 'appendedAt'> & {
  eventTime: Date;
  appendedAt: Date;
};

@Controller()
export class StatusController {
  constructor(
    @Inject(databaseOf('fair-use')) private readonly database: DataSource,
    @Inject(System) private readonly system: System,
    @Inject(PolicyBook) private readonly book: PolicyBook,
  ) {}

  @Route(getFairUseStatus)
  async status(@Input() { actor }: CallOf<typeof getFairUseStatus>): Promise<z.input<typeof status>> {
    const { policies } = await this.book.read(this.database);
    const before = await minutesClosed(this.database, this.system, policies).catch(refuseAsAway);
    return withActor(this.database, actor, async (tx) => {
      // One statement: a minute that leaves one table for the other is seen in one of them.
      const [{ dirty, open, dataGaps }] = await tx.query<[{ dirty: number; open: number; dataGaps: number }]>(
        `select (select count(*) from dirty_minute) + (select count(*) from breach_look where next_minute < $1)
                  + count(*) filter (where minute < $1) as dirty,
                count(*) filter (where minute >= $1) as open,
                (select count(*) from data_gap where resolved_at is null) as "dataGaps"
         from unclosed_minute`,
        [before],
      );
      const unjudged = await tx.query<{ ruleId: string; minutes: number; since: Date }[]>(
        `select rule_id as "ruleId", count(*)::integer as minutes, min(since) as since
         from unjudged_minute group by rule_id order by rule_id`,
      );
      const watermarks = await tx.query<Watermark[]>(
        `select topic, partition, event_time as "eventTime", appended_at as "appendedAt"
         from watermark order by topic, partition`,
      );
      return {
        dirty,
        open,
        dataGaps,
        unjudged: unjudged.map((kept) => ({ ...kept, since: kept.since.toISOString() })),
        watermarks: watermarks.map((mark) => ({
          ...mark,
          eventTime: mark.eventTime.toISOString(),
          appendedAt: mark.appendedAt.toISOString(),
        })),
      };
    });
  }
}

function refuseAsAway(error: unknown): never {
  if (!(error instanceof EventLogError)) throw error;
  throw new Problem(503, 'event-log-away', error.message);
}
