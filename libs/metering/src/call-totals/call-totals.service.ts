import { Inject, Injectable } from '@nestjs/common';
import { callTotalsChanged, Quarter, TOPICS, type CallTotals as Totals } from '@taxameter/contracts';
import {
  ASCENDING_POSITION,
  CLOCK,
  databaseOf,
  LOGGER,
  publishFacts,
  BackgroundLoop,
  type Clock,
  type Logger,
} from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { ROOM } from '../room.js';

/**
 * Publishes how many calls each integration has in a quarter: from the counters, beside the batches, so that counting does not wait
 * for it and an integration whose calls come all the time is told of once a minute.
 */

const PUBLISH_EVERY_MS = 60_000;
/** In one transaction. */
const PIECE = 500;
/** Calls come up to 7 days late, so two quarters change. Older ones change by a replay only, and are looked at so seldom. */
const STEPS_PER_LOOK_AT_ALL = 60;

type Due = Omit<Totals, 'version'> & { readonly integration: number };

/** Where the next piece goes on: totals are told in the order of integration and quarter. */
type Place = Pick<Due, 'integration' | 'quarter'>;
const BEFORE_ALL: Place = { integration: 0, quarter: '' };

@Injectable()
export class CallTotals extends BackgroundLoop {
  private steps = 0;

  constructor(
    @Inject(databaseOf(ROOM)) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) logger: Logger,
  ) {
    super({ name: 'totals of calls', idleMs: PUBLISH_EVERY_MS, logger });
  }

  protected override async step(): Promise<boolean> {
    await this.publish();
    return false;
  }

  /**
   * Publishes each total that has grown and was not published within the last minute, by any process. Goes once through them in the
   * order of their keys: one that grows while it runs waits for the next time, so it ends, and none keeps the others waiting.
   */
  async publish(): Promise<void> {
    const now = this.clock.now();
    const quarter = Quarter.of(now);
    const isLookAtAll = this.steps % STEPS_PER_LOOK_AT_ALL === 0;
    const quarters = isLookAtAll ? null : [quarter, quarter.previous()].map(String);
    this.steps += 1;
    let after: Place | null = BEFORE_ALL;
    while (after) {
      const from: Place = after;
      after = await this.database.transaction((tx) => publishDue(tx, quarters, from, now));
    }
  }
}

/** @returns the last one published; null when there are no more after it */
async function publishDue(
  tx: EntityManager,
  quarters: readonly string[] | null,
  after: Place,
  now: Date,
): Promise<Place | null> {
  // One process at a time: versions of one key must get ascending rows in the outbox.
  const [{ locked }] = await tx.query<[{ locked: boolean }]>(
    'select pg_try_advisory_xact_lock(7340014, hashtext(current_schema())) as locked',
  );
  if (!locked) return null;
  const due = await tx.query<Due[]>(DUE, [
    quarters,
    now,
    new Date(now.getTime() - PUBLISH_EVERY_MS),
    PIECE,
    TOPICS.apiCalls.name,
    after.integration,
    after.quarter,
  ]);
  await tx.query(
    `insert into call_total (integration, quarter, calls, published_at)
     select integration, quarter, calls, $4 from unnest($1::integer[], $2::text[], $3::bigint[])
       as published (integration, quarter, calls)
     on conflict (integration, quarter) do update set calls = excluded.calls, published_at = excluded.published_at`,
    [due.map((row) => row.integration), due.map((row) => row.quarter), due.map((row) => row.calls), now],
  );
  await publishFacts(
    tx,
    ROOM,
    due.map(({ integration: _, ...totals }) => ({
      topic: TOPICS.callTotals,
      key: `${totals.integrationId}|${totals.quarter}`,
      type: callTotalsChanged.type,
      time: now,
      // A number of calls stands for one state of the total, also after the log was read again from the beginning.
      data: { ...totals, version: totals.calls },
    })),
  );
  return due.length < PIECE ? null : due.at(-1)!;
}

/**
 * Figures and positions are of one snapshot. A clock that stands still or was set back does not silence: what was published now or
 * later is due as what was published a minute ago.
 */
const DUE = `
  with total as (
    select integration, quarter, sum(calls)::bigint as calls, sum(calls_4xx)::bigint as "calls4xx",
           sum(calls_5xx)::bigint as "calls5xx", sum(calls_429)::bigint as "calls429",
           sum(calls_list)::bigint as "callsList", sum(calls_item)::bigint as "callsItem",
           sum(calls_write)::bigint as "callsWrite", sum(calls_action)::bigint as "callsAction",
           sum(calls_file)::bigint as "callsFile", sum(calls_auth)::bigint as "callsAuth",
           sum(calls_other)::bigint as "callsOther"
    from usage_quarter where $1::text[] is null or quarter = any($1)
    group by integration, quarter
  )
  select total.*, integration.integration_id as "integrationId",
         (select coalesce(json_agg(json_build_object('partition', partition, 'nextOffset', ${ASCENDING_POSITION})
                                   order by partition), '[]')
          from consumer_position where topic = $5) as "asOf"
  from total join integration on integration.id = total.integration
    left join call_total as told on told.integration = total.integration and told.quarter = total.quarter
  where total.calls > coalesce(told.calls, 0)
    and (told.published_at is null or told.published_at <= $3 or told.published_at >= $2)
    and (total.integration, total.quarter) > ($6, $7)
  order by total.integration, total.quarter
  limit $4`;
