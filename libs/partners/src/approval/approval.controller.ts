import { Controller, Inject } from '@nestjs/common';
import {
  CLOCK,
  Input,
  Problem,
  Route,
  databaseOf,
  newId,
  notFound,
  runCommand,
  withActor,
  type Call,
  type CallOf,
  type Clock,
} from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { refuseStale } from '../change/change.service.js';
import { lockIntegration } from '../restriction/change-restriction.service.js';
import { statusVersion } from '../status-feed/publish-status.service.js';
import {
  COOL_DOWN_MS,
  ask,
  decide,
  hasBlockedAlone,
  isTemporary,
  type Asked,
  type Verdict,
} from './approval.js';
import {
  getApproval,
  getApprovals,
  postApproval,
  postApprovalApprove,
  postApprovalDecline,
} from './approval-routes.js';
import { approvalsSince, changeApproval, listApprovals, loadApproval } from './approval.service.js';
import { begin, callOff, carryOut } from './carry-out.service.js';
import { TWO_PERSONS, type TwoPersons } from './two-persons.service.js';

/** Approvals over HTTP: asked for by one person, decided by another. */
@Controller()
export class ApprovalController {
  constructor(
    @Inject(databaseOf('partners')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(TWO_PERSONS) private readonly twoPersons: TwoPersons,
  ) {}

  @Route(postApproval)
  ask(@Input() call: CallOf<typeof postApproval>) {
    const { version, ...wanted } = call.body;
    const { integrationId, request } = wanted;
    const approvalId = newId('approval', this.clock);
    const restrictionId =
      request.kind === 'restriction'
        ? newId('restriction', this.clock)
        : request.kind === 'extension'
          ? request.restrictionId
          : null;
    const asked = { ...wanted, approvalId, restrictionId, askedBy: call.actor.id };
    return runCommand(this.database, call, this.clock, async (tx) => {
      const now = this.clock.now();
      await lockIntegration(tx, integrationId);
      refuseStale(`what restricts ${integrationId}`, await statusVersion(tx, integrationId), version);
      await refuseAgain(tx, asked, now);
      const approval = ask(asked, this.twoPersons.temporaryHours, now);
      await begin(tx, call.actor, now, approval, this.twoPersons.temporaryHours);
      const { state } = await changeApproval(tx, call.actor, now, {
        approvalId,
        action: 'approval_asked',
        reason: asked.reason,
        seenVersion: 0,
        decide: () => approval,
      });
      return { ...state, changed: true, warnings: [] };
    });
  }

  @Route(postApprovalApprove)
  approve(@Input() call: CallOf<typeof postApprovalApprove>) {
    return this.decide(call, call.params.approvalId, call.body, 'approved');
  }

  @Route(postApprovalDecline)
  decline(@Input() call: CallOf<typeof postApprovalDecline>) {
    return this.decide(call, call.params.approvalId, call.body, 'declined');
  }

  @Route(getApproval)
  async one(@Input() { params: { approvalId }, actor }: CallOf<typeof getApproval>) {
    const found = await withActor(this.database, actor, (tx) => loadApproval(tx, approvalId));
    if (!found) throw notFound(`approval ${approvalId}`);
    return found;
  }

  @Route(getApprovals)
  list(@Input() { query, actor }: CallOf<typeof getApprovals>) {
    const { limit, cursor, state = null, integrationId = null } = query;
    return withActor(this.database, actor, (tx) =>
      listApprovals(tx, { limit, cursor, state, integrationId }),
    );
  }

  private decide(
    call: Call,
    approvalId: string,
    { reason, version }: { reason: string; version?: number | undefined },
    state: Verdict['state'],
  ) {
    return runCommand(this.database, call, this.clock, async (tx) => {
      const now = this.clock.now();
      const found = await loadApproval(tx, approvalId);
      if (!found) throw notFound(`approval ${approvalId}`);
      await lockIntegration(tx, found.integrationId);
      const made = await changeApproval(tx, call.actor, now, {
        approvalId,
        action: `approval_${state}`,
        reason,
        seenVersion: version,
        // Not `found`: that one was read before the lock.
        decide: (current) => decide(current ?? found, { state, by: call.actor.id, reason }, now),
      });
      await (state === 'approved' ? carryOut : callOff)(tx, call.actor, now, made.state);
      return { ...made.state, changed: made.changed, warnings: [] };
    });
  }
}

async function refuseAgain(tx: EntityManager, asked: Asked, now: Date): Promise<void> {
  if (!isTemporary(asked.request)) return;
  const earlier = await approvalsSince(tx, asked.integrationId, new Date(now.getTime() - COOL_DOWN_MS));
  if (!hasBlockedAlone(earlier, asked.askedBy, now)) return;
  const reason =
    'a temporary block that you asked for within 24 hours is not approved: ask without it, or let another person ask';
  throw new Problem(409, 'temporary-block-used', reason, {
    errors: [{ field: 'request.isTemporary', reason }],
  });
}
