import type { EntityManager } from 'typeorm';
import { readCase } from '../breach/list-cases.service.js';
import { agreementIdOf, type Breach } from '@taxameter/contracts';
import { readPieces } from '../evidence/evidence-store.service.js';
import { defaultPolicy } from '../policy/default-policy.js';
import { policiesOf } from '../policy/policies.js';
import { readVersions } from '../policy/policy-book.service.js';
import type { Policy } from '../policy/policy.js';
import { minuteOf } from '../signals/minute.js';
import { reportOf, type Report } from './report.js';

/** The report of a case as the actor may see it, from what is kept alone; null when there is no such case. */
export async function readReport(tx: EntityManager, breachId: string): Promise<Report | null> {
  const found = await readCase(tx, breachId);
  if (!found) return null;
  const [{ asOf }] = await tx.query<[{ asOf: Date }]>(
    `select greatest((select max(recorded_at) from breach_version where breach_id = $1),
                     (select max(frozen_at) from case_evidence where breach_id = $1),
                     (select max(at) from audit_entry where subject = 'breach|' || $1)) as "asOf"`,
    [breachId],
  );
  const { occurrence, severity } = found.breach;
  const pieces = await readPieces(tx, breachId);
  const frozen = pieces.find((piece) => piece.occurrence === occurrence && piece.severity === severity);
  const harm = frozen && { harm: frozen.body.harm };
  const policy = await policyOfCase(tx, found.breach);
  return reportOf({ ...found, asOf: asOf.toISOString(), ...harm }, policy);
}

/** The policy by which a case was judged, with what was agreed for its agreement then; the default one where that version is unknown. */
async function policyOfCase(tx: EntityManager, breach: Breach): Promise<Policy> {
  const { policyVersion, scope, observed } = breach;
  const version = (await readVersions(tx)).find((each) => each.version === policyVersion);
  if (!version) return defaultPolicy;
  const agreementId = agreementIdOf(scope.organizationId);
  return policiesOf([version]).at(scope.integrationId, agreementId, minuteOf(observed.windowEnd) - 1);
}
