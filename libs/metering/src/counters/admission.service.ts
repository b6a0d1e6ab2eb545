import { Inject, Injectable } from '@nestjs/common';
import { agreementIdOf, type ApiCallEvent } from '@taxameter/contracts';
import { databaseOf, type EventBatch } from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { ROOM } from '../room.js';
import { Dictionary } from './dictionary.service.js';
import { FOLDED_ROUTE, foldRoutes, sumUsage, type HourRow, type UsageSums } from './usage-sums.js';
import { MINUTE_MS } from './window.js';

/**
 * Which new names may stand in the counters. A router that emits raw paths, or a client that makes ids up, would else have a
 * row for each of its calls. Every call is counted or quarantined; the limits hold per minute of the log's append time, over all processes.
 */

/** Of one integration, for ever. Calls of further routes count under `*`. */
export const MOST_ROUTES = 1_000;
/** Of one integration in a minute. Calls of further routes count under `*`. */
export const MOST_NEW_ROUTES = 100;
/** In a minute. Calls of further integrations are quarantined. */
export const MOST_NEW_INTEGRATIONS = 2_000;
/** Of one integration in a minute: those that no other integration called on before. Calls on further ones are quarantined. */
export const MOST_NEW_AGREEMENTS = 1_000;

/** Routes kept in memory, of all integrations together, about 10 MB; beyond it they are forgotten and asked for again. */
const MOST_REMEMBERED = 100_000;
const NO_LIMIT = 2 ** 31 - 1;

interface Verdict {
  readonly hasIntegration: boolean;
  readonly hasAgreement: boolean;
  readonly hasRoute: boolean;
}

/** Names of a row, by their place in the three arrays. */
type Names = readonly [integrationIds: string[], agreementIds: string[], routes: string[]];

@Injectable()
export class Admission {
  private readonly routes = new Map<string, Set<string>>();
  private remembered = 0;

  constructor(
    @Inject(databaseOf(ROOM)) private readonly database: DataSource,
    @Inject(Dictionary) private readonly dictionary: Dictionary,
  ) {}

  /** The sums of those calls that may count, names of routes folded where they are too many; the other calls go to quarantine. */
  async admit(batch: EventBatch<ApiCallEvent>): Promise<UsageSums> {
    const sums = sumUsage(batch.events);
    const strange = sums.hours.filter((row) => !this.knows(row));
    if (strange.length === 0) return sums;
    const verdicts = await this.judge(strange, batch);
    const refused = new Map<string, string>();
    const folded = new Set<string>();
    for (const [index, row] of strange.entries()) {
      const { hasIntegration, hasAgreement, hasRoute } = verdicts[index]!;
      if (!hasIntegration || !hasAgreement) refused.set(pairOf(row), refusalOf(hasIntegration));
      else if (hasRoute) this.remember(row);
      else folded.add(placeOf(row));
    }
    const { hours, ...rest } = refused.size === 0 ? sums : sumUsage(withoutRefused(batch, refused));
    return {
      ...rest,
      hours: folded.size === 0 ? hours : foldRoutes(hours, (row) => folded.has(placeOf(row))),
    };
  }

  private knows({ integrationId, agreementId, route }: HourRow): boolean {
    const routes = this.routes.get(integrationId);
    return routes !== undefined && routes.has(route) && this.dictionary.remembers('agreement', agreementId);
  }

  private remember({ integrationId, route }: HourRow): void {
    if (this.remembered >= MOST_REMEMBERED) {
      this.routes.clear();
      this.remembered = 0;
    }
    const routes = this.routes.get(integrationId) ?? new Set();
    this.routes.set(integrationId, routes);
    if (routes.has(route)) return;
    routes.add(route);
    this.remembered += 1;
  }

  private async judge(rows: readonly HourRow[], batch: EventBatch): Promise<readonly Verdict[]> {
    const names: Names = [
      rows.map(({ integrationId }) => integrationId),
      rows.map(({ agreementId }) => agreementId),
      rows.map(({ route }) => route),
    ];
    const known = await verdictsOn(this.database.manager, names);
    if (known.every(({ hasAgreement, hasRoute }) => hasAgreement && hasRoute)) return known;
    // On a connection of its own, committed before the batch: as the dictionary, and for the same reason.
    return this.database.transaction(async (tx) => {
      // One process at a time counts what a minute has room for.
      await tx.query('select pg_advisory_xact_lock(7340012, hashtext(current_schema()))');
      await takeIn(tx, names, batch);
      return verdictsOn(tx, names);
    });
  }
}

async function takeIn(tx: EntityManager, names: Names, { events, isReplay }: EventBatch): Promise<void> {
  const [integrationIds, agreementIds, routes] = names;
  const minute = new Date(Math.floor(events.at(-1)!.appendedAt.getTime() / MINUTE_MS) * MINUTE_MS);
  const since = isReplay ? null : minute;
  const most = (limit: number) => (isReplay ? NO_LIMIT : limit);
  await tx.query(
    `insert into integration (integration_id, since)
     select name, $2 from (select name, min(place) as place from unnest($1::text[]) with ordinality as given (name, place)
       where not exists (select from integration where integration_id = name) group by name) as new
     order by place
     limit greatest(0, $3::integer - (select count(*) from integration where since = $2::timestamptz))
     on conflict do nothing`,
    [integrationIds, since, most(MOST_NEW_INTEGRATIONS)],
  );
  // What is spent is counted once an integration, not once a row: materialized. Calls without agreement stand under '', which is
  // no name that anybody made up.
  await tx.query(
    `with new as (
       select integration.id as integration, name,
              row_number() over (partition by integration.id, name = '' order by min(place)) as number
       from unnest($1::text[], $2::text[]) with ordinality as given (integration_id, name, place)
         join integration using (integration_id)
       where not exists (select from agreement where organization_id = name)
       group by integration.id, name
     ), spent as materialized (
       select integration, (
         select count(*) from agreement where introduced_by = each.integration and since = $3::timestamptz) as agreements
       from (select distinct integration from new) as each
     )
     insert into agreement (organization_id, introduced_by, since)
     select name, integration, case when name <> '' then $3::timestamptz end
     from new join spent using (integration) where name = '' or number <= $4::integer - agreements
     order by name
     on conflict do nothing`,
    [integrationIds, agreementIds, since, most(MOST_NEW_AGREEMENTS)],
  );
  await tx.query(
    `with new as (
       select integration.id as integration, route,
              row_number() over (partition by integration.id order by min(place)) as number
       from unnest($1::text[], $2::text[]) with ordinality as given (integration_id, route, place)
         join integration using (integration_id)
       where route not in ('', $4) and not exists (
         select from integration_route as known where known.integration = integration.id and known.route = given.route)
       group by integration.id, route
     ), room as materialized (
       select integration, (
         select least($5::integer - count(*), $6::integer - count(*) filter (where since = $3::timestamptz))
         from integration_route as known where known.integration = each.integration) as routes
       from (select distinct integration from new) as each
     )
     insert into integration_route (integration, route, since)
     select integration, route, $3 from new join room using (integration) where number <= routes
     on conflict do nothing`,
    [integrationIds, routes, minute, FOLDED_ROUTE, MOST_ROUTES, MOST_NEW_ROUTES],
  );
}

async function verdictsOn(tx: EntityManager, names: Names): Promise<Verdict[]> {
  return tx.query<Verdict[]>(
    `select integration.id is not null as "hasIntegration", agreement.id is not null as "hasAgreement",
            given.route in ('', $4) or known.route is not null as "hasRoute"
     from unnest($1::text[], $2::text[], $3::text[]) with ordinality
         as given (integration_id, organization_id, route, place)
       left join integration using (integration_id)
       left join agreement using (organization_id)
       left join integration_route as known on known.integration = integration.id and known.route = given.route
     order by place`,
    [...names, FOLDED_ROUTE],
  );
}

function withoutRefused(batch: EventBatch<ApiCallEvent>, refused: ReadonlyMap<string, string>) {
  return batch.events.filter((received) => {
    const { integrationId, organizationId } = received.event.data;
    const detail = refused.get(pairOf({ integrationId, agreementId: agreementIdOf(organizationId) }));
    if (detail !== undefined) batch.quarantine(received, 'too_many_new', detail);
    return detail === undefined;
  });
}

function refusalOf(hasIntegration: boolean): string {
  return hasIntegration
    ? `names an agreement that is new, and its integration had ${MOST_NEW_AGREEMENTS} new ones in that minute; replay it if it is meant`
    : `names an integration that is new, as ${MOST_NEW_INTEGRATIONS} were in that minute; replay it if it is meant`;
}

function pairOf({ integrationId, agreementId }: Pick<HourRow, 'integrationId' | 'agreementId'>): string {
  return `${integrationId}|${agreementId}`;
}

function placeOf({ integrationId, route }: HourRow): string {
  return `${integrationId}|${route}`;
}
