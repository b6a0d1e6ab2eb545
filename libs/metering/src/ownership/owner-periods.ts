import type { Integration } from '@taxameter/contracts';

/** Who owned an integration when: the list of the fact as half-open periods that follow each other. */
export interface OwnerPeriod {
  readonly partnerId: string;
  readonly validFrom: string;
  /** null: until further notice. */
  readonly validTo: string | null;
}

/** Of two entries from the same instant the later one in the list holds. */
export function ownerPeriods(ownership: Integration['ownership']): OwnerPeriod[] {
  const byStart = new Map<number, string>();
  for (const { partnerId, from } of ownership) byStart.set(Date.parse(from), partnerId);
  const starts = [...byStart.keys()].sort((left, right) => left - right);
  return starts.map((start, index) => {
    const end = starts[index + 1];
    return {
      partnerId: byStart.get(start)!,
      validFrom: new Date(start).toISOString(),
      validTo: end === undefined ? null : new Date(end).toISOString(),
    };
  });
}
