/**
 * Two numbers of a room that must be equal, such as a sum of its counters and what its accounting says. A room declares its
 * own, since nobody else knows its tables.
 */
export interface Auditor {
  /** What is compared, in words: `calls in usage_minute`. */
  readonly name: string;
  /** The topic that is counted, where it is one. */
  readonly topic: string | null;
  /** One statement that gives one row with `expected` and `found`, from one snapshot of the room's own tables. */
  readonly sql: string;
}
