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
    const ids = due.map(({ integrationId }) => integrationId);
    if (ids.length > 0) {
      await withActor(this.database, systemActor('fair-use'), (tx) => publish(tx, ids, now));
    }
    return due.length === INTEGRATIONS_PER_ROUND;
  }
}

interface IntegrationRow {
  readonly integrationId: string;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  readonly calls: number;
  readonly publishedCalls: number;
  readonly publishedVersion: number;
}

/** All of a round together: one by one, they were a third of what this room asked of its database while it caught up. */
async function publish(tx: EntityManager, integrationIds: readonly string[], now: Date): Promise<void> {
  const locked = await tx.query<IntegrationRow[]>(
    // What a batch is just adding to comes again in a second, and no batch waits for it meanwhile.
    `select integration_id as "integrationId", first_seen_at as "firstSeenAt", last_seen_at as "lastSeenAt", calls,
       published_calls as "publishedCalls", published_version as "publishedVersion"
     from observed_integration where integration_id = any($1) order by integration_id for update skip locked`,
    [integrationIds],
  );
  // Another process may have been faster.
  const rows = locked.filter(({ calls, publishedCalls }) => calls > publishedCalls);
  if (rows.length === 0) return;
  const windows = rows.map(({ integrationId, lastSeenAt }) => ({
    integrationId,
    firstDay: Math.floor(lastSeenAt.getTime() / DAY_MS) - OBSERVED_DAYS + 1,
  }));
  const figures = await figuresOf(tx, windows);
  const throttled = await throttledMinutesOf(tx, windows);
  const scopes = await scopesOf(tx, windows);
  const facts = rows.map((row, index) => {
    const { integrationId, firstDay } = windows[index]!;
    const { publicCalls, personalCalls, ...told } = figures.get(integrationId)!;
    const half = (publicCalls + personalCalls) / 2;
    return {
      topic: TOPICS.observations,
      key: `integration|${integrationId}`,
      type: integrationObserved.type,
      time: now,
      data: {
        integrationId,
        version: row.publishedVersion + 1,
        kind: half === 0 ? 'unknown' : personalCalls > half ? 'personal' : 'public',
        windowStart: new Date(firstDay * DAY_MS).toISOString(),
        windowEnd: new Date((firstDay + OBSERVED_DAYS) * DAY_MS).toISOString(),
        firstSeenAt: row.firstSeenAt.toISOString(),
        lastSeenAt: row.lastSeenAt.toISOString(),
        ...told,
        throttledMinutes: throttled.get(integrationId) ?? 0,
        scopes: scopes.get(integrationId) ?? [],
      },
    };
  });
  await publishFacts(tx, 'fair-use', facts);
  await tx.query(
    `update observed_integration set published_version = published_version + 1, published_calls = calls, published_at = $2
     where integration_id = any($1)`,
    [windows.map(({ integrationId }) => integrationId), now],
  );
  await forgetBefore(tx, windows);
}

interface Window {
  readonly integrationId: string;
  /** Whole days since 1970, UTC. */
  readonly firstDay: number;
}

const WINDOWS = 'unnest($1::text[], $2::integer[]) as since (id, first)';

function keysOf(windows: readonly Window[], perDay = 1): [string[], number[]] {
  return [
    windows.map(({ integrationId }) => integrationId),
    windows.map(({ firstDay }) => firstDay * perDay),
  ];
}

/** Later observations never go back behind the window of an earlier one: it ends with the newest call of the integration. */
async function forgetBefore(tx: EntityManager, windows: readonly Window[]): Promise<void> {
  await tx.query(
    `delete from observed_day using ${WINDOWS} where integration_id = id and day < first`,
    keysOf(windows),
  );
  await tx.query(
    `delete from observed_throttled_minute using ${WINDOWS} where integration_id = id and minute < first`,
    keysOf(windows, MINUTES_PER_DAY),
  );
  await tx.query(
    `delete from observed_scope using ${WINDOWS} where integration_id = id and last_day < first`,
    keysOf(windows),
  );
}

type Figures = DayMeasures & { readonly busiestDayCalls: number };

async function figuresOf(tx: EntityManager, windows: readonly Window[]): Promise<Map<string, Figures>> {
  const rows = await tx.query<(DayMeasures & { readonly integrationId: string })[]>(
    `select integration_id as "integrationId", calls, public_calls as "publicCalls", personal_calls as "personalCalls",
       write_calls as "writeCalls", client_errors as "clientErrors", forbidden, token_calls as "tokenCalls",
       other_auth_calls as "otherAuthCalls", sweeps, changes_since_sweeps as "changesSinceSweeps",
       later_pages as "laterPages", small_later_pages as "smallLaterPages",
       throttled_calls as "throttledCalls", sms_calls as "smsCalls"
     from ${WINDOWS} join observed_day on integration_id = id and day >= first`,
    keysOf(windows),
  );
  const figures = new Map<string, Figures>();
  for (const { integrationId } of windows) {
    const days = rows.filter((row) => row.integrationId === integrationId);
    const sums = DAY_MEASURES.map((measure) => [measure, days.reduce((sum, day) => sum + day[measure], 0)]);
    figures.set(integrationId, {
      ...(Object.fromEntries(sums) as Record<keyof DayMeasures, number>),
      busiestDayCalls: days.reduce((most, { calls }) => Math.max(most, calls), 0),
    });
  }
  return figures;
}

async function throttledMinutesOf(
  tx: EntityManager,
  windows: readonly Window[],
): Promise<Map<string, number>> {
  const rows = await tx.query<{ id: string; count: number }[]>(
    `select id, count(*) as count from ${WINDOWS}
     join observed_throttled_minute on integration_id = id and minute >= first group by id`,
    keysOf(windows, MINUTES_PER_DAY),
  );
  return new Map(rows.map(({ id, count }) => [id, count]));
}

async function scopesOf(tx: EntityManager, windows: readonly Window[]): Promise<Map<string, string[]>> {
  const rows = await tx.query<{ id: string; scopes: string[] }[]>(
    `select id, array(select scope from observed_scope where integration_id = id and last_day >= first
                      order by scope collate "C" limit $3) as scopes
     from ${WINDOWS}`,
    [...keysOf(windows), MAX_OBSERVED_SCOPES],
  );
  return new Map(rows.map(({ id, scopes }) => [id, scopes]));
}
