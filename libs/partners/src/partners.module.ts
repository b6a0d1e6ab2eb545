import { Module } from '@nestjs/common';
import { AgreementController } from './agreement/agreement.controller.js';
import { ContactController } from './contact/contact.controller.js';
import { IntegrationController } from './integration/integration.controller.js';
import { PartnerController } from './partner/partner.controller.js';
import { Republishing } from './republish/republishing.service.js';
import { Expiry } from './restriction/expiry.service.js';
import { RestrictionController } from './restriction/restriction.controller.js';
import { EnforcementController } from './status-feed/enforcement.controller.js';
import { FeedWaiting } from './status-feed/feed-waiting.service.js';
import { TimelineController } from './timeline/timeline.controller.js';

/** The room partners: who is billed, which integrations they own, for whom these act, and what restricts them. */
@Module({
  controllers: [
    PartnerController,
    ContactController,
    IntegrationController,
    AgreementController,
    RestrictionController,
    TimelineController,
    EnforcementController,
  ],
  providers: [Expiry, FeedWaiting, Republishing],
})
export class PartnersModule {}
