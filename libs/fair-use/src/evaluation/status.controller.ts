import { Controller, Inject } from '@nestjs/common';
import { fields } from '@taxameter/contracts';
import { databaseOf, defineRoute, Input, Route, withActor, type CallOf } from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { z } from 'zod';

/** Shows how far judging is behind counting. */

const status = z.object({
  dirty: z.int().describe('minutes (by integration and agreement) that wait to be judged; 0: all is judged'),
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
  constructor(@Inject(databaseOf('fair-use')) private readonly database: DataSource) {}

  @Route(getFairUseStatus)
  async status(@Input() { actor }: CallOf<typeof getFairUseStatus>): Promise<z.input<typeof status>> {
    return withActor(this.database, actor, async (tx) => {
      const [{ dirty }] = await tx.query<[{ dirty: number }]>('select count(*) as dirty from dirty_minute');
      const watermarks = await tx.query<Watermark[]>(
        `select topic, partition, event_time as "eventTime", appended_at as "appendedAt"
         from watermark order by topic, partition`,
      );
      return {
        dirty,
        watermarks: watermarks.map((mark) => ({
          ...mark,
          eventTime: mark.eventTime.toISOString(),
          appendedAt: mark.appendedAt.toISOString(),
        })),
      };
    });
  }
}
