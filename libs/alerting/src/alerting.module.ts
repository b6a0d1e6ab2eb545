import { Module } from '@nestjs/common';
import { AlertsController } from './alerts/alerts.controller.js';
import { BreachesConsumer } from './alerts/breaches.consumer.js';
import { GroupedMessages } from './grouping/grouped-messages.service.js';
import { NoticesController } from './grouping/notices.controller.js';
import { LeakEndings } from './leaks/leak-endings.service.js';
import { LeaksConsumer } from './leaks/leaks.consumer.js';
import { AlertStream } from './stream/alert-stream.service.js';
import { StreamController } from './stream/stream.controller.js';
import { Telling } from './news/telling.service.js';
import { PreviewController } from './subscriptions/preview.controller.js';
import { SubscriptionsController } from './subscriptions/subscriptions.controller.js';
import { SubscriptionDeliveries } from './subscriptions/subscriptions.service.js';

/** Who must know of a breach or of a block that leaks, and whether they were told. */
@Module({
  controllers: [
    AlertsController,
    BreachesConsumer,
    LeaksConsumer,
    NoticesController,
    PreviewController,
    StreamController,
    SubscriptionsController,
  ],
  providers: [AlertStream, GroupedMessages, LeakEndings, SubscriptionDeliveries, Telling],
})
export class AlertingModule {}
