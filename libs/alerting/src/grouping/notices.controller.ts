import {
  databaseOf,
  Input,
  invalidInput,
  notFound,
  Route,
  withActor,
  cutPage,
  type CallOf,
} from '@taxameter/platform';
import { Controller, Inject } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { headOf } from '../news/messages.js';
import { newsOf, SELECT_NEWS, type NewsRow } from '../news/news-rows.service.js';
import { listNotices, type NOTICE_STATES } from '../subscriptions/subscription-routes.js';
import { readSubscriptions } from '../subscriptions/subscriptions.service.js';
import type { MuteReason } from '../news/judge-telling.js';
import type { GroupReason } from './plan-messages.js';

/** Shows what became of each piece of news, so that nothing is muted in silence. */

interface NoticeRow extends NewsRow {
  readonly state: (typeof NOTICE_STATES)[number];
  readonly reason: MuteReason | GroupReason | null;
  readonly deliveryId: string | null;
}

@Controller()
export class NoticesController {
  constructor(@Inject(databaseOf('alerting')) private readonly database: DataSource) {}

  @Route(listNotices)
  async list(@Input() { params, query, actor }: CallOf<typeof listNotices>) {
    const { cursor, limit, state, deliveryId } = query;
    if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) {
      throw invalidInput([{ field: 'cursor', reason: 'must be the nextCursor of an earlier page' }]);
    }
    return withActor(this.database, actor, async (tx) => {
      const [subscription] = await readSubscriptions(tx, params.id);
      if (!subscription) throw notFound(`subscription ${params.id}`);
      const rows = await tx.query<NoticeRow[]>(
        `select * from (
           ${SELECT_NEWS}, muted as reason, delivery_id as "deliveryId",
             case when muted is not null then 'muted' when waiting_since is not null then 'waiting'
               when is_folded then 'folded' else 'told' end as state
           from notice join alert_news using (sequence)
           where notice.subscription_id = $1 and ($2::bigint is null or sequence < $2)
             and ($3::text is null or delivery_id = $3)
         ) of_subscription where $4::text is null or state = $4
         order by sequence desc limit $5`,
        [params.id, cursor ?? null, deliveryId ?? null, state ?? null, limit + 1],
      );
      const { items, nextCursor } = cutPage(rows, limit, ({ sequence }) => String(sequence));
      return {
        items: items.map(({ state: became, reason, deliveryId: by, ...row }) => ({
          ...headOf(newsOf(row), subscription.language),
          state: became,
          reason,
          deliveryId: by,
        })),
        nextCursor,
      };
    });
  }
}
