import type { EntityManager } from 'typeorm';
import { readCase } from '../breach/list-cases.service.js';
import { readPieces } from '../evidence/evidence-store.service.js';
import { defaultPolicy } from '../policy/default-policy.js';
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
  return reportOf({ ...found, asOf: asOf.toISOString(), ...harm }, defaultPolicy);
}
