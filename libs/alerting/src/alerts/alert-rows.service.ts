import { deliveriesAbout, deliveriesNamed, type DeliveryStatus } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';

/** Alerts in the database: how a row is read, and the order in which rows change. */

/** The columns of an `AlertRow`, to be followed by what is wanted. */
export const SELECT_ALERT = `
  select id, sequence, kind, severity, state, opened_at as "openedAt", changed_at as "changedAt", breach, episode, resolution,
    observed from alert`;

/** Draws the next sequence number. It stays locked until the transaction ends, so that numbers become visible in their order. */
export async function nextSequence(tx: EntityManager): Promise<number> {
  const [[head]] = await tx.query<[[{ sequence: number }], number]>(
    'update alert_head set last_sequence = last_sequence + 1 returning last_sequence as sequence',
  );
  return head.sequence;
}

/** The deliveries that tell of each of these alerts, oldest first: those about it alone, and messages about several. */
export async function deliveriesOfAlerts(
  tx: EntityManager,
  alertIds: readonly string[],
): Promise<Map<string, DeliveryStatus[]>> {
  const own = await deliveriesAbout(tx, alertIds);
  const named = await tx.query<{ alertId: string; deliveryId: string }[]>(
    `select distinct alert_id as "alertId", delivery_id as "deliveryId" from notice
     where alert_id = any($1) and delivery_id is not null and not delivery_id = any($2)`,
    [alertIds, own.map(({ id }) => id)],
  );
  const grouped = await deliveriesNamed(
    tx,
    named.map(({ deliveryId }) => deliveryId),
  );
  const isAbout = (delivery: DeliveryStatus, alertId: string) =>
    delivery.subject === alertId ||
    named.some((one) => one.alertId === alertId && one.deliveryId === delivery.id);
  const all = [...own, ...grouped].sort((one, other) => one.createdAt.getTime() - other.createdAt.getTime());
  return new Map(alertIds.map((id) => [id, all.filter((delivery) => isAbout(delivery, id))]));
}
