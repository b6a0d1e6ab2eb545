import { Module } from '@nestjs/common';
import { CONFIGURATION, LOGGER } from '@taxameter/platform';
import { Drawing } from './drawing/drawing.service.js';
import { Documents1760000300005 } from './drawing/document.migration.js';
import { InvoicesController } from './issue/invoices.controller.js';
import { Invoices1760000300004 } from './issue/invoice.migration.js';
import { Issuing } from './issue/issuing.service.js';
import { SmsLedger1760000300001 } from './ledger/ledger.migration.js';
import { SmsLedgerConsumer } from './ledger/sms-ledger.consumer.js';
import { MasterDataConsumer } from './master-data/master-data.consumer.js';
import { MasterData1760000300002 } from './master-data/master-data.migration.js';
import { BillingRuns1760000300003 } from './run/run.migration.js';
import { RunsController } from './run/runs.controller.js';
import { BillingRuns } from './run/runs.service.js';
import { BILLING_SETTINGS, readBillingSettings } from './seller/billing-settings.service.js';

/** The billing room: from the SMS topic to issued invoices with their documents. */
@Module({
  controllers: [SmsLedgerConsumer, MasterDataConsumer, RunsController, InvoicesController],
  providers: [
    { provide: BILLING_SETTINGS, useFactory: readBillingSettings, inject: [CONFIGURATION, LOGGER] },
    BillingRuns,
    Issuing,
    Drawing,
  ],
})
export class BillingModule {}

export const billingMigrations = [
  SmsLedger1760000300001,
  MasterData1760000300002,
  BillingRuns1760000300003,
  Invoices1760000300004,
  Documents1760000300005,
];
