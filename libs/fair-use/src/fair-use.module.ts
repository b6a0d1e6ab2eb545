import { Module } from '@nestjs/common';
import { BackTestController } from './back-test/back-test.controller.js';
import { BackTester } from './back-test/back-tester.service.js';
import { BreachesController } from './breach/breaches.controller.js';
import { DataGapsController } from './data-gaps/data-gaps.controller.js';
import { Listening } from './data-gaps/listening.service.js';
import { Settling } from './enforcement/settling.service.js';
import { StatusConsumer } from './enforcement/status.consumer.js';
import { Evaluator } from './evaluation/evaluator.service.js';
import { StatusController } from './evaluation/status.controller.js';
import { EvidenceController } from './evidence/evidence.controller.js';
import { Freezing } from './evidence/freezing.service.js';
import { HandlingController } from './handling/handling.controller.js';
import { CaseTimelineController } from './handling/timeline.controller.js';
import { ObservationPublisher } from './observation/observation-publisher.service.js';
import { OwnershipConsumer } from './ownership/ownership.consumer.js';
import { PoliciesController } from './policy/policies.controller.js';
import { PolicyBook } from './policy/policy-book.service.js';
import { Profiling } from './profile/profiling.service.js';
import { ReportController } from './report/report.controller.js';
import { RulesController } from './rules/rules.controller.js';
import { SmsBudgetConsumer } from './sms-budget/sms-budget.consumer.js';
import { StandingController } from './standing/standing.controller.js';
import { CallsConsumer } from './signals/calls.consumer.js';
import { SmsConsumer } from './signals/sms.consumer.js';

/** The fair-use room: calls come in as signals, are judged in the background, and cases go out as facts. */
@Module({
  controllers: [
    CallsConsumer,
    SmsConsumer,
    StatusConsumer,
    OwnershipConsumer,
    SmsBudgetConsumer,
    BreachesController,
    HandlingController,
    CaseTimelineController,
    EvidenceController,
    ReportController,
    RulesController,
    PoliciesController,
    StatusController,
    DataGapsController,
    BackTestController,
    StandingController,
  ],
  providers: [
    BackTester,
    PolicyBook,
    Evaluator,
    ObservationPublisher,
    Profiling,
    Settling,
    Listening,
    Freezing,
  ],
})
export class FairUseModule {}
