import { Module } from '@nestjs/common';
import { CallTotals } from './call-totals/call-totals.service.js';
import { Admission } from './counters/admission.service.js';
import { Counters } from './counters/counters.service.js';
import { Dictionary } from './counters/dictionary.service.js';
import { UsageConsumer } from './counters/usage.consumer.js';
import { LiveController } from './live/live.controller.js';
import { LiveUsage } from './live/live-usage.service.js';
import { OwnershipConsumer } from './ownership/ownership.consumer.js';
import { SummaryController } from './usage/summary.controller.js';
import { SummaryReader } from './usage/summary-reader.service.js';
import { UsageController } from './usage/usage.controller.js';
import { UsageExport } from './usage/usage-export.service.js';
import { UsageReader } from './usage/usage-reader.service.js';

/** The room that says who uses how much. */
@Module({
  controllers: [UsageConsumer, OwnershipConsumer, UsageController, SummaryController, LiveController],
  providers: [
    Dictionary,
    Admission,
    Counters,
    UsageReader,
    UsageExport,
    SummaryReader,
    LiveUsage,
    CallTotals,
  ],
})
export class MeteringModule {}
