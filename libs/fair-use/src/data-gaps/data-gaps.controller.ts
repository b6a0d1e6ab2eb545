import { Controller, Inject } from '@nestjs/common';
import { fields } from '@taxameter/contracts';
import {
  cutPage,
  databaseOf,
  defineRoute,
  Input,
  pageOf,
  pageQuery,
  Route,
  withActor,
  type CallOf,
} from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { z } from 'zod';

/** Shows which sources of events went silent. For ops alone: it says something of us, and nothing of a partner. */

const dataGap = z.object({
  gapId: z.string(),
  source: z.string().describe('`source` of the events'),
  state: z.enum(['open', 'resolved']),
  silentSince: fields.instant.describe('when the log took in its newest event before'),
  newestEventAt: fields.instant.describe('of its newest event before'),
  openedAt: fields.instant,
  resolvedAt: fields.instant.nullable().describe('when the log took in its first event after'),
  resolution: z
    .enum(['heard-again', 'gone'])
    .nullable()
    .describe('`gone`: it was not heard for a week, and is forgotten'),
  backlogFrom: fields.instant
    .nullable()
    .describe(
      'of the oldest event that came after: near `newestEventAt` nothing is lost, near `resolvedAt` what happened between is',
    ),
});

export const getDataGaps = defineRoute({
  method: 'GET',
  path: '/v1/fair-use/data-gaps',
  summary: 'Sources of events that went silent, newest first',
  description:
    'A source that was heard in 30 of 60 minutes and then not for 10 has a gap, until it is heard again. Usage that it did not tell is neither counted nor judged.',
  roles: ['ops'],
  query: z.object({
    state: z.enum(['open', 'resolved']).optional(),
    source: fields.text(256).optional(),
    ...pageQuery,
    cursor: z
      .string()
      .regex(/^\d{1,18}$/)
      .optional()
      .describe('nextCursor of the page before'),
  }),
  responses: { 200: { description: 'A page of gaps', schema: pageOf(dataGap) } },
});

interface Row extends Pick<z.input<typeof dataGap>, 'gapId' | 'source' | 'state' | 'resolution'> {
  readonly silentSince: Date;
  readonly newestEventAt: Date;
  readonly openedAt: Date;
  readonly resolvedAt: Date | null;
  readonly backlogFrom: Date | null;
}

@Controller()
export class DataGapsController {
  constructor(@Inject(databaseOf('fair-use')) private readonly database: DataSource) {}

  @Route(getDataGaps)
  async list(@Input() { query, actor }: CallOf<typeof getDataGaps>) {
    const { state = null, source = null, limit, cursor = null } = query;
    const rows = await withActor(this.database, actor, (tx) =>
      tx.query<Row[]>(
        `select gap_id::text as "gapId", source, silent_since as "silentSince", newest_event as "newestEventAt",
           case when resolved_at is null then 'open' else 'resolved' end as state, opened_at as "openedAt",
           resolved_at as "resolvedAt", resolution, backlog_from as "backlogFrom"
         from data_gap
         where ($1::text is null or ($1 = 'open') = (resolved_at is null)) and ($2::text is null or source = $2)
           and ($3::bigint is null or gap_id < $3)
         order by gap_id desc limit $4`,
        [state, source, cursor, limit + 1],
      ),
    );
    return cutPage(rows.map(shown), limit, ({ gapId }) => gapId);
  }
}

function shown({
  silentSince,
  newestEventAt,
  openedAt,
  resolvedAt,
  backlogFrom,
  ...rest
}: Row): z.input<typeof dataGap> {
  return {
    ...rest,
    silentSince: silentSince.toISOString(),
    newestEventAt: newestEventAt.toISOString(),
    openedAt: openedAt.toISOString(),
    resolvedAt: resolvedAt?.toISOString() ?? null,
    backlogFrom: backlogFrom?.toISOString() ?? null,
  };
}
