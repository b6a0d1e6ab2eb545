import { Module } from '@nestjs/common';
import { AgreementController } from './agreement/agreement.controller.js';
import { IntegrationController } from './integration/integration.controller.js';
import { PartnerController } from './partner/partner.controller.js';

/** The room partners: who is billed, which integrations they own, for whom these act. */
@Module({ controllers: [PartnerController, IntegrationController, AgreementController] })
export class PartnersModule {}
