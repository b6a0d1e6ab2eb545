/** What an audit is narrowed to; nothing given is everything. */
export interface AuditWanted {
  readonly room?: string | undefined;
  readonly topic?: string | undefined;
  readonly partition?: number | undefined;
  /** Rows of the accounting that reach beyond this offset, read whole. */
  readonly from?: number | undefined;
  /** Rows that begin below this offset. */
  readonly to?: number | undefined;
}

/** What was asked for does not exist or cannot be asked; the message says what can. */
export class AuditRefused extends Error {}

/** @throws AuditRefused for options that mean nothing without one another */
export function refuseSenseless({ topic, partition, from, to }: AuditWanted): void {
  if (partition !== undefined && topic === undefined) {
    throw new AuditRefused('a partition is one of a topic: say --topic with --partition');
  }
  if ((from !== undefined || to !== undefined) && partition === undefined) {
    throw new AuditRefused(
      'an offset is one of a partition: say --topic and --partition with --from and --to',
    );
  }
  if (from !== undefined && to !== undefined && from >= to) {
    throw new AuditRefused(`--from ${from} must lie below --to ${to}, which is the offset after the range`);
  }
}
