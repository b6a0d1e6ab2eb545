import type { EntityManager } from 'typeorm';
import type { Clock } from '../clock.js';
import { newId } from '../identifiers.service.js';
import type { AttemptOutcome, DeliveryState } from './retry-schedule.js';

/** What is to be sent, as rows of the room: put in with the transaction that makes it true, and read back for people. */

export interface NewDelivery {
  /** Which of the room's channels sends it: `webhook`, `email`. */
  readonly channel: string;
  /** Who it goes to (a subscription's id); the channel finds address and secrets by it when it sends. */
  readonly target: string;
  /** What it is about (an alert's id). */
  readonly subject: string;
  /** The same key for the same target and channel is one delivery, however often it is put in. */
  readonly dedupKey: string;
  /** The exact text of every attempt. */
  readonly payload: string;
}

/** Puts a delivery into the caller's transaction: due at once. Gives its id, null when it was there already. */
export async function enqueueDelivery(
  tx: EntityManager,
  clock: Clock,
  delivery: NewDelivery,
): Promise<string | null> {
  const now = clock.now();
  const rows = await tx.query<{ id: string }[]>(
    `insert into outbound_delivery
       (id, channel, target, subject, dedup_key, payload, created_at, state, next_attempt_at)
     values ($1, $2, $3, $4, $5, $6, $7, 'pending', $7)
     on conflict (channel, target, dedup_key) do nothing returning id`,
    [
      newId('delivery', clock),
      delivery.channel,
      delivery.target,
      delivery.subject,
      delivery.dedupKey,
      delivery.payload,
      now,
    ],
  );
  return rows[0]?.id ?? null;
}

export interface DeliveryStatus {
  readonly id: string;
  readonly channel: string;
  readonly target: string;
  readonly subject: string;
  readonly state: DeliveryState;
  readonly createdAt: Date;
  /** null when nothing will be tried any more. */
  readonly nextAttemptAt: Date | null;
  /** Oldest first. A number is missing where a process died while it was sending. */
  readonly attempts: readonly AttemptRow[];
}

export interface AttemptRow {
  readonly number: number;
  readonly at: Date;
  readonly outcome: AttemptOutcome;
  /** The HTTP status, or the SMTP reply code, where there was an answer. */
  readonly status: number | null;
  readonly durationMs: number;
  readonly detail: string;
}

/** All deliveries about these subjects, oldest first, with their attempts. */
export async function deliveriesAbout(
  tx: EntityManager,
  subjects: readonly string[],
): Promise<DeliveryStatus[]> {
  const rows = await tx.query<{ id: string }[]>('select id from outbound_delivery where subject = any($1)', [
    subjects,
  ]);
  return deliveriesNamed(
    tx,
    rows.map((row) => row.id),
  );
}

/** The newest delivery to each of these targets, with its attempts. */
export async function newestDeliveriesTo(
  tx: EntityManager,
  targets: readonly string[],
): Promise<DeliveryStatus[]> {
  const rows = await tx.query<{ id: string }[]>(
    `select distinct on (target) id from outbound_delivery
     where target = any($1) order by target, created_at desc, id desc`,
    [targets],
  );
  return deliveriesNamed(
    tx,
    rows.map((row) => row.id),
  );
}

/** These deliveries, oldest first, with their attempts. */
export async function deliveriesNamed(tx: EntityManager, ids: readonly string[]): Promise<DeliveryStatus[]> {
  const deliveries = await tx.query<Omit<DeliveryStatus, 'attempts'>[]>(
    `select id, channel, target, subject, state, created_at as "createdAt", next_attempt_at as "nextAttemptAt"
     from outbound_delivery where id = any($1) order by created_at, id`,
    [ids],
  );
  const rows = await tx.query<(AttemptRow & { deliveryId: string })[]>(
    `select delivery_id as "deliveryId", number, at, outcome, status, duration_ms as "durationMs", detail
     from outbound_attempt where delivery_id = any($1) order by delivery_id, number`,
    [ids],
  );
  return deliveries.map((delivery) => ({
    ...delivery,
    attempts: rows
      .filter((row) => row.deliveryId === delivery.id)
      .map(({ deliveryId: _, ...attempt }) => attempt),
  }));
}
