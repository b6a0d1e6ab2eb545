import { Inject, Injectable } from '@nestjs/common';
import {
  CLOCK,
  databaseOf,
  LOGGER,
  newId,
  BackgroundLoop,
  System,
  systemActor,
  withActor,
  type Clock,
  type Logger,
} from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { lockCases, saveDecision } from '../breach/breach-store.service.js';
import { breachKeyOf } from '../breach/decide-breach.js';
import { decideCases, minuteJudged } from '../breach/decide-cases.js';
import { clearCases, NO_GAPS } from '../clearing/clear-cases.service.js';
import { followFindings } from '../clearing/look.js';
import { integrationsToLookAt, readLooks, saveLook } from '../clearing/look-store.service.js';
import { followJudgement } from '../handling/handling-store.service.js';
import type { Policies } from '../policy/policies.js';
import { PolicyBook } from '../policy/policy-book.service.js';
import { minutesClosed } from './closing.service.js';
import { readDockets } from './docket.service.js';
import { judgeDocket, type RuleFailures } from './judge-docket.js';
import type { Docket, Judgement, Marks } from './judge.js';
import { giveBackUnjudged, keepUnjudged, TRY_AGAIN_MS } from './unjudged.service.js';
import { forgetMarks, leaveUntilClosed, lockEvaluation, takeMarks } from './marks.service.js';

/**
 * Judges dirty and closed minutes in the background, one evaluator at a time for an integration. Marks, cases,
 * versions and facts of one step commit together, so a crash repeats a step and never half of one.
 */

/** Half of it passes before a call is judged; of 250 ms it was most of the time from a call to its case. */
const IDLE_MS = 50;
const INTEGRATIONS_PER_ROUND = 100;

@Injectable()
export class Evaluator extends BackgroundLoop {
  /** Cases that could not be looked at, and why; they are tried again with what rules threw on. */
  private readonly stumbled = new Map<string, unknown>();
  /** What rules threw on is given back once at the start, and then from time to time. */
  private triesAgainAt = 0;
  /** Where the next round goes on, so that a busy integration does not keep the others waiting. */
  private after = '';
  /** By `performance.now()`. */
  private roundBegan = 0;

  constructor(
    @Inject(databaseOf('fair-use')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(System) private readonly system: System,
    @Inject(PolicyBook) private readonly book: PolicyBook,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    super({ name: 'fair-use evaluator', idleMs: IDLE_MS, logger });
  }

  /**
   * Up to a hundred integrations.
   * @returns true when there may be more to do at once, else how long to rest
   * @throws AggregateError after the round when something could not be judged; the rest was
   */
  protected override async step(): Promise<boolean | number> {
    const errors: unknown[] = [];
    if (this.after === '') this.roundBegan = performance.now();
    // The minutes that wait for the log to go on wait longer while it is away, and hold nothing else back.
    const before = await this.minutesClosed().catch((error: unknown) => {
      errors.push(error);
      return 0;
    });
    await this.tryAgain();
    const waiting = await this.database.query<{ integrationId: string }[]>(
      `select integration_id as "integrationId" from dirty_minute where integration_id > $1
       union select integration_id from unclosed_minute where integration_id > $1 and minute < $3
       union select integration_id from breach_look where integration_id > $1 and next_minute < $3
       order by 1 limit $2`,
      [this.after, INTEGRATIONS_PER_ROUND, before],
    );
    const isLastOfAll = waiting.length < INTEGRATIONS_PER_ROUND;
    this.after = isLastOfAll ? '' : waiting.at(-1)!.integrationId;
    const ids = waiting.map(({ integrationId }) => integrationId);
    const hasMore = await this.evaluateAll(ids, before, errors);
    if (errors.length > 0) throw new AggregateError(errors, 'some minutes could not be judged');
    if (hasMore || !isLastOfAll) return true;
    // Under load it rests as long as it works: a minute that still runs is judged once a round, and not once a batch.
    return Math.max(IDLE_MS, performance.now() - this.roundBegan);
  }

  /** Together, since a transaction for each costs more than what is judged in it; and each by itself when one of them cannot be. */
  private async evaluateAll(
    integrationIds: readonly string[],
    before: number,
    errors: unknown[],
  ): Promise<boolean> {
    if (integrationIds.length === 0) return false;
    try {
      return await this.evaluate(integrationIds, before);
    } catch (error) {
      if (integrationIds.length === 1) {
        errors.push(error);
        return false;
      }
    }
    let hasMore = false;
    for (const id of integrationIds) hasMore = (await this.evaluateAll([id], before, errors)) || hasMore;
    return hasMore;
  }

  private async tryAgain(): Promise<void> {
    const now = this.clock.now();
    if (now.getTime() < this.triesAgainAt) return;
    const keptUntil = this.triesAgainAt === 0 ? now : new Date(now.getTime() - TRY_AGAIN_MS);
    await withActor(this.database, systemActor('fair-use'), (tx) => giveBackUnjudged(tx, keptUntil));
    this.stumbled.clear();
    this.triesAgainAt = now.getTime() + TRY_AGAIN_MS;
  }

  private async minutesClosed(): Promise<number> {
    const { policies } = await this.book.read(this.database);
    return minutesClosed(this.database, this.system, policies);
  }

  /**
   * @param before minutes before this one are closed
   * @returns whether some of what waits was left for the next step
   */
  private async evaluate(integrationIds: readonly string[], before: number): Promise<boolean> {
    return withActor(this.database, systemActor('fair-use'), async (tx) => {
      // Before every other lock: who decides a new policy waits for none of them.
      const { policies } = await this.book.read(tx);
      await lockEvaluation(tx, integrationIds);
      const { marks, areAll } = await takeMarks(tx, integrationIds, before);
      await this.judgeMarks(tx, marks, policies);
      let hasMore = !areAll;
      const now = this.clock.now();
      for (const integrationId of await integrationsToLookAt(tx, integrationIds, before)) {
        hasMore = (await this.clear(tx, integrationId, before, { policies, now })) || hasMore;
      }
      return hasMore;
    });
  }

  private async judgeMarks(
    tx: EntityManager,
    marks: ReadonlyMap<string, Marks>,
    policies: Policies,
  ): Promise<void> {
    if (marks.size === 0) return;
    const dockets = await readDockets(tx, marks, policies);
    const judged = dockets.map((docket) => ({ docket, ...judgeDocket(docket, policies) }));
    await this.decide(
      tx,
      judged.flatMap(({ judgements }) => judgements),
    );
    await forgetMarks(tx, marks);
    await leaveUntilClosed(
      tx,
      new Map(judged.map(({ docket, left }) => [docket.integrationId, left] as const)),
    );
    for (const { docket, failures } of judged) await this.keepFailures(tx, docket, failures);
  }

  private async clear(
    tx: EntityManager,
    integrationId: string,
    before: number,
    asked: { readonly policies: Policies; readonly now: Date },
  ): Promise<boolean> {
    const stumbled = new Map(this.stumbled);
    const hasLooked = await clearCases(tx, integrationId, before, { ...asked, hasGap: NO_GAPS, stumbled });
    for (const [breachId, error] of stumbled) {
      if (this.stumbled.has(breachId)) continue;
      this.logger.error(
        { err: error, breachId, integrationId },
        'a case could not be looked at; it stays as it is',
      );
      this.stumbled.set(breachId, error);
    }
    return hasLooked;
  }

  private async keepFailures(tx: EntityManager, docket: Docket, failures: RuleFailures): Promise<void> {
    if (failures.size === 0) return;
    const { integrationId } = docket;
    for (const [ruleId, error] of failures) {
      this.logger.error(
        { err: error, ruleId, integrationId },
        'a rule could not judge; its minutes are kept',
      );
    }
    await keepUnjudged(tx, integrationId, [...failures.keys()], docket, this.clock.now());
  }

  private async decide(tx: EntityManager, judgements: readonly Judgement[]): Promise<void> {
    if (judgements.length === 0) return;
    const now = this.clock.now();
    const keys = judgements.map(({ rule, subject }) => breachKeyOf(rule, subject));
    const minutes = judgements.flatMap(({ findings }) => findings.map(minuteJudged));
    const cases = await lockCases(tx, keys, Math.min(...minutes));
    const ids = [...cases.values()].flat().map(({ breach }) => breach.breachId);
    const looks = await readLooks(tx, ids);
    for (const [index, { rule, subject, findings }] of judgements.entries()) {
      const context = { rule, subject, breachId: newId('breach', this.clock) };
      const known = cases.get(keys[index]!) ?? [];
      const decisions = decideCases(known, findings, context);
      for (const decision of decisions) {
        await saveDecision(tx, decision, now);
        await followJudgement(tx, decision);
      }
      for (const { breachId, look } of followFindings({ known, looks, decisions, findings }, context)) {
        await saveLook(tx, { ...context, breachId }, look);
      }
    }
  }
}
