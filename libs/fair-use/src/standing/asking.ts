import { SEVERITIES } from '@taxameter/contracts';
import type { Policies } from '../policy/policies.js';
import type { Policy, Thresholds } from '../policy/policy.js';
import { scaledPolicy } from '../policy/scaled-policy.js';

/**
 * Makes of policies such as speak up long before a limit is reached: by them the rules themselves say how near somebody is, and no
 * second measurement has to agree with theirs.
 */

/** What is less than this share of a limit is not told. */
export const LEAST_SHARE = 0.01;

/**
 * The shares at which is asked, highest first. Between two of them there may be much to judge, so they are close; far above 1 it is of
 * no interest how far.
 */
export const RATIOS: readonly number[] = ratiosFrom(64);

function ratiosFrom(highest: number): number[] {
  const ratios: number[] = [];
  for (let ratio = highest; ratio > LEAST_SHARE; ratio *= 0.8) ratios.push(ratio);
  return [...ratios, LEAST_SHARE];
}

/** The same policies with the mildest severity alone, and its threshold at a share of itself. */
export function askingAt(policies: Policies, ratio: number): Policies {
  const known = new Map<Policy, Policy>();
  const asking = (policy: Policy): Policy => {
    let asked = known.get(policy);
    if (!asked) known.set(policy, (asked = scaledPolicy(mildestOnly(policy), ratio)));
    return asked;
  };
  return {
    ...policies,
    at: (integrationId, agreementId, minute) => asking(policies.at(integrationId, agreementId, minute)),
    all: policies.all.map(asking),
    variantsOf: (integrationId) => policies.variantsOf(integrationId).map(asking),
  };
}

export function mildestOnly(policy: Policy): Policy {
  const rules = Object.entries(policy.rules).map(([id, settings]) => {
    const thresholds = settings.thresholds as Thresholds<unknown>;
    const mildest = SEVERITIES.find((severity) => thresholds[severity] !== undefined);
    return [id, { ...settings, thresholds: mildest ? { [mildest]: thresholds[mildest] } : {} }];
  });
  return { ...policy, rules: Object.fromEntries(rules) as Policy['rules'] };
}
