import { Module } from '@nestjs/common';
import { AlertsController } from './alerts/alerts.controller.js';
import { BreachesConsumer } from './alerts/breaches.consumer.js';
import { AlertStream } from './stream/alert-stream.service.js';
import { StreamController } from './stream/stream.controller.js';
import { SubscriptionsController } from './subscriptions/subscriptions.controller.js';
import { SubscriptionDeliveries } from './subscriptions/subscriptions.service.js';

/** Who must know of a breach, and whether they were told. */
@Module({
  controllers: [AlertsController, BreachesConsumer, StreamController, SubscriptionsController],
  providers: [AlertStream, SubscriptionDeliveries],
})
export class AlertingModule {}
