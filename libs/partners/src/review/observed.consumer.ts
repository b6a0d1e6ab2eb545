import { Controller, Inject } from '@nestjs/common';
import {
  agreementObserved,
  integrationObserved,
  TOPICS,
  type AgreementObservedEvent,
  type IntegrationObserved,
  type IntegrationObservedEvent,
} from '@taxameter/contracts';
import { CLOCK, newId, OnEvents, systemActor, type Clock, type EventBatch } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import type { Application } from '../application/application.js';
import { applicationsOf } from '../application/application.service.js';
import { changeApplication } from '../application/change-application.service.js';
import { lockSubject } from '../change/change.service.js';
import { ownerAt } from '../integration/integration.js';
import { loadIntegration } from '../integration/integration.service.js';
import { loadPartner } from '../partner/partner.service.js';
import { keepObserved, keepObservedAgreement } from './observed.service.js';
import { scopeReview } from './scope-review.js';

/** Keeps what fair-use saw, and opens a review of an integration that uses scopes which nobody approved. */
@Controller()
export class ObservedConsumer {
  constructor(@Inject(CLOCK) private readonly clock: Clock) {}

  @OnEvents('partners', TOPICS.observations, [integrationObserved, agreementObserved])
  async observations({
    events,
    tx,
  }: EventBatch<IntegrationObservedEvent | AgreementObservedEvent>): Promise<void> {
    for (const { event } of events) {
      if (event.type === agreementObserved.type) await keepObservedAgreement(tx, event.data);
      else {
        await keepObserved(tx, event.data);
        await this.openScopeReview(tx, event.data);
      }
    }
  }

  /** Looked at twice: most observations open no review, and need not wait for those who change the integration. */
  private async openScopeReview(tx: EntityManager, observed: IntegrationObserved): Promise<void> {
    if (!(await this.reviewFor(tx, observed))) return;
    await lockSubject(tx, `integration|${observed.integrationId}`);
    const review = await this.reviewFor(tx, observed);
    if (!review) return;
    await changeApplication(tx, systemActor('partners'), this.clock.now(), {
      applicationId: review.applicationId,
      action: 'application_created',
      reason: `calls with scopes that were not approved: ${observed.scopes.join(', ')}`.slice(0, 500),
      seenVersion: 0,
      decide: () => review,
    });
  }

  private async reviewFor(tx: EntityManager, observed: IntegrationObserved): Promise<Application | null> {
    const integration = await loadIntegration(tx, observed.integrationId);
    const now = this.clock.now();
    const ownerId = integration && ownerAt(integration, now);
    const owner = ownerId && (await loadPartner(tx, ownerId));
    if (!integration || !owner) return null;
    const applications = await applicationsOf(tx, observed.integrationId);
    const applicationId = newId('application', this.clock);
    return scopeReview(applicationId, integration, owner, applications, observed, now);
  }
}
