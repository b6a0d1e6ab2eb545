import type { AuditDifference, AuditPlace } from './audit-report.js';

/** A row of the accounting against what its records say when they are read again. */

export interface AccountedRange {
  readonly fromOffset: number;
  readonly toOffset: number;
  readonly read: number;
  readonly counted: number;
  readonly duplicate: number;
  readonly quarantined: number;
  readonly ignored: number;
}

export interface Recount {
  /** Records that the log still has. */
  records: number;
  read: number;
  ignored: number;
  quarantined: number;
  /** Counted or a duplicate: which of the two shows only when the whole topic is read. */
  valid: number;
  /** Of `valid` those whose identity the database does not know. */
  unknown: number;
}

export const emptyRecount = (): Recount => ({
  records: 0,
  read: 0,
  ignored: 0,
  quarantined: 0,
  valid: 0,
  unknown: 0,
});

export function compareRange(place: AuditPlace, row: AccountedRange, recount: Recount): AuditDifference[] {
  const differences: AuditDifference[] = [];
  const compare = (check: AuditDifference['check'], expected: number, found: number, detail: string) => {
    if (expected !== found) differences.push({ check, ...place, expected, found, detail });
  };
  compare('read', recount.read, row.read, 'events in the log against the accounting');
  compare('ignored', recount.ignored, row.ignored, 'events of types that the room does not want');
  compare(
    'quarantined',
    recount.quarantined,
    row.quarantined,
    'bad events in the log, and those that the room refused',
  );
  compare('counted_and_duplicate', recount.valid, row.counted + row.duplicate, 'good events');
  compare('identity', recount.valid, recount.valid - recount.unknown, 'good events whose identity is kept');
  return differences;
}
