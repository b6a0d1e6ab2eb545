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
import { readLooks, saveLook } from '../clearing/look-store.service.js';
import { followJudgement } from '../handling/handling-store.service.js';
import type { Policies } from '../policy/policies.js';
import { PolicyBook } from '../policy/policy-book.service.js';
import { forgetClosed, leaveUntilClosed, minutesClosed, takeClosedMinutes } from './closing.service.js';
import { judge, leftUntilClosed, type DirtyMinute } from './judge.js';
import { lockEvaluation, readDocket, takeDirtyMinutes } from './docket.service.js';

/**
 * Judges dirty and closed minutes in the background, one evaluator at a time for an integration. Marks, cases,
 * versions and facts of one step commit together, so a crash repeats a step and never half of one.
 */

const IDLE_MS = 250;
const INTEGRATIONS_PER_ROUND = 100;

@Injectable()
export class Evaluator extends BackgroundLoop {
  /** Where the next round goes on, so that a busy integration does not keep the others waiting. */
  private after = '';

  constructor(
    @Inject(databaseOf('fair-use')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(System) private readonly system: System,
    @Inject(PolicyBook) private readonly book: PolicyBook,
    @Inject(LOGGER) logger: Logger,
  ) {
    super({ name: 'fair-use evaluator', idleMs: IDLE_MS, logger });
  }

  /**
   * Up to a hundred integrations; true when there was or may be more to do.
   * @throws AggregateError after the round when something could not be judged; the rest was
   */
  protected override async step(): Promise<boolean> {
    const errors: unknown[] = [];
    // The minutes that wait for the log to go on wait longer while it is away, and hold nothing else back.
    const before = await this.minutesClosed().catch((error: unknown) => {
      errors.push(error);
      return 0;
    });
    const waiting = await this.database.query<{ integrationId: string }[]>(
      `select integration_id as "integrationId" from dirty_minute where integration_id > $1
       union select integration_id from unclosed_minute where integration_id > $1 and minute < $3
       union select integration_id from breach_look where integration_id > $1 and next_minute < $3
       order by 1 limit $2`,
      [this.after, INTEGRATIONS_PER_ROUND, before],
    );
    const isLastOfAll = waiting.length < INTEGRATIONS_PER_ROUND;
    this.after = isLastOfAll ? '' : waiting.at(-1)!.integrationId;
    let hasJudged = false;
    for (const { integrationId } of waiting) {
      try {
        hasJudged = (await this.evaluate(integrationId, before)) || hasJudged;
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'some minutes could not be judged');
    return hasJudged || !isLastOfAll;
  }

  private async minutesClosed(): Promise<number> {
    const { policies } = await this.book.read(this.database);
    return minutesClosed(this.database, this.system, policies);
  }

  /** @param before minutes before this one are closed */
  private async evaluate(integrationId: string, before: number): Promise<boolean> {
    return withActor(this.database, systemActor('fair-use'), async (tx) => {
      // Before every other lock: who decides a new policy waits for none of them.
      const { policies } = await this.book.read(tx);
      await lockEvaluation(tx, integrationId);
      const hasJudged = await this.judgeMarks(tx, integrationId, { before, policies });
      const now = this.clock.now();
      return (await clearCases(tx, integrationId, before, { policies, hasGap: NO_GAPS, now })) || hasJudged;
    });
  }

  private async judgeMarks(
    tx: EntityManager,
    integrationId: string,
    { before, policies }: { readonly before: number; readonly policies: Policies },
  ): Promise<boolean> {
    const dirty = await takeDirtyMinutes(tx, integrationId);
    const closed = await takeClosedMinutes(tx, integrationId, before);
    if (dirty.length + closed.length === 0) return false;
    const docket = await readDocket(tx, integrationId, { dirty, closed }, policies);
    await this.decide(tx, judge(docket, policies));
    await forget(tx, integrationId, dirty);
    await forgetClosed(tx, integrationId, closed);
    await leaveUntilClosed(tx, integrationId, leftUntilClosed(docket, policies));
    return true;
  }

  private async decide(tx: EntityManager, judgements: ReturnType<typeof judge>): Promise<void> {
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

async function forget(
  tx: EntityManager,
  integrationId: string,
  judged: readonly DirtyMinute[],
): Promise<void> {
  await tx.query(
    `delete from dirty_minute
     where integration_id = $1
       and (minute, agreement_id) in (select * from unnest($2::integer[], $3::text[]))`,
    [integrationId, judged.map((mark) => mark.minute), judged.map((mark) => mark.agreementId)],
  );
}
