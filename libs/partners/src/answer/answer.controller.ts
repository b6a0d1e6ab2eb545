import { Controller, Inject } from '@nestjs/common';
import {
  CLOCK,
  Input,
  Route,
  databaseOf,
  notFound,
  runCommand,
  withActor,
  type Actor,
  type CallOf,
  type Clock,
} from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { inForceAt } from '../integration/history.js';
import { loadIntegration } from '../integration/integration.service.js';
import { visibleRestriction } from '../restriction/restriction.service.js';
import { answer, reply, withoutAuthor, withoutWords, type Answer } from './answer.js';
import { getAnswers, getWaitingReplies, postAnswer, postReply } from './answer-routes.js';
import { listAnswers, listWaiting, say } from './answer.service.js';

/** The exchange about a restriction over HTTP. */
@Controller()
export class AnswerController {
  constructor(
    @Inject(databaseOf('partners')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Route(postReply)
  reply(@Input() call: CallOf<typeof postReply>) {
    const { version, ...said } = call.body;
    return runCommand(this.database, call, this.clock, async (tx) => {
      const now = this.clock.now();
      const { mode, ...about } = await this.about(tx, call.actor, call.params.restrictionId);
      const { state, changed } = await say(tx, call.actor, now, about.restrictionId, version, (newest) =>
        reply(newest, { ...about, ...said }, mode, now),
      );
      return { ...withoutWords(withoutAuthor(state)), changed, warnings: [] };
    });
  }

  @Route(postAnswer)
  answer(@Input() call: CallOf<typeof postAnswer>) {
    const { version, answer: words } = call.body;
    return runCommand(this.database, call, this.clock, async (tx) => {
      const now = this.clock.now();
      const { mode: _, ...about } = await this.about(tx, call.actor, call.params.restrictionId);
      const { state, changed } = await say(tx, call.actor, now, about.restrictionId, version, (newest) =>
        answer(newest, { ...about, answer: words }, now),
      );
      return { ...withoutWords(state), changed, warnings: [] };
    });
  }

  @Route(getAnswers)
  answers(@Input() { params: { restrictionId }, query, actor }: CallOf<typeof getAnswers>) {
    return withActor(this.database, actor, async (tx) => {
      const { integrationId } = await this.about(tx, actor, restrictionId);
      if (actor.role !== 'partner') return listAnswers(tx, restrictionId, { ...query, since: null });
      // As on the timeline: what its predecessor and we said to each other is not the new owner's.
      const integration = await loadIntegration(tx, integrationId);
      const owner = integration && inForceAt(integration.ownership, this.clock.now());
      if (!owner) throw notFound(`restriction ${restrictionId}`);
      const page = await listAnswers(tx, restrictionId, { ...query, since: owner.from });
      return { ...page, items: page.items.map(withoutAuthor) };
    });
  }

  @Route(getWaitingReplies)
  waiting(@Input() { query, actor }: CallOf<typeof getWaitingReplies>) {
    const now = this.clock.now();
    const { limit, cursor, isOverdue } = query;
    return withActor(this.database, actor, async (tx) => {
      const page = await listWaiting(tx, { limit, cursor, overdueAt: isOverdue === 'true' ? now : null });
      const overdue = ({ answerDueAt }: Answer) => Date.parse(answerDueAt!) <= now.getTime();
      return { ...page, items: page.items.map((item) => ({ ...item, isOverdue: overdue(item) })) };
    });
  }

  /** @throws Problem 404 for a restriction that is none of the actor's */
  private async about(tx: EntityManager, { id, role, partnerId }: Actor, restrictionId: string) {
    const readerId = role === 'partner' ? (partnerId ?? 'none') : null;
    const found = await visibleRestriction(tx, restrictionId, readerId, this.clock.now());
    if (!found) throw notFound(`restriction ${restrictionId}`);
    const { integrationId, mode } = found;
    return { restrictionId, integrationId, mode, by: id, byRole: role };
  }
}
