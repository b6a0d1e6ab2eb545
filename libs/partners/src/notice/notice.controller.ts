import { Controller, Inject, StreamableFile } from '@nestjs/common';
import { fields } from '@taxameter/contracts';
import {
  Input,
  Route,
  databaseOf,
  defineRoute,
  invalidInput,
  notFound,
  pageOf,
  pageQuery,
  withActor,
  type CallOf,
} from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { loadIntegration } from '../integration/integration.service.js';
import { loadRestriction } from '../restriction/restriction.service.js';
import { allNotified, listNotified } from './notice.service.js';
import { noticeCsv, noticeOf } from './notice.js';

/** The notice to customers over HTTP. It is prepared here; a person sends it. */

const inBoth = z.object({ da: z.string(), en: z.string() });

export const getNotice = defineRoute({
  method: 'GET',
  path: '/v1/restrictions/:restrictionId/notice',
  summary: 'A neutral notice to the customers whose agreements a restriction binds, and the list of them',
  description:
    'It says what they may notice and whom to ask, never why. `format=csv`: the whole list of agreements as a file.',
  roles: ['ops'],
  params: z.object({ restrictionId: fields.identifier(64) }),
  query: z.object({
    ...pageQuery,
    format: z.enum(['json', 'csv']).default('json').describe('csv: the whole list as RFC 4180'),
  }),
  responses: {
    200: {
      description: 'The notice, and a page of the active agreements that are known',
      schema: pageOf(z.object({ organizationId: z.string(), name: z.string().nullable() })).extend({
        subject: inBoth,
        text: inBoth,
      }),
      alsoAs: ['text/csv'],
    },
  },
});

@Controller()
export class NoticeController {
  constructor(@Inject(databaseOf('partners')) private readonly database: DataSource) {}

  @Route(getNotice)
  notice(@Input() { params: { restrictionId }, query, actor }: CallOf<typeof getNotice>) {
    const { format, ...page } = query;
    return withActor(this.database, actor, async (tx) => {
      const found = await loadRestriction(tx, restrictionId);
      const integration = found && (await loadIntegration(tx, found.integrationId));
      if (!integration) throw notFound(`restriction ${restrictionId}`);
      if (format === 'json') {
        return { ...noticeOf(found, integration.name), ...(await listNotified(tx, found, page)) };
      }
      if (page.cursor !== undefined) {
        const reason = 'cannot stand beside CSV, which has all pages: leave it out';
        throw invalidInput([{ field: 'query.cursor', reason }]);
      }
      return new StreamableFile(Buffer.from(noticeCsv(await allNotified(tx, found))), {
        type: 'text/csv; charset=utf-8; header=present',
        disposition: `attachment; filename="notice-${restrictionId}.csv"`,
      });
    });
  }
}
