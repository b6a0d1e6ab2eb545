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
  type Actor,
  type Call,
  type CallOf,
  type Clock,
} from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { lockSubject } from '../change/change.service.js';
import { ownerAt } from '../integration/integration.js';
import { loadIntegration } from '../integration/integration.service.js';
import { standingOf } from '../life-cycle/life-cycle.service.js';
import { loadPartner } from '../partner/partner.service.js';
import { keepDecision, type ReviewDecision } from '../review/review-decision.service.js';
import {
  acceptApplicationRoute,
  approveApplication,
  askApplication,
  changeApplicationRoute,
  getApplication,
  getApplications,
  postPartnerApplication,
  rejectApplication,
  withdrawApplication,
} from './application-routes.js';
import { reviewOf, viewOf } from './application-view.service.js';
import {
  MAX_OPEN_OF_PARTNER,
  askForChange,
  decide,
  submit,
  withoutWords,
  type Application,
} from './application.js';
import { applicationsOf, countOpenOf, listApplications, loadApplication } from './application.service.js';
import {
  acceptApplication,
  changeApplication,
  correctApplication,
  endApplication,
  existing,
} from './change-application.service.js';

/** Applications over HTTP, for our own people and for partners. Applicants without an account: `applicant.controller.ts`. */
@Controller()
export class ApplicationController {
  constructor(
    @Inject(databaseOf('partners')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Route(postPartnerApplication)
  async apply(@Input() call: CallOf<typeof postPartnerApplication>) {
    const { partnerId } = call.params;
    const { email, integrationId, ...wanted } = call.body;
    if (call.actor.role === 'partner' && call.actor.partnerId !== partnerId) {
      throw notFound(`partner ${partnerId}`);
    }
    return this.command(call, async (tx, now) => {
      const partner = await loadPartner(tx, partnerId);
      if (!partner) throw notFound(`partner ${partnerId}`);
      await refuseTooManyOpen(tx, partnerId);
      if (integrationId !== undefined) await refuseReview(tx, partnerId, integrationId, now);
      const { name, cvr, language } = partner;
      const submission = {
        applicationId: newId('application', this.clock),
        partnerId,
        integrationId: integrationId ?? null,
        details: { ...wanted, applicant: { name, cvr, email, language } },
      };
      const { state } = await changeApplication(tx, call.actor, now, {
        applicationId: submission.applicationId,
        action: 'application_created',
        reason: null,
        seenVersion: 0,
        decide: () => submit(submission, now),
      });
      return state;
    });
  }

  @Route(getApplications)
  list(@Input() { query, actor }: CallOf<typeof getApplications>) {
    return withActor(this.database, actor, (tx) => listApplications(tx, query));
  }

  @Route(getApplication)
  async one(@Input() { params: { applicationId }, actor }: CallOf<typeof getApplication>) {
    const found = await withActor(this.database, actor, (tx) => loadApplication(tx, applicationId));
    if (!found) throw notFound(`application ${applicationId}`);
    return withActor(this.database, seeingAll(actor), (tx) =>
      viewOf(tx, found, actor.role !== 'partner', this.clock.now()),
    );
  }

  @Route(acceptApplicationRoute)
  accept(@Input() call: CallOf<typeof acceptApplicationRoute>) {
    const { applicationId } = call.params;
    const { integrationId, kind, partnerId, reason, version } = call.body;
    const newPartnerId = newId('partner', this.clock);
    return this.command(call, async (tx, now) => {
      const known = partnerId ?? (await loadApplication(tx, applicationId))?.partnerId;
      return acceptApplication(tx, call.actor, now, {
        applicationId,
        integrationId,
        kind,
        partnerId: known ?? newPartnerId,
        isNewPartner: known == null,
        reason: reason ?? null,
        seenVersion: version,
      });
    });
  }

  @Route(askApplication)
  ask(@Input() call: CallOf<typeof askApplication>) {
    return this.decide(call, 'change-asked', 'application_change_asked', (current, note) =>
      askForChange(current, note),
    );
  }

  @Route(approveApplication)
  approve(@Input() call: CallOf<typeof approveApplication>) {
    return this.decide(call, 'approved', 'application_approved', (current, note, now) =>
      decide(current, 'approve', note, now),
    );
  }

  @Route(rejectApplication)
  reject(@Input() call: CallOf<typeof rejectApplication>) {
    const { applicationId } = call.params;
    const { note, version: seenVersion } = call.body;
    return this.command(call, async (tx, now) => {
      const ending = { applicationId, move: 'reject', note, reason: note, seenVersion } as const;
      const state = await endApplication(tx, call.actor, now, ending);
      await this.keep(tx, call.actor, now, state, 'rejected', note);
      return state;
    });
  }

  @Route(withdrawApplication)
  async withdraw(@Input() call: CallOf<typeof withdrawApplication>) {
    const { applicationId } = call.params;
    const { reason, version: seenVersion } = call.body;
    await this.refuseHidden(call.actor, applicationId);
    return this.command(call, (tx, now) => {
      const ending = { applicationId, move: 'withdraw', note: null, reason, seenVersion } as const;
      return endApplication(tx, call.actor, now, ending);
    });
  }

  @Route(changeApplicationRoute)
  async change(@Input() call: CallOf<typeof changeApplicationRoute>) {
    const { applicationId } = call.params;
    const { version: seenVersion, ...changed } = call.body;
    await this.refuseHidden(call.actor, applicationId);
    return this.command(call, (tx, now) =>
      correctApplication(tx, call.actor, now, { applicationId, changed, seenVersion }),
    );
  }

  private decide(
    call: CallOf<typeof askApplication>,
    decision: ReviewDecision['decision'],
    action: string,
    decideOn: (current: Application, note: string, now: Date) => Application,
  ) {
    const { applicationId } = call.params;
    const { note, version: seenVersion } = call.body;
    return this.command(call, async (tx, now) => {
      const { state } = await changeApplication(tx, call.actor, now, {
        applicationId,
        action,
        reason: note,
        seenVersion,
        decide: (current) => decideOn(existing(current, applicationId), note, now),
      });
      await this.keep(tx, call.actor, now, state, decision, note);
      return state;
    });
  }

  private async keep(
    tx: EntityManager,
    actor: Actor,
    now: Date,
    application: Application,
    decision: ReviewDecision['decision'],
    note: string,
  ): Promise<void> {
    const { checklist } = await reviewOf(tx, application);
    await keepDecision(tx, actor, now, application.applicationId, { decision, note, checklist });
  }

  /** A partner's command also writes what row-level security hides from it, such as the audit of an application. */
  private command(call: Call, work: (tx: EntityManager, now: Date) => Promise<Application>) {
    const asSystem = { ...call, actor: seeingAll(call.actor) };
    return runCommand(this.database, asSystem, this.clock, async (tx) =>
      withoutWords(await work(tx, this.clock.now())),
    );
  }

  private async refuseHidden(actor: Actor, applicationId: string): Promise<void> {
    const found = await withActor(this.database, actor, (tx) => loadApplication(tx, applicationId));
    if (!found) throw notFound(`application ${applicationId}`);
  }
}

/** The same person, to whom the database hides nothing: only after the person was found to be allowed. */
function seeingAll(actor: Actor): Actor {
  return { id: actor.id, role: 'system', partnerId: null };
}

/** Applications of a partner are counted one after the other. @throws Problem 409 */
async function refuseTooManyOpen(tx: EntityManager, partnerId: string): Promise<void> {
  await lockSubject(tx, `applications of partner|${partnerId}`);
  if ((await countOpenOf(tx, partnerId)) < MAX_OPEN_OF_PARTNER) return;
  const reason = `${MAX_OPEN_OF_PARTNER} applications of ${partnerId} are not decided yet: wait, or withdraw one`;
  throw new Problem(409, 'too-many-open-applications', reason, { errors: [{ field: 'partnerId', reason }] });
}

async function refuseReview(tx: EntityManager, partnerId: string, integrationId: string, now: Date) {
  await lockSubject(tx, `integration|${integrationId}`);
  const integration = await loadIntegration(tx, integrationId);
  if (!integration || ownerAt(integration, now) !== partnerId) throw notFound(`integration ${integrationId}`);
  const refuse = (code: string, reason: string) =>
    new Problem(409, code, reason, { errors: [{ field: 'integrationId', reason }] });
  const isOpen = ({ state }: Application) => state === 'applied' || state === 'in-review';
  const open = (await applicationsOf(tx, integrationId)).find(isOpen);
  if (open) {
    throw refuse(
      'review-open',
      `${open.applicationId} of ${integrationId} is not decided yet: change that one`,
    );
  }
  const state = await standingOf(tx, integration, now);
  if (state !== 'active' && state !== 'restricted') {
    throw refuse(
      'not-active',
      `${integrationId} is ${state}: only an active integration asks for other scopes`,
    );
  }
}
