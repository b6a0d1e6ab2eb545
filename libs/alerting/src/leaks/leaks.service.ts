import { newId, type Clock } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import type { Telling } from '../news/telling.service.js';
import { LEAK_SEVERITY, type Judgement, type Leak } from './leak.js';

/** Leaks in the database. */

/** The newest leak of a block; null: it has had none. */
export async function newestLeak(tx: EntityManager, restrictionId: string): Promise<Leak | null> {
  const [row] = await tx.query<Leak[]>(
    `select episode, state, resolution, observed from alert
     where restriction_id = $1 order by episode desc limit 1`,
    [restrictionId],
  );
  return row ?? null;
}

/** An open leak whose block has ended at an instant; null: there is none. */
export async function leakToEnd(tx: EntityManager, now: Date): Promise<Leak | null> {
  const [row] = await tx.query<Leak[]>(
    `select episode, state, resolution, observed from alert
     where kind = 'leak' and state = 'open' and (observed ->> 'until')::timestamptz <= $1
     order by restriction_id limit 1`,
    [now],
  );
  return row ?? null;
}

/**
 * Keeps what was judged, and puts in what subscribers are told.
 * @param sequence drawn before the leak was read: its lock is what keeps two processes from judging the same leak
 * @param time when it became true
 */
export async function keepLeak(
  tx: EntityManager,
  telling: Telling,
  clock: Clock,
  { leak, news }: Judgement,
  sequence: number,
  time: Date,
): Promise<void> {
  const { observed } = leak;
  const [{ id }] = await tx.query<[{ id: string }]>(
    `insert into alert
       (id, kind, restriction_id, episode, sequence, version, severity, state, resolution, integration_id, opened_at,
        changed_at, observed)
     values ($1, 'leak', $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)
     on conflict (restriction_id, episode) do update set
       sequence = excluded.sequence, version = excluded.version, state = excluded.state,
       resolution = excluded.resolution, changed_at = excluded.changed_at, observed = excluded.observed
     returning id`,
    [
      newId('alert', clock),
      observed.restrictionId,
      leak.episode,
      sequence,
      observed.version,
      LEAK_SEVERITY,
      leak.state,
      leak.resolution,
      observed.integrationId,
      time,
      JSON.stringify(observed),
    ],
  );
  if (news !== null) await telling.tell(tx, { kind: 'leak', news, sequence, alertId: id, time, leak });
}
