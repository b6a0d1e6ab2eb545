import { cutPage, type Page } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { partnerState, type PartnerState } from './partner.js';

/** What was true of a partner when: read back from its audit, which holds every state that there was. */

export interface PartnerVersion {
  readonly version: number;
  /** The instant from which it held, itself included. */
  readonly from: string;
  /** The instant from which the next one held; null: it still holds. */
  readonly to: string | null;
  readonly actor: { readonly id: string | null; readonly role: string };
  readonly reason: string | null;
  readonly partner: PartnerState;
}

interface VersionRow {
  readonly version: number;
  readonly from: Date;
  readonly to: Date | null;
  readonly actorId: string;
  readonly actorRole: string;
  readonly reason: string | null;
  readonly state: unknown;
}

/** The partner as it was at an instant; null when there was none yet. Of two changes in one millisecond the later counts. */
export async function loadPartnerAt(
  tx: EntityManager,
  partnerId: string,
  at: Date,
): Promise<PartnerState | null> {
  const [row] = await tx.query<{ state: unknown }[]>(
    'select "after" as state from audit_entry where subject = $1 and at <= $2 order by id desc limit 1',
    [`partner|${partnerId}`, at],
  );
  return row ? partnerState.parse(row.state) : null;
}

/**
 * The versions of a partner, newest first.
 * @param before only versions below this one, undefined: all
 * @param withNames whether the reader may see who made each, and why
 */
export async function listVersions(
  tx: EntityManager,
  partnerId: string,
  { limit, before, withNames }: { limit: number; before: number | undefined; withNames: boolean },
): Promise<Page<PartnerVersion>> {
  const rows = await tx.query<VersionRow[]>(
    `select * from (
       select ("after" ->> 'version')::integer as version, at as "from", lead(at) over (order by id) as "to",
              actor_id as "actorId", actor_role as "actorRole", reason, "after" as state
       from audit_entry where subject = $1) as history
     where version < coalesce($2::integer, 2147483647) order by version desc limit $3`,
    [`partner|${partnerId}`, before ?? null, limit + 1],
  );
  const { items, nextCursor } = cutPage(rows, limit, ({ version }) => String(version));
  return { items: items.map((row) => versionOf(row, withNames)), nextCursor };
}

function versionOf(row: VersionRow, withNames: boolean): PartnerVersion {
  return {
    version: row.version,
    from: row.from.toISOString(),
    to: row.to?.toISOString() ?? null,
    actor: { id: withNames ? row.actorId : null, role: row.actorRole },
    reason: withNames ? row.reason : null,
    // What was recorded before a field was there says nothing of it.
    partner: partnerState.parse(row.state),
  };
}
