/** Who acts: every route, command and background step has an actor, and row-level security is told who it is. */

export const ROLES = ['ingest', 'ops', 'finance', 'partner', 'gateway', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export interface Actor {
  readonly id: string;
  /** `system` is a consumer or a background step: it sees all rows of its room. */
  readonly role: Role | 'system';
  /** The partner whose data the actor may see; null for everybody who is not a partner. */
  readonly partnerId: string | null;
}

export function systemActor(room: string): Actor {
  return { id: `system:${room}`, role: 'system', partnerId: null };
}
