import { Inject, Injectable } from '@nestjs/common';
import { databaseOf, withActor, type Actor } from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { COUNTER_TABLES } from '../counters/counters.service.js';
import { MEASURES, type Measures } from '../counters/usage-sums.js';
import { ownedOnly, ownIntegrations } from '../ownership/own-integrations.service.js';
import { ROOM } from '../room.js';
import { foldOf, POSITIONS_AS_OF, quoted, sumsOf, type ReadPosition } from './usage-reader.service.js';
import type { UsageRange } from './usage-range.js';

/** Reads totals of whole days from the day counters. */

export const ORDERS = ['calls', 'calls429', 'sms', 'durationMs'] as const;
type Order = (typeof ORDERS)[number];

export interface AskedSummary {
  readonly range: UsageRange;
  /** The period to hold it against. */
  readonly before: UsageRange | null;
  /** How many integrations to list. */
  readonly top: number;
  /** What the listed ones have most of; null: calls and messages together. */
  readonly orderBy: Order | null;
}

interface Summary {
  readonly totals: Measures;
  /** Zeros when no period before was asked for. */
  readonly totalsBefore: Measures;
  readonly integrations: readonly (Measures & { integrationId: string })[];
  readonly asOf: readonly ReadPosition[];
}

@Injectable()
export class SummaryReader {
  constructor(@Inject(databaseOf(ROOM)) private readonly database: DataSource) {}

  /** Both periods are of one snapshot. */
  async read(actor: Actor, { range, before, top, orderBy }: AskedSummary, now: Date): Promise<Summary> {
    const parameters: unknown[] = [range.fromKey, range.toKey, top, before?.fromKey, before?.toKey];
    const mine = ownedOnly(ownIntegrations(actor, now), (value) => `$${parameters.push(value)}`);
    const sums = MEASURES.map(
      (measure) => `coalesce(${foldOf(measure)}(${quoted(measure)}), 0) as ${quoted(measure)}`,
    );
    const totalOf = (rows: string) =>
      `(select row_to_json(total) from (select ${sums.join(', ')} from ${rows}) as total)`;
    const most = orderBy === null ? 'calls + sms + "smsTest"' : quoted(orderBy);
    return withActor(this.database, actor, async (tx) => {
      const [found] = await tx.query<[Summary]>(
        `with each as (
           select integration, ${sumsOf(COUNTER_TABLES.day)}
           from usage_day where day >= $1::date and day < $2::date ${mine}
           group by integration
         ), each_before as (
           select ${sumsOf(COUNTER_TABLES.day)}
           from usage_day where day >= $4::date and day < $5::date ${mine}
         ), most as (
           select integration.integration_id as "integrationId", ${MEASURES.map(quoted).join(', ')}
           from each join integration on integration.id = each.integration
           order by ${most} desc, integration_id limit $3
         )
         select ${totalOf('each')} as totals, ${totalOf('each_before')} as "totalsBefore",
                (select coalesce(json_agg(most), '[]') from most) as integrations, ${POSITIONS_AS_OF}`,
        parameters,
      );
      return found;
    });
  }
}
