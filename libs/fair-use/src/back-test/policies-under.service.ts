import type { EntityManager } from 'typeorm';
import { propose, type Written } from '../policy/decide-policy.service.js';
import { policiesOf, versionInForce, type Policies } from '../policy/policies.js';
import { readVersions } from '../policy/policy-book.service.js';
import type { PolicyDocument } from '../policy/policy-document.js';

/** The policies that a back-test holds side by side. */

/** A policy as if it had been in force always; what is agreed with some holds at its own times. */
export function policiesUnder(document: PolicyDocument): Policies {
  return policiesOf([{ version: 1, effectiveFrom: null, document }]);
}

/** @throws Problem as for a policy that is decided: what could not be in force cannot be tried either */
export async function candidateOf(tx: EntityManager, written: Written, now: Date): Promise<PolicyDocument> {
  return (await propose(tx, written, now)).document;
}

export async function documentInForce(tx: EntityManager, now: Date): Promise<PolicyDocument> {
  return versionInForce(await readVersions(tx), now)!.document;
}
