/** What an audit found. */

export type AuditCheck =
  | 'ranges' // of the accounting lie end to end from 0 to the position
  | 'read'
  | 'ignored'
  | 'quarantined'
  | 'counted_and_duplicate'
  | 'identity' // of each event that was counted or a duplicate is kept
  | 'counted' // is the number of different identities
  | 'kept_identities' // are as many as were counted
  | 'auditor'; // of a room: its tables against its accounting

/** Where something was found; a null is the whole of it. */
export interface AuditPlace {
  readonly room: string;
  readonly topic: string | null;
  readonly partition: number | null;
  readonly fromOffset: number | null;
  /** The offset after the range. */
  readonly toOffset: number | null;
}

/** `expected` by the log (or by the accounting, where a room's tables are held against it), `found` in the database. */
export interface AuditDifference extends AuditPlace {
  readonly check: AuditCheck;
  readonly expected: number;
  readonly found: number;
  readonly detail: string;
}

/** What could not be compared, and why: no difference. */
export interface AuditNote extends AuditPlace {
  readonly detail: string;
}

export interface AuditReport {
  /** The first 1,000; `differenceCount` is all. */
  readonly differences: readonly AuditDifference[];
  readonly differenceCount: number;
  readonly notes: readonly AuditNote[];
  readonly checked: AuditedCounts;
}

export interface AuditedCounts {
  rooms: number;
  partitions: number;
  ranges: number;
  records: number;
  events: number;
}

const MOST_LISTED = 1_000;

/** Collects, with a limit: a broken table must not fill the memory. */
export class AuditFindings {
  readonly checked: AuditedCounts = { rooms: 0, partitions: 0, ranges: 0, records: 0, events: 0 };
  private readonly differences: AuditDifference[] = [];
  private readonly notes: AuditNote[] = [];
  private differenceCount = 0;

  differ(difference: AuditDifference): void {
    this.differenceCount += 1;
    if (this.differences.length < MOST_LISTED) this.differences.push(difference);
  }

  note(note: AuditNote): void {
    if (this.notes.length < MOST_LISTED) this.notes.push(note);
  }

  report(): AuditReport {
    const { differences, differenceCount, notes, checked } = this;
    return { differences, differenceCount, notes, checked };
  }
}
