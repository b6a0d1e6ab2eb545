import type { AuditDifference, AuditPlace } from './audit-report.js';
import { IdentitySet } from './identity-set.js';

/**
 * Whether as many events were counted as there are different identities in a topic of which every record is read. A row of
 * the accounting is held against the identities that it is the first to have: where the sums differ, this names the rows.
 */

const MOST_SUSPECTS = 100;

export class DistinctCount {
  private counted = 0;
  private fresh = 0;
  private readonly suspects: AuditDifference[] = [];

  constructor(private readonly identities = new IdentitySet()) {}

  /** True when it is the first with this identity. */
  add(hash: string, salt: number): boolean {
    return this.identities.add(hash, salt);
  }

  /** `fresh`: first ones that the room did not refuse by a rule of its own. */
  addRow(place: AuditPlace, { counted, fresh }: { counted: number; fresh: number }): void {
    this.counted += counted;
    this.fresh += fresh;
    if (counted === fresh || this.suspects.length >= MOST_SUSPECTS) return;
    const detail = 'different identities that come first here, against those counted';
    this.suspects.push({ check: 'counted', ...place, expected: fresh, found: counted, detail });
  }

  /** True: there were more identities than fit, and `differences` says nothing. */
  get isFull(): boolean {
    return this.identities.isFull;
  }

  /**
   * Only when the sums differ: the same call on two partitions is counted on the one that was read first, which is not
   * always the first one here.
   */
  differences(): readonly AuditDifference[] {
    return this.isFull || this.counted === this.fresh ? [] : this.suspects;
  }
}
