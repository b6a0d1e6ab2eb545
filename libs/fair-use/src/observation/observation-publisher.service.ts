import { Inject, Injectable } from '@nestjs/common';
import { integrationObserved, MAX_OBSERVED_SCOPES, OBSERVED_DAYS, TOPICS } from '@taxameter/contracts';
import {
  CLOCK,
  databaseOf,
  LOGGER,
  publishFacts,
  BackgroundLoop,
  systemActor,
  withActor,
  type Clock,
  type Logger,
} from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { DAY_MEASURES, type DayMeasures } from './observe.js';

/**
 * Tells what the calls of an integration show: at its first call, whenever its calls have doubled since, and else every quarter
 * of an hour while there are new ones. So a reviewer sees a test at once, and a busy integration costs a hundred facts a day.
 */

const IDLE_MS = 1_000;
const INTEGRATIONS_PER_ROUND = 50;
const QUIET_MS = 15 * 60_000;
const MINUTES_PER_DAY = 1440;
const DAY_MS = 86_400_000;

@Injectable()
export class ObservationPublisher extends BackgroundLoop {
  constructor(
    @Inject(databaseOf('fair-use')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) logger: Logger,
  ) {
    super({ name: 'fair-use observation publisher', idleMs: IDLE_MS, logger });
  }

  /** Up to fifty integrations; true when there may be more. */
  protected override async step(): Promise<boolean> {
    const now = this.clock.now();
    const due = await this.database.query<{ integrationId: string }[]>(
      `select integration_id as "integrationId" from observed_integration
       where calls > published_calls and (calls >= 2 * published_calls or published_at <= $1)
       order by integration_id limit $2`,
      [new Date(now.getTime() - QUIET_MS), INTEGRATIONS_PER_ROUND],
    );
    for (const { integrationId } of due) {
      await withActor(this.database, systemActor('fair-use'), (tx) => publish(tx, integrationId, now));
    }
    return due.length === INTEGRATIONS_PER_ROUND;
  }
}

interface IntegrationRow {
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  readonly calls: number;
  readonly publishedCalls: number;
  readonly publishedVersion: number;
}

async function publish(tx: EntityManager, integrationId: string, now: Date): Promise<void> {
  const [row] = await tx.query<IntegrationRow[]>(
    `select first_seen_at as "firstSeenAt", last_seen_at as "lastSeenAt", calls,
       published_calls as "publishedCalls", published_version as "publishedVersion"
     from observed_integration where integration_id = $1 for update skip locked`,
    [integrationId],
  );
  // Another process was faster, or a batch is just adding to it: it comes again in a second, and no batch waits for it meanwhile.
  if (!row || row.calls === row.publishedCalls) return;
  const lastDay = Math.floor(row.lastSeenAt.getTime() / DAY_MS);
  const firstDay = lastDay - OBSERVED_DAYS + 1;
  const { busiestDayCalls, publicCalls, personalCalls, ...figures } = await figuresSince(
    tx,
    integrationId,
    firstDay,
  );
  const version = row.publishedVersion + 1;
  const half = (publicCalls + personalCalls) / 2;
  const data = {
    integrationId,
    version,
    kind: half === 0 ? 'unknown' : personalCalls > half ? 'personal' : 'public',
    windowStart: new Date(firstDay * DAY_MS).toISOString(),
    windowEnd: new Date((lastDay + 1) * DAY_MS).toISOString(),
    firstSeenAt: row.firstSeenAt.toISOString(),
    lastSeenAt: row.lastSeenAt.toISOString(),
    busiestDayCalls,
    ...figures,
    throttledMinutes: await throttledMinutesSince(tx, integrationId, firstDay),
    scopes: await scopesSince(tx, integrationId, firstDay),
  };
  await publishFacts(tx, 'fair-use', [
    {
      topic: TOPICS.observations,
      key: `integration|${integrationId}`,
      type: integrationObserved.type,
      time: now,
      data,
    },
  ]);
  await tx.query(
    `update observed_integration set published_version = $2, published_calls = calls, published_at = $3
     where integration_id = $1`,
    [integrationId, version, now],
  );
  await forgetBefore(tx, integrationId, firstDay);
}

/** Later observations never go back behind the window of an earlier one: it ends with the newest call of the integration. */
async function forgetBefore(tx: EntityManager, integrationId: string, firstDay: number): Promise<void> {
  await tx.query('delete from observed_day where integration_id = $1 and day < $2', [
    integrationId,
    firstDay,
  ]);
  await tx.query('delete from observed_throttled_minute where integration_id = $1 and minute < $2', [
    integrationId,
    firstDay * MINUTES_PER_DAY,
  ]);
  await tx.query('delete from observed_scope where integration_id = $1 and last_day < $2', [
    integrationId,
    firstDay,
  ]);
}

async function figuresSince(
  tx: EntityManager,
  integrationId: string,
  firstDay: number,
): Promise<DayMeasures & { readonly busiestDayCalls: number }> {
  const rows = await tx.query<DayMeasures[]>(
    `select calls, public_calls as "publicCalls", personal_calls as "personalCalls",
       write_calls as "writeCalls", client_errors as "clientErrors", forbidden, token_calls as "tokenCalls",
       other_auth_calls as "otherAuthCalls", sweeps, changes_since_sweeps as "changesSinceSweeps",
       later_pages as "laterPages", small_later_pages as "smallLaterPages",
       throttled_calls as "throttledCalls", sms_calls as "smsCalls"
     from observed_day where integration_id = $1 and day >= $2`,
    [integrationId, firstDay],
  );
  const sums = DAY_MEASURES.map((measure) => [measure, rows.reduce((sum, row) => sum + row[measure], 0)]);
  return {
    ...(Object.fromEntries(sums) as Record<keyof DayMeasures, number>),
    busiestDayCalls: rows.reduce((most, { calls }) => Math.max(most, calls), 0),
  };
}

async function throttledMinutesSince(
  tx: EntityManager,
  integrationId: string,
  firstDay: number,
): Promise<number> {
  const [row] = await tx.query<[{ count: number }]>(
    'select count(*) as count from observed_throttled_minute where integration_id = $1 and minute >= $2',
    [integrationId, firstDay * MINUTES_PER_DAY],
  );
  return row.count;
}

async function scopesSince(tx: EntityManager, integrationId: string, firstDay: number): Promise<string[]> {
  const rows = await tx.query<{ scope: string }[]>(
    `select scope from observed_scope where integration_id = $1 and last_day >= $2
     order by scope collate "C" limit $3`,
    [integrationId, firstDay, MAX_OBSERVED_SCOPES],
  );
  return rows.map(({ scope }) => scope);
}
