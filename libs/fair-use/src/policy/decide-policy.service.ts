import { invalidInput, Problem, type Actor } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { minuteOf } from '../signals/minute.js';
import { sharpens, type PolicyComparison } from './compare-policies.js';
import { lockPolicies, readVersions } from './policy-book.service.js';
import type { PolicyDocument } from './policy-document.js';
import { earliestEffect, type PolicyVersion } from './policies.js';
import { fromYaml, YamlRefused } from './policy-yaml.js';
import { readPolicy } from './read-policy.js';
import { changesOfVersion } from './show-policy.js';

/** Works out what a policy that somebody has written would change, and keeps it as the next version. */

/** Those who become sharper are told so long before (domain rule 1.7.10). */
const NOTICE_MS = 30 * 24 * 3_600_000;

export interface Written {
  readonly base?: number | undefined;
  readonly document?: Readonly<Record<string, unknown>> | undefined;
  readonly yaml?: string | undefined;
  readonly effectiveFrom?: string | undefined;
}

export interface Proposal {
  readonly base: number | null;
  readonly newest: number;
  readonly document: PolicyDocument;
  readonly effectiveFrom: string;
  readonly comparison: PolicyComparison;
  readonly isSharper: boolean;
  /** From when on ops may let it begin. */
  readonly effectiveForOps: string;
  readonly versions: readonly PolicyVersion[];
}

/** @throws Problem 400 for what is no text of a policy, 422 naming the path of each problem in it */
export async function propose(tx: EntityManager, written: Written, now: Date): Promise<Proposal> {
  return proposalOf(tx, textOf(written), now);
}

async function proposalOf(
  tx: EntityManager,
  { base, content, effectiveFrom: wanted }: Text,
  now: Date,
): Promise<Proposal> {
  const versions = await readVersions(tx);
  const earliest = earliestEffect(now, await newestMinute(tx));
  const effectiveFrom = beginning(wanted, earliest);
  const { document, problems } = readPolicy(content, new Date(effectiveFrom));
  if (problems) {
    const [first] = problems;
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    const detail = `${first!.field || 'the policy'}: ${first!.reason}${more}`;
    throw new Problem(422, 'policy-refused', detail, { errors: problems });
  }
  const comparison = changesOfVersion({ document, effectiveFrom }, versions, null);
  const isSharper = sharpens(comparison);
  const noticed = new Date(now.getTime() + NOTICE_MS).toISOString();
  const effectiveForOps = isSharper && noticed > earliest ? noticed : earliest;
  const newest = versions.at(-1)!.version;
  return { base, newest, document, effectiveFrom, comparison, isSharper, effectiveForOps, versions };
}

export interface Decided extends Proposal {
  readonly version: number;
}

/** @throws Problem as `propose`, 403 when it is for admin to decide, 409 when it was written from another version */
export async function decide(
  tx: EntityManager,
  actor: Actor,
  written: Written & { readonly why: string },
  clock: () => Date,
): Promise<Decided> {
  // Read before the lock: a long text must keep nobody from judging.
  const text = textOf(written);
  await lockPolicies(tx);
  // Read behind the lock: what was judged while we waited lies before it.
  const now = clock();
  const proposal = await proposalOf(tx, text, now);
  refuse(proposal, actor);
  const version = proposal.newest + 1;
  await tx.query(
    `insert into policy_version (version, effective_from, document, who, why, created_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [version, proposal.effectiveFrom, JSON.stringify(proposal.document), actor.id, written.why, now],
  );
  await tx.query(
    `insert into audit_entry (at, actor_id, actor_role, action, subject, "before", "after", reason, integration_id)
     values ($1, $2, $3, 'policy_decided', $4, $5, $6, $7, null)`,
    [
      now,
      actor.id,
      actor.role,
      `policy|${version}`,
      JSON.stringify({ version: proposal.newest }),
      JSON.stringify({ version, effectiveFrom: proposal.effectiveFrom }),
      written.why,
    ],
  );
  return { ...proposal, version };
}

function refuse(proposal: Proposal, { role }: Actor): void {
  const { base, newest, comparison, isSharper, effectiveFrom, effectiveForOps } = proposal;
  if (base === null) {
    throw invalidInput([
      { field: 'base', reason: 'is missing: name the version from which the text was written' },
    ]);
  }
  if (base !== newest) {
    const reason = `the newest version is ${newest}, and this was written from ${base}: put your changes into that one`;
    throw new Problem(409, 'stale-policy', reason, { version: newest, errors: [{ field: 'base', reason }] });
  }
  if (comparison.changes.length === 0) {
    throw new Problem(409, 'nothing-changes', 'it says what holds already, so there is no new version');
  }
  if (isSharper && role !== 'admin' && Date.parse(effectiveFrom) < Date.parse(effectiveForOps)) {
    const detail = `it judges some more sharply: let it begin at ${effectiveForOps} or later, or ask an admin`;
    throw new Problem(403, 'sharper-needs-notice', detail, {
      effectiveForOps,
      errors: [{ field: 'effectiveFrom', reason: detail }],
    });
  }
}

interface Text {
  readonly base: number | null;
  readonly content: unknown;
  readonly effectiveFrom: string | undefined;
}

function textOf({ base, document, yaml, effectiveFrom }: Written): Text {
  if ((document === undefined) === (yaml === undefined)) {
    throw invalidInput([{ field: 'document', reason: 'give either `document` or `yaml`' }]);
  }
  if (yaml === undefined) return { base: base ?? null, content: document, effectiveFrom };
  try {
    const { base: inText, written } = fromYaml(yaml);
    const known = base ?? (Number.isInteger(inText) ? (inText as number) : null);
    return { base: known, content: written, effectiveFrom };
  } catch (error) {
    if (!(error instanceof YamlRefused)) throw error;
    throw invalidInput([{ field: 'yaml', reason: error.message }]);
  }
}

function beginning(wanted: string | undefined, earliest: string): string {
  if (wanted === undefined) return earliest;
  if (Date.parse(wanted) >= Date.parse(earliest)) return new Date(wanted).toISOString();
  const reason = `is before ${earliest}: minutes up to then may have been judged`;
  const problem = { field: 'effectiveFrom', rule: 'in-the-past', reason };
  throw new Problem(422, 'in-the-past', `effectiveFrom ${reason}`, { errors: [problem] });
}

/** The newest minute of which an event was read: a clock that goes ahead may have had a later one judged. */
async function newestMinute(tx: EntityManager): Promise<number | null> {
  const [{ newest }] = await tx.query<[{ newest: Date | null }]>(
    'select max(event_time) as newest from watermark',
  );
  return newest && minuteOf(newest.toISOString());
}
