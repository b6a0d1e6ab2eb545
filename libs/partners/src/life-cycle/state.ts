/** Where an integration stands, from what is kept of it: its application, its status, and what restricts it. */
import type { Integration } from '@taxameter/contracts';
import { inForceAt } from '../integration/history.js';
import { phaseAt, type Restriction } from '../restriction/restriction.js';
import type { LifeCycleState } from './moves.js';

export interface Standing {
  readonly integration: Pick<Integration, 'status'>;
  /** State of the application by which it came to be; null for one that was recorded without. */
  readonly application: LifeCycleState | null;
  readonly restrictions: readonly Restriction[];
}

/** An application that failed decides first: its integration is deactivated too, and must not be reinstated. */
export function lifeCycleState(
  { integration, application, restrictions }: Standing,
  now: Date,
): LifeCycleState {
  if (application === 'rejected' || application === 'withdrawn') return application;
  if (inForceAt(integration.status, now)?.status === 'deactivated') return 'deactivated';
  if (application === 'in-review') return 'in-review';
  // Who stops its own SMS at a budget has done nothing that anybody must act on.
  const isOwnStop = ({ reasonCode, capability }: Restriction) =>
    reasonCode === 'own_request' && capability === 'sms';
  const isRestricted = restrictions.some(
    (restriction) => phaseAt(restriction, now) === 'in_force' && !isOwnStop(restriction),
  );
  return isRestricted ? 'restricted' : 'active';
}
