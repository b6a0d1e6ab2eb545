import { createHash } from 'node:crypto';
import { agreementIdOf, type Severity } from '@taxameter/contracts';
import type { EntityManager } from 'typeorm';
import { isIntegrationWide, ruleNamed, type Rule } from '../rules/registry.js';
import { ANSWER_MEASURES } from '../signals/harm-tables.js';
import { SIGNAL_TABLES } from '../signals/tables.js';
import { canonicalJson } from './canonical-json.js';
import {
  buildEvidence,
  dueMinute,
  hoursOf,
  spanOf,
  type Counted,
  type Evidence,
  type Load,
  type LoadCounted,
  type Proof,
  type RouteCounted,
  type Span,
} from './evidence.js';

/** Keeps which evidence is to be frozen and what was: a row for each case, occurrence and severity, which nobody changes. */

export interface Piece {
  readonly occurrence: number;
  readonly severity: Severity;
  readonly body: Evidence;
  readonly sha256: string;
}

/** A case as it is named where evidence of it is kept. */
interface Step {
  readonly breachId: string;
  readonly occurrence: number;
}

/** To be frozen when its hours are closed, unless it is already. */
export async function leaveUntilFrozen(
  tx: EntityManager,
  { breachId, occurrence }: Step,
  proofs: readonly Proof[],
): Promise<void> {
  for (const proof of proofs) {
    await tx.query(
      `insert into evidence_due (breach_id, occurrence, severity, minute, proof)
       select $1, $2::integer, $3, $4::integer, $5::jsonb
       where not exists (select from case_evidence where (breach_id, occurrence, severity) = ($1, $2, $3))
       on conflict (breach_id, occurrence, severity) do nothing`,
      [breachId, occurrence, proof.severity, dueMinute(proof), JSON.stringify(proof)],
    );
  }
}

/**
 * As `leaveUntilFrozen`, of what the closed minutes of these cases make of them by now. Calls that come after their minute was closed
 * may make a case worse without any minute looked at that would say so.
 */
export async function leaveConfirmed(tx: EntityManager, breachIds: readonly string[]): Promise<void> {
  const rows = await tx.query<(Step & { proof: Proof })[]>(
    `select breach_id as "breachId", (body ->> 'occurrence')::integer as occurrence, confirmed -> 'breach' as proof
     from breach_look join breach using (breach_id)
     where breach_id = any($1) and confirmed is not null
       and not exists (select from case_evidence as kept where kept.breach_id = breach.breach_id
         and kept.occurrence = (breach.body ->> 'occurrence')::integer and kept.severity = confirmed -> 'breach' ->> 'severity')
       and not exists (select from evidence_due as due where due.breach_id = breach.breach_id
         and due.occurrence = (breach.body ->> 'occurrence')::integer and due.severity = confirmed -> 'breach' ->> 'severity')`,
    [breachIds],
  );
  for (const { proof, ...step } of rows) await leaveUntilFrozen(tx, step, [proof]);
}

/** The first minute that must be closed before something can be frozen; null: nothing waits. */
export async function nextDue(tx: Pick<EntityManager, 'query'>): Promise<number | null> {
  const [{ minute }] = await tx.query<[{ minute: number | null }]>(
    'select min(minute) as minute from evidence_due',
  );
  return minute;
}

/**
 * Freezes what waited longest.
 * @param before minutes before this one are closed
 * @returns whether there was something to freeze
 */
export async function freezeNext(tx: EntityManager, before: number, now: Date): Promise<boolean> {
  const [due] = await tx.query<(Step & { proof: Proof })[]>(
    `select breach_id as "breachId", occurrence, proof from evidence_due
     where minute < $1 order by minute, breach_id, occurrence, severity limit 1`,
    [before],
  );
  if (!due) return false;
  const { breachId, occurrence, proof } = due;
  // Closed minutes stay as they are, so nothing is locked while they are read.
  const body = canonicalJson(buildEvidence(proof, await countFor(tx, proof)));
  // The case before what waits, as clearing locks them: neither waits for the other in a circle.
  await tx.query('select from breach where breach_id = $1 for key share', [breachId]);
  const [taken] = await tx.query<[unknown[], number]>(
    'delete from evidence_due where (breach_id, occurrence, severity) = ($1, $2, $3) returning breach_id',
    [breachId, occurrence, proof.severity],
  );
  // Another process was faster.
  if (taken.length === 0) return true;
  await tx.query(
    `insert into case_evidence (breach_id, occurrence, severity, body, sha256, frozen_at)
     values ($1, $2, $3, $4, $5, $6) on conflict (breach_id, occurrence, severity) do nothing`,
    [breachId, occurrence, proof.severity, body, createHash('sha256').update(body).digest('hex'), now],
  );
  return true;
}

/** What was frozen of a case that the actor may see, in the order in which it happened. */
export async function readPieces(tx: EntityManager, breachId: string): Promise<Piece[]> {
  const rows = await tx.query<(Omit<Piece, 'body'> & { body: string })[]>(
    `select occurrence, severity, body, sha256 from case_evidence where breach_id = $1
     order by occurrence, array_position(array['info', 'warning', 'error', 'critical'], severity)`,
    [breachId],
  );
  return rows.map(({ body, ...row }) => ({ ...row, body: JSON.parse(body) as Evidence }));
}

/** Whether more evidence of a case that the actor may see will be frozen. */
export async function isPending(tx: EntityManager, breachId: string): Promise<boolean> {
  const [{ pending }] = await tx.query<[{ pending: boolean }]>(
    `select exists (select from evidence_due where breach_id = $1) or exists (
       select from breach where breach_id = $1 and state = 'open' and not exists (
         select from case_evidence as kept where kept.breach_id = breach.breach_id
           and kept.severity = breach.severity and kept.occurrence = (breach.body ->> 'occurrence')::integer)) as pending`,
    [breachId],
  );
  return pending;
}

async function countFor(tx: EntityManager, proof: Proof): Promise<Counted> {
  const rule = ruleNamed(proof.ruleId);
  const { grain } = SIGNAL_TABLES[rule.signals];
  const span = spanOf(proof, grain);
  const { integrationId, organizationId } = proof.scope;
  const subject = {
    integrationId,
    agreementId: isIntegrationWide(rule) ? null : agreementIdOf(organizationId),
  };
  return {
    of: rule.signals === 'smsMinutes' || rule.signals === 'smsHours' ? 'sms' : 'calls',
    grainMinutes: grain,
    series: await readSeries(tx, rule, subject, span),
    ...(await readLoads(tx, subject, span)),
    routes: await readRoutes(tx, subject, hoursOf(span)),
  };
}

interface Subject {
  readonly integrationId: string;
  /** Null: all agreements together. */
  readonly agreementId: string | null;
}

function seriesOf(value: string, table: string): string {
  return `select minute, sum(${value})::bigint as value from ${table}
    where integration_id = $1 and minute >= $2 and minute < $3 and ($4::text is null or agreement_id = $4)
    group by minute`;
}
// Calls also where our own block answered them: they are what `IGNORES_BLOCK` is about.
const OF_MINUTES = seriesOf('calls + blocked_calls', 'signal_pair_minute');
const OF_HOURS = seriesOf('calls', 'signal_pair_hour');
const SERIES: Readonly<Record<Rule['signals'], string>> = {
  pairs: OF_MINUTES,
  routes: OF_MINUTES,
  pairHours: OF_HOURS,
  routeHours: OF_HOURS,
  smsMinutes: seriesOf('sms', 'signal_sms_minute'),
  smsHours: seriesOf('sms', 'signal_sms_hour'),
};

async function readSeries(
  tx: EntityManager,
  { signals }: Rule,
  { integrationId, agreementId }: Subject,
  { from, to }: Span,
): Promise<ReadonlyMap<number, number>> {
  const rows = await tx.query<{ minute: number; value: number }[]>(SERIES[signals], [
    integrationId,
    from,
    to,
    agreementId,
  ]);
  return new Map(rows.map(({ minute, value }) => [minute, value]));
}

type Parted<Row> = Row & { readonly isDuring: boolean };

async function readLoads(
  tx: EntityManager,
  { integrationId, agreementId }: Subject,
  { from, window, to }: Span,
): Promise<Pick<Counted, 'before' | 'during'>> {
  const own = await tx.query<Parted<Load & { isSubject: boolean }>[]>(
    `select minute >= $3 as "isDuring", $5::text is null or agreement_id = $5 as "isSubject",
            sum(calls)::bigint as calls, sum(server_time_ms)::bigint as "serverTimeMs"
     from signal_pair_minute where integration_id = $1 and minute >= $2 and minute < $4 group by 1, 2`,
    [integrationId, from, window, to, agreementId],
  );
  const platform = await tx.query<Parted<Load>[]>(
    `select minute >= $2 as "isDuring", sum(calls)::bigint as calls, sum(server_time_ms)::bigint as "serverTimeMs"
     from signal_platform_minute where minute >= $1 and minute < $3 group by 1`,
    [from, window, to],
  );
  const durations = await tx.query<Parted<{ bucket: number; calls: number }>[]>(
    `select minute >= $2 as "isDuring", bucket::integer, sum(counted)::bigint as calls
     from signal_platform_minute, unnest(durations) with ordinality as each (counted, bucket)
     where minute >= $1 and minute < $3 group by 1, 2 order by 2`,
    [from, window, to],
  );
  const loadOf = (isDuring: boolean): LoadCounted => {
    const mine = own.filter((row) => row.isDuring === isDuring);
    return {
      platform: together(platform.filter((row) => row.isDuring === isDuring)),
      durations: durations.filter((row) => row.isDuring === isDuring).map(({ calls }) => calls),
      integration: together(mine),
      subject: together(mine.filter(({ isSubject }) => isSubject)),
    };
  };
  return { before: loadOf(false), during: loadOf(true) };
}

function together(loads: readonly Load[]): Load {
  return {
    calls: loads.reduce((sum, { calls }) => sum + calls, 0),
    serverTimeMs: loads.reduce((sum, { serverTimeMs }) => sum + serverTimeMs, 0),
  };
}

/** @param hours by their last minutes */
async function readRoutes(
  tx: EntityManager,
  { integrationId, agreementId }: Subject,
  hours: readonly number[],
): Promise<RouteCounted[]> {
  const rows = await tx.query<(Omit<RouteCounted, 'eventIds'> & { samples: string[][] })[]>(
    `select method, route, sum(calls)::bigint as calls, sum(server_time_ms)::bigint as "serverTimeMs",
            sum(successes)::bigint as successes, sum(redirects)::bigint as redirects, sum(refusals)::bigint as refusals,
            sum(failures)::bigint as failures, sum(aborted)::bigint as aborted, sum(restricted)::bigint as restricted,
            jsonb_agg(event_ids) as samples
     from signal_answer_hour
     where integration_id = $1 and minute = any($2) and ($3::text is null or agreement_id = $3)
     group by method, route`,
    [integrationId, hours, agreementId],
  );
  const { merge, none } = ANSWER_MEASURES.eventIds;
  return rows.map(({ samples, ...row }) => ({ ...row, eventIds: samples.reduce(merge, none()) }));
}
