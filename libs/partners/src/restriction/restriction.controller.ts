import { Controller, Inject } from '@nestjs/common';
import {
  CLOCK,
  Input,
  Route,
  databaseOf,
  newId,
  notFound,
  runCommand,
  withActor,
  type Actor,
  type Call,
  type CallOf,
  type Clock,
} from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { affectedAgreements } from '../agreement/agreement.service.js';
import { ANSWER_WORKING_DAYS } from '../answer/answer.js';
import { deadlinesOf } from '../answer/answer.service.js';
import { refuseAlone, TWO_PERSONS, type TwoPersons } from '../approval/two-persons.service.js';
import { refuseStale } from '../change/change.service.js';
import { useAffected } from '../usual-use/affected-use.js';
import { loadUsualUse } from '../usual-use/usual-use.service.js';
import { statusVersion } from '../status-feed/publish-status.service.js';
import { changeRestriction, lockIntegration, refused } from './change-restriction.service.js';
import { correct, impose, lift, phaseAt, withoutNames, type Restriction } from './restriction.js';
import {
  listRestrictions,
  loadRestriction,
  openRestrictions,
  visibleRestriction,
} from './restriction.service.js';
import {
  getRestriction,
  getRestrictions,
  postRestriction,
  postRestrictionChange,
  postRestrictionLift,
  postRestrictionPreview,
  type RestrictionShown,
} from './restriction-routes.js';
import { surroundings } from './surroundings.service.js';

/** Agreements that a preview lists; it counts all. */
const AGREEMENTS_SHOWN = 100;

@Controller()
export class RestrictionController {
  constructor(
    @Inject(databaseOf('partners')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(TWO_PERSONS) private readonly twoPersons: TwoPersons,
  ) {}

  @Route(postRestriction)
  impose(@Input() call: CallOf<typeof postRestriction>) {
    const { version, reason, ...wanted } = call.body;
    const { integrationId } = wanted;
    if (wanted.mode === 'block') refuseAlone(this.twoPersons, 'a block', 'mode');
    const restrictionId = newId('restriction', this.clock);
    return runCommand(this.database, call, this.clock, async (tx) => {
      const now = this.clock.now();
      await lockIntegration(tx, integrationId);
      const around = await surroundings(tx, wanted, now);
      refuseStale(`what restricts ${integrationId}`, await statusVersion(tx, integrationId), version);
      const { state } = await changeRestriction(tx, call.actor, now, {
        restrictionId,
        integrationId,
        action: 'restriction_imposed',
        reason,
        seenVersion: 0,
        decide: () =>
          impose({ ...wanted, restrictionId, imposedBy: call.actor.id, approvalId: null }, around, now),
      });
      return { ...state, changed: true, warnings: [] };
    });
  }

  @Route(postRestrictionPreview)
  preview(@Input() { body, actor }: CallOf<typeof postRestrictionPreview>) {
    return withActor(this.database, actor, async (tx) => {
      const now = this.clock.now();
      const around = await surroundings(tx, body, now);
      const restrictionId = newId('restriction', this.clock);
      const preview = { ...body, restrictionId, imposedBy: actor.id, approvalId: null };
      const { organizationIds } = refused(() => impose(preview, around, now));
      const named = body.scope === 'agreements' ? organizationIds : null;
      const { count, items } = await affectedAgreements(tx, body.integrationId, named, AGREEMENTS_SHOWN);
      const profile = await loadUsualUse(tx, body.integrationId);
      const open = await openRestrictions(tx, body.integrationId);
      return {
        version: await statusVersion(tx, body.integrationId),
        agreementCount: count,
        agreements: items,
        use: profile && useAffected(profile, named),
        restrictions: open.filter((restriction) => phaseAt(restriction, now) !== 'over'),
      };
    });
  }

  @Route(postRestrictionChange)
  change(@Input() call: CallOf<typeof postRestrictionChange>) {
    const { version, reason, ...correction } = call.body;
    const about = { action: 'restriction_changed', reason, version };
    return this.command(call, call.params.restrictionId, about, (current, now) => {
      const next = correct(current, correction, now);
      if (next.mode === 'block' && isLonger(next.until, current.until)) {
        refuseAlone(this.twoPersons, 'a longer block', 'until');
      }
      return next;
    });
  }

  @Route(postRestrictionLift)
  lift(@Input() call: CallOf<typeof postRestrictionLift>) {
    const { version, reason } = call.body;
    const about = { action: 'restriction_lifted', reason, version };
    return this.command(call, call.params.restrictionId, about, lift);
  }

  @Route(getRestriction)
  one(@Input() { params: { restrictionId }, actor }: CallOf<typeof getRestriction>) {
    return withActor(this.database, actor, async (tx) => {
      const now = this.clock.now();
      const found = await visibleRestriction(tx, restrictionId, readerOf(actor), now);
      if (!found) throw notFound(`restriction ${restrictionId}`);
      return (await shown(tx, [found], actor, now))[0]!;
    });
  }

  @Route(getRestrictions)
  list(@Input() { query, actor }: CallOf<typeof getRestrictions>) {
    const { limit, cursor, integrationId, activeAt } = query;
    const wanted = {
      limit,
      cursor,
      integrationId: integrationId ?? null,
      activeAt: activeAt === undefined ? null : new Date(activeAt),
      partnerId: readerOf(actor),
    };
    return withActor(this.database, actor, async (tx) => {
      const now = this.clock.now();
      const page = await listRestrictions(tx, wanted, now);
      return { ...page, items: await shown(tx, page.items, actor, now) };
    });
  }

  private command(
    call: Call,
    restrictionId: string,
    about: { action: string; reason: string; version: number | undefined },
    decide: (current: Restriction, now: Date) => Restriction,
  ) {
    const { action, reason, version: seenVersion } = about;
    return runCommand(this.database, call, this.clock, async (tx) => {
      const now = this.clock.now();
      const found = await loadRestriction(tx, restrictionId);
      if (!found) throw notFound(`restriction ${restrictionId}`);
      const { state, changed } = await changeRestriction(tx, call.actor, now, {
        restrictionId,
        integrationId: found.integrationId,
        action,
        reason,
        seenVersion,
        // Not `found`: that one was read before the lock.
        decide: (current) => decide(current ?? found, now),
      });
      return { ...state, changed, warnings: [] };
    });
  }
}

/** The partner that reads; null for who may see all. */
function readerOf({ role, partnerId }: Actor): string | null {
  return role === 'partner' ? (partnerId ?? 'none') : null;
}

async function shown(
  tx: EntityManager,
  restrictions: readonly Restriction[],
  { role }: Actor,
  now: Date,
): Promise<RestrictionShown[]> {
  const deadlines = await deadlinesOf(
    tx,
    restrictions.map(({ restrictionId }) => restrictionId),
  );
  return restrictions.map((restriction) => ({
    ...(role === 'partner' ? withoutNames(restriction) : restriction),
    phase: phaseAt(restriction, now),
    answerWithinWorkingDays: ANSWER_WORKING_DAYS[restriction.mode],
    answerDueAt: deadlines.get(restriction.restrictionId) ?? null,
  }));
}

function isLonger(until: string | null, than: string | null): boolean {
  return than !== null && (until === null || Date.parse(until) > Date.parse(than));
}
