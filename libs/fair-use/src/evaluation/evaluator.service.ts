import { Inject, Injectable } from '@nestjs/common';
import {
  CLOCK,
  databaseOf,
  LOGGER,
  newId,
  BackgroundLoop,
  systemActor,
  withActor,
  type Clock,
  type Logger,
} from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { lockCases, saveDecision } from '../breach/breach-store.service.js';
import { breachKeyOf } from '../breach/decide-breach.js';
import { decideCases, minuteJudged } from '../breach/decide-cases.js';
import { followJudgement } from '../handling/handling-store.service.js';
import { defaultPolicy } from '../policy/default-policy.js';
import { isJudged, judge, type DirtyMinute } from './judge.js';
import { lockEvaluation, readDocket, takeDirtyMinutes } from './docket.service.js';

/**
 * Judges dirty minutes in the background, one evaluator at a time for an integration. Marks, cases, versions
 * and facts of one step commit together, so a crash repeats a step and never half of one.
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
    @Inject(LOGGER) logger: Logger,
  ) {
    super({ name: 'fair-use evaluator', idleMs: IDLE_MS, logger });
  }

  /**
   * Up to a hundred integrations; true when there was or may be more to do.
   * @throws AggregateError after the round when an integration could not be judged; the others were
   */
  protected override async step(): Promise<boolean> {
    const waiting = await this.database.query<{ integrationId: string }[]>(
      `select distinct integration_id as "integrationId" from dirty_minute where integration_id > $1
       order by integration_id limit $2`,
      [this.after, INTEGRATIONS_PER_ROUND],
    );
    const isLastOfAll = waiting.length < INTEGRATIONS_PER_ROUND;
    this.after = isLastOfAll ? '' : waiting.at(-1)!.integrationId;
    let hasJudged = false;
    const errors: unknown[] = [];
    for (const { integrationId } of waiting) {
      try {
        hasJudged = (await this.evaluate(integrationId)) || hasJudged;
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'some integrations could not be judged');
    return hasJudged || !isLastOfAll;
  }

  private async evaluate(integrationId: string): Promise<boolean> {
    return withActor(this.database, systemActor('fair-use'), async (tx) => {
      await lockEvaluation(tx, integrationId);
      const dirty = await takeDirtyMinutes(tx, integrationId);
      if (dirty.length === 0) return false;
      const docket = await readDocket(tx, integrationId, dirty, defaultPolicy);
      await this.decide(tx, judge(docket, defaultPolicy));
      const judged = dirty.filter((mark) => isJudged(mark, docket.closedBefore, defaultPolicy));
      await forget(tx, integrationId, judged);
      return judged.length > 0;
    });
  }

  private async decide(tx: EntityManager, judgements: ReturnType<typeof judge>): Promise<void> {
    if (judgements.length === 0) return;
    const now = this.clock.now();
    const keys = judgements.map(({ rule, subject }) => breachKeyOf(rule, subject));
    const minutes = judgements.flatMap(({ findings }) => findings.map(minuteJudged));
    const cases = await lockCases(tx, keys, Math.min(...minutes));
    for (const [index, { rule, subject, findings }] of judgements.entries()) {
      const context = { rule, subject, policy: defaultPolicy, breachId: newId('breach', this.clock) };
      for (const decision of decideCases(cases.get(keys[index]!) ?? [], findings, context)) {
        await saveDecision(tx, decision, now);
        await followJudgement(tx, decision);
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
