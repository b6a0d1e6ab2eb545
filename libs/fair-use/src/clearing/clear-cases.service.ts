import { agreementIdOf, type Breach } from '@taxameter/contracts';
import { QueryFailedError, type EntityManager } from 'typeorm';
import { lockCase, saveDecision } from '../breach/breach-store.service.js';
import { clear } from '../breach/settle.js';
import { isInShadow, type BreachContext } from '../breach/decide-breach.js';
import type { KeptCase } from '../breach/decide-cases.js';
import { leaveConfirmed, leaveUntilFrozen } from '../evidence/evidence-store.service.js';
import { countActiveAgreements } from '../evaluation/active-agreements.service.js';
import { readFirstActive, readSmsOfHours } from '../evaluation/docket.service.js';
import { longestWindow, type AnyRow } from '../evaluation/judge.js';
import { followJudgement } from '../handling/handling-store.service.js';
import type { Policies } from '../policy/policies.js';
import { isIntegrationWide, ruleNamed } from '../rules/registry.js';
import { hoursToCompare } from '../rules/sms-history.js';
import { readOfAgreements, readOfAllAgreements } from '../signals/read-signals.service.js';
import { ofEachTable, SIGNAL_TABLES, type SmsHour } from '../signals/tables.js';
import {
  isSeenThrough,
  LONGEST_LOOK,
  lookOn,
  minutesToCountFor,
  type Look,
  type Seen,
  type Sight,
} from './look.js';
import { dueLooks, forgetLook, saveLook } from './look-store.service.js';

/**
 * Looks at the cases of an integration as its minutes close, and settles those that are over. To be called after everything that
 * waits was judged, under the evaluator's lock.
 */

const CASES_PER_STEP = 100;

/** Whether calls of these minutes, both included, are known to be missing for an integration. */
export type HasGap = (integrationId: string, fromMinute: number, throughMinute: number) => boolean;

/** Nothing tells of gaps yet. */
export const NO_GAPS: HasGap = () => false;

interface Clearing {
  readonly policies: Policies;
  readonly hasGap: HasGap;
  readonly now: Date;
  /** Cases on whose rule a look has stumbled: they stay as they are. What stumbles now is added. */
  readonly stumbled: Map<string, unknown>;
}

/**
 * @param before minutes before this one are closed
 * @returns whether there was something to look at
 */
export async function clearCases(
  tx: EntityManager,
  integrationId: string,
  before: number,
  { policies, hasGap, now, stumbled }: Clearing,
): Promise<boolean> {
  const due = await dueLooks(tx, integrationId, before, CASES_PER_STEP);
  if (due.size === 0) return false;
  const appendedAt = await newestAppend(tx);
  const begun = (await readFirstActive(tx, [integrationId])).get(integrationId);
  const judgedBefore = Math.min(before, (await oldestMark(tx, integrationId)) ?? before);
  let hasLooked = false;
  for (const [breachId, from] of due) {
    if (stumbled.has(breachId)) continue;
    const kept = (await lockCase(tx, breachId))!;
    const context = contextOf(kept.breach);
    const rows = await readSubject(tx, context, from, policies, judgedBefore);
    const sight = {
      ...{ context, rows, policies, before: judgedBefore, appendedAt, ...begun },
      hasGap: (first: number, last: number) => hasGap(integrationId, first, last),
    };
    const seen = await lookWith(tx, kept, from, sight).catch((error: unknown) => {
      if (error instanceof QueryFailedError) throw error;
      stumbled.set(breachId, error);
      return null;
    });
    if (!seen) continue;
    hasLooked = seen.look.lookedThrough > from.lookedThrough || hasLooked;
    await keep(tx, kept, from, seen, { context, appendedAt, now });
    const proofs = seen.proofs.map(({ breach }) => breach);
    await leaveUntilFrozen(tx, kept.breach, proofs);
  }
  await leaveConfirmed(tx, [...due.keys()]);
  return hasLooked;
}

async function lookWith(
  tx: EntityManager,
  kept: KeptCase,
  from: Look,
  sight: Omit<Sight, 'around'>,
): Promise<Seen> {
  return lookOn(kept, from, { ...sight, around: await readAround(tx, kept, from, sight) });
}

/** What the rule of a case may ask of the time outside its window, for the minutes of one look. */
async function readAround(
  tx: EntityManager,
  kept: KeptCase,
  from: Look,
  sight: Omit<Sight, 'around'>,
): Promise<Sight['around']> {
  const { integrationId } = kept.breach.scope;
  const active = await countActiveAgreements(tx, integrationId, minutesToCountFor(kept, from, sight));
  const { rule } = sight.context;
  const isAboutSms = rule.signals === 'smsHours';
  const smsRows = isAboutSms ? (sight.rows as readonly SmsHour[]) : [];
  const ratio = Math.min(...sight.policies.all.map(({ clearRatio }) => clearRatio));
  const hours = hoursToCompare(smsRows, smsRows, sight.policies, ratio);
  const smsOfHour = await readSmsOfHours(tx, integrationId, hours);
  return (minute) => ({ activeAgreements: active.get(minute) ?? 0, smsOfHour });
}

/** What a case is about, as its rule sees it. */
export function contextOf(breach: Breach): BreachContext {
  const { breachId, ruleId, scope } = breach;
  const { integrationId, organizationId, route } = scope;
  const about = { integrationId, agreementId: agreementIdOf(organizationId), route: route ?? '' };
  const subject = isInShadow(breach) ? { ...about, isShadow: true } : about;
  return { rule: ruleNamed(ruleId), subject, breachId };
}

async function keep(
  tx: EntityManager,
  kept: KeptCase,
  from: Look,
  { look, clearedAt }: Seen,
  {
    context,
    appendedAt,
    now,
  }: { readonly context: BreachContext; readonly appendedAt: string; readonly now: Date },
): Promise<void> {
  if (clearedAt === null) {
    if (isSeenThrough(kept, look)) await forgetLook(tx, kept.breach.breachId);
    else if (look !== from) await saveLook(tx, context, look);
    return;
  }
  const decision = clear(kept, look.confirmed!, clearedAt, appendedAt);
  await saveDecision(tx, decision, now);
  await followJudgement(tx, decision);
  await forgetLook(tx, kept.breach.breachId);
  await judgeAfter(tx, context, clearedAt, appendedAt);
}

/** By it the minutes were closed: the log's time, and no clock's. */
async function newestAppend(tx: EntityManager): Promise<string> {
  const [{ newest }] = await tx.query<[{ newest: Date }]>('select max(appended_at) as newest from watermark');
  return newest.toISOString();
}

/** A minute that is not judged yet is not looked at, closed or not. */
async function oldestMark(tx: EntityManager, integrationId: string): Promise<number | null> {
  const [{ oldest }] = await tx.query<[{ oldest: number | null }]>(
    `select least((select min(minute) from dirty_minute where integration_id = $1),
                  (select min(minute) from unclosed_minute where integration_id = $1)) as oldest`,
    [integrationId],
  );
  return oldest;
}

/** The rows of a case's subject that its next look needs. */
async function readSubject(
  tx: EntityManager,
  { rule, subject }: BreachContext,
  { lookedThrough }: Look,
  policies: Policies,
  before: number,
): Promise<AnyRow[]> {
  const { integrationId, agreementId } = subject;
  const { grain } = SIGNAL_TABLES[rule.signals];
  const from = lookedThrough - longestWindow(rule, policies) + 1;
  const to = Math.min(before, lookedThrough + 1 + (LONGEST_LOOK + 1) * grain);
  if (isIntegrationWide(rule)) return readOfAllAgreements(tx, rule.signals, [{ integrationId, from, to }]);
  const rows: AnyRow[] = await readOfAgreements(tx, rule.signals, [{ integrationId, agreementId, from, to }]);
  return rows.filter((row) => (row.route ?? '') === subject.route);
}

/** In the order in which batches mark, so that neither waits for the other in a circle. */
const MARKS = ofEachTable(
  (name, table) =>
    `insert into dirty_minute (integration_id, minute, agreement_id, appended_at)
     select distinct integration_id, minute, agreement_id, $5::timestamptz from ${name}
     where integration_id = $1 and ($2::text is null or agreement_id = $2)
       and ${SIGNAL_TABLES[table].isByRoute ? 'route = $3' : '$3::text is not null'} and minute > $4
     order by minute, agreement_id
     on conflict (integration_id, minute, agreement_id) do nothing`,
);

/** What lies behind the minute that settled a case was judged with what is settled now, or for that case. */
async function judgeAfter(
  tx: EntityManager,
  { rule, subject }: BreachContext,
  minute: number,
  appendedAt: string,
): Promise<void> {
  const agreementId = isIntegrationWide(rule) ? null : subject.agreementId;
  const about = [subject.integrationId, agreementId, subject.route];
  await tx.query(MARKS[rule.signals], [...about, minute, appendedAt]);
}
