import { Inject, Injectable } from '@nestjs/common';
import { PROFILE_AGREEMENTS, TOPICS, usageProfiled, type UsageProfile } from '@taxameter/contracts';
import {
  databaseOf,
  LOGGER,
  publishFacts,
  BackgroundLoop,
  System,
  systemActor,
  withActor,
  type Logger,
} from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { dateOf, profileWindow, readUpTo, type ProfileWindow } from './profile-window.js';

/**
 * Tells once a day what is normal for each integration that somebody owns, from the signals. One integration in a transaction: the
 * index reads its minutes only.
 */

const IDLE_MS = 5_000;
const INTEGRATIONS_PER_ROUND = 100;

@Injectable()
export class Profiling extends BackgroundLoop {
  constructor(
    @Inject(databaseOf('fair-use')) private readonly database: DataSource,
    @Inject(System) private readonly system: System,
    @Inject(LOGGER) logger: Logger,
  ) {
    super({ name: 'usage profiles', idleMs: IDLE_MS, logger });
  }

  protected override async step(): Promise<boolean> {
    const window = await this.currentWindow();
    if (!window) return false;
    const waiting = await this.database.query<{ integrationId: string }[]>(
      `select distinct integration_id as "integrationId" from integration_owner
       where not exists (select from profiled
         where profiled.integration_id = integration_owner.integration_id and profiled.day >= $1)
       order by integration_id limit $2`,
      [window.day, INTEGRATIONS_PER_ROUND],
    );
    for (const { integrationId } of waiting) {
      await withActor(this.database, systemActor('fair-use'), (tx) => profile(tx, integrationId, window));
    }
    return waiting.length === INTEGRATIONS_PER_ROUND;
  }

  private async currentWindow(): Promise<ProfileWindow | null> {
    const marks = await this.database.query<{ partition: number; newest: Date }[]>(
      'select partition, event_time as newest from watermark where topic = $1',
      [TOPICS.apiCalls.name],
    );
    // Asked after the marks: what is read to its end now was so up to them.
    const unread = await this.system.unreadPartitions('fair-use', TOPICS.apiCalls.name);
    const readTo = readUpTo(new Map(marks.map(({ partition, newest }) => [partition, newest])), unread);
    return readTo && profileWindow(readTo);
  }
}

async function profile(tx: EntityManager, integrationId: string, window: ProfileWindow): Promise<void> {
  // Another process that does the same waits here, and finds it done.
  const taken = await tx.query<unknown[]>(
    `insert into profiled as known (integration_id, day) values ($1, $2)
     on conflict (integration_id) do update set day = excluded.day where known.day < excluded.day
     returning integration_id`,
    [integrationId, window.day],
  );
  if (taken.length === 0) return;
  const figures = await readFigures(tx, integrationId, window);
  if (figures.daysWithCalls === 0) return;
  const day = dateOf(window.day);
  const data: UsageProfile = { integrationId, version: window.day, day, ...figures };
  await publishFacts(tx, 'fair-use', [
    {
      topic: TOPICS.usageProfiles,
      key: integrationId,
      type: usageProfiled.type,
      time: new Date(day),
      data,
    },
  ]);
}

type Figures = Omit<UsageProfile, 'integrationId' | 'version' | 'day'>;

async function readFigures(
  tx: EntityManager,
  integrationId: string,
  { fromMinute, toMinute }: ProfileWindow,
): Promise<Figures> {
  const [figures] = await tx.query<[Figures]>(
    `with pair as (
       select agreement_id, minute, calls from signal_pair_minute
       where integration_id = $1 and minute >= $2 and minute < $3 and calls > 0
     ), whole as (
       select minute, sum(calls) as calls from pair group by minute
     ), busiest as (
       select agreement_id as "organizationId",
              round(sum(calls) / count(distinct minute / 1440))::bigint as "callsPerDay",
              percentile_disc(0.5) within group (order by calls) as "callsPerBusyMinute"
       from pair where agreement_id <> '' group by agreement_id
       order by sum(calls) desc, agreement_id limit $4
     )
     select count(distinct minute / 1440)::integer as "daysWithCalls",
            coalesce(round(sum(calls) / nullif(count(distinct minute / 1440), 0)), 0)::bigint as "callsPerDay",
            coalesce(percentile_disc(0.5) within group (order by calls), 0)::bigint as "callsPerBusyMinute",
            (select count(distinct agreement_id) from pair where agreement_id <> '') as "agreementCount",
            (select coalesce(percentile_disc(0.5) within group (order by calls), 0)::bigint from pair)
              as "callsPerBusyMinuteOfAgreement",
            coalesce((select json_agg(busiest) from busiest), '[]') as agreements
     from whole`,
    [integrationId, fromMinute, toMinute, PROFILE_AGREEMENTS],
  );
  return figures;
}
