import type { Type } from '@nestjs/common';
import type { Auditor } from './audit/auditor.js';
import type { RoomSchema } from './database/room-database.service.js';
import type { PartitionedTable } from './retention/retention.js';

/** A room of the house as a process sees it: one Nest module and, where it keeps anything, its schema. */
export interface Room {
  readonly name: string;
  readonly module: Type;
  /** null for a room that keeps nothing (the HTTP door). */
  readonly schema: Pick<RoomSchema, 'migrations'> | null;
  /** The topics it writes to. Those it reads are known from its `@OnEvents` methods. */
  readonly writes?: readonly string[];
  /** What of its tables must agree with its accounting. */
  readonly auditors?: readonly Auditor[];
  /** Its tables of which old partitions are dropped, and how long they are kept. */
  readonly partitioned?: readonly PartitionedTable[];
}
