import { Module } from '@nestjs/common';
import { CONFIGURATION } from '@taxameter/platform';
import { AgreementController } from './agreement/agreement.controller.js';
import { ApplicantController } from './application/applicant.controller.js';
import { ApplicationController } from './application/application.controller.js';
import { FrontDoor } from './application/front-door.service.js';
import { BillingPartyController } from './billing-party/billing-party.controller.js';
import { ContactController } from './contact/contact.controller.js';
import { IntegrationController } from './integration/integration.controller.js';
import { LifeCycleController } from './life-cycle/life-cycle.controller.js';
import { AnswerController } from './answer/answer.controller.js';
import { ApprovalController } from './approval/approval.controller.js';
import { Lapse } from './approval/lapse.service.js';
import { readTwoPersons, TWO_PERSONS } from './approval/two-persons.service.js';
import { EffectConsumer } from './effect/effect.consumer.js';
import { EffectController } from './effect/effect.controller.js';
import { NoticeController } from './notice/notice.controller.js';
import { PartnerController } from './partner/partner.controller.js';
import { Republishing } from './republish/republishing.service.js';
import { Expiry } from './restriction/expiry.service.js';
import { RestrictionController } from './restriction/restriction.controller.js';
import { ObservedConsumer } from './review/observed.consumer.js';
import { SmsBudgetConsumer } from './sms-budget/sms-budget.consumer.js';
import { SmsBudgetFollower } from './sms-budget/sms-budget-follower.service.js';
import { SmsBudgetController } from './sms-budget/sms-budget.controller.js';
import { EnforcementController } from './status-feed/enforcement.controller.js';
import { FeedWaiting } from './status-feed/feed-waiting.service.js';
import { TimelineController } from './timeline/timeline.controller.js';
import { UsualUseConsumer } from './usual-use/usual-use.consumer.js';

/** The room partners: who is billed, which integrations they own, for whom these act, and what restricts them. */
@Module({
  controllers: [
    PartnerController,
    ContactController,
    IntegrationController,
    AgreementController,
    ApplicantController,
    ApplicationController,
    BillingPartyController,
    LifeCycleController,
    ObservedConsumer,
    RestrictionController,
    ApprovalController,
    AnswerController,
    TimelineController,
    UsualUseConsumer,
    NoticeController,
    EffectController,
    EffectConsumer,
    SmsBudgetController,
    SmsBudgetConsumer,
    EnforcementController,
  ],
  providers: [
    Expiry,
    Lapse,
    FeedWaiting,
    FrontDoor,
    Republishing,
    SmsBudgetFollower,
    { provide: TWO_PERSONS, useFactory: readTwoPersons, inject: [CONFIGURATION] },
  ],
})
export class PartnersModule {}
