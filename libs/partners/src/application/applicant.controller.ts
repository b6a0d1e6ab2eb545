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
import {
  changeOwnApplication,
  getOwnApplication,
  postApplication,
  withdrawOwnApplication,
} from './application-routes.js';
import { viewOf } from './application-view.service.js';
import { submit, withoutWords, type Application } from './application.js';
import { countUnread, loadApplication, saveSecretHash, secretHashOf } from './application.service.js';
import {
  changeApplication,
  correctApplication,
  endApplication,
  existing,
} from './change-application.service.js';
import { FrontDoor, MAX_UNREAD, carriesSecret, newSecret, tooMany } from './front-door.service.js';

/** Whoever has no account: the secret of the application speaks for it. This is what the audit says of it. */
const APPLICANT: Actor = { id: 'applicant', role: 'partner', partnerId: null };
const RETRY_WHEN_FULL_SEC = 3_600;

/** Applications over HTTP for people without an account. */
@Controller()
export class ApplicantController {
  constructor(
    @Inject(databaseOf('partners')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(FrontDoor) private readonly door: FrontDoor,
  ) {}

  @Route(postApplication)
  async apply(@Input() call: CallOf<typeof postApplication>) {
    this.door.enter(call);
    const applicationId = newId('application', this.clock);
    const { secret, hash } = newSecret();
    const submission = { applicationId, partnerId: null, integrationId: null, details: call.body };
    const application = await this.command(call, async (tx, now) => {
      if ((await countUnread(tx, MAX_UNREAD)) >= MAX_UNREAD) throw tooMany(RETRY_WHEN_FULL_SEC);
      const { state } = await changeApplication(tx, APPLICANT, now, {
        applicationId,
        action: 'application_created',
        reason: null,
        seenVersion: 0,
        decide: () => submit(submission, now),
      });
      await saveSecretHash(tx, applicationId, hash);
      return state;
    });
    // What is answered again under an idempotency key was stored, and a secret is not.
    return { application, secret: application.applicationId === applicationId ? secret : null };
  }

  @Route(getOwnApplication)
  async one(@Input() call: CallOf<typeof getOwnApplication>) {
    const { applicationId } = call.params;
    await this.refuseWithoutSecret(call, applicationId);
    return withActor(this.database, seeingAll(), async (tx) =>
      viewOf(tx, existing(await loadApplication(tx, applicationId), applicationId), false, this.clock.now()),
    );
  }

  @Route(withdrawOwnApplication)
  async withdraw(@Input() call: CallOf<typeof withdrawOwnApplication>) {
    const { applicationId } = call.params;
    const { reason = 'withdrawn by the applicant', version: seenVersion } = call.body;
    await this.refuseWithoutSecret(call, applicationId);
    return this.command(call, async (tx, now) => {
      const ending = { applicationId, move: 'withdraw', note: null, reason, seenVersion } as const;
      return endApplication(tx, APPLICANT, now, ending);
    });
  }

  @Route(changeOwnApplication)
  async change(@Input() call: CallOf<typeof changeOwnApplication>) {
    const { applicationId } = call.params;
    const { version: seenVersion, ...changed } = call.body;
    await this.refuseWithoutSecret(call, applicationId);
    return this.command(call, (tx, now) =>
      correctApplication(tx, APPLICANT, now, { applicationId, changed, seenVersion }),
    );
  }

  /**
   * Before the command, which answers a repeated request without looking. Whether there is such an application is not told to
   * who does not know its secret.
   * @throws Problem 404
   */
  private async refuseWithoutSecret(call: Call, applicationId: string): Promise<void> {
    const hash = await withActor(this.database, seeingAll(), (tx) => secretHashOf(tx, applicationId));
    if (!carriesSecret(call, hash)) throw notFound(`application ${applicationId} with this secret`);
  }

  private command(call: Call, work: (tx: EntityManager, now: Date) => Promise<Application>) {
    return runCommand(this.database, { ...call, actor: seeingAll() }, this.clock, async (tx) =>
      withoutWords(await work(tx, this.clock.now())),
    );
  }
}

/** To the database an applicant is nobody's partner; the secret has been checked, or is about to be made. */
function seeingAll(): Actor {
  return { ...APPLICANT, role: 'system' };
}
