import type { Policy } from './policy.js';

/** The policies by which minutes are judged: which one held for whom and when. */
export interface Policies {
  /** The one that holds for an integration on an agreement (the empty string: for the integration as a whole) in a minute. */
  readonly at: (integrationId: string, agreementId: string, minute: number) => Policy;
  /** All that `at` may answer, at least one. */
  readonly all: readonly Policy[];
}

/** One policy for all and always. */
export function onePolicy(policy: Policy): Policies {
  return { at: () => policy, all: [policy] };
}
