export { type Auditor } from './audit/auditor.js';
export { auditRooms } from './audit/audit.service.js';
export { type AuditDifference, type AuditNote, type AuditReport } from './audit/audit-report.js';
export { AuditRefused, type AuditWanted } from './audit/audit-wanted.js';
export * from './clock.js';
export * from './clock.service.js';
export {
  ConfigurationError,
  configurationSchema,
  parseConfiguration,
  type Configuration,
} from './configuration.js';
export * from './configuration.service.js';
export * from './database/actor.js';
export { databaseOf, migrateRoom, openRoom, type RoomSchema } from './database/room-database.service.js';
export * from './database/with-actor.service.js';
export { untimeliness, type ReceivedEvent } from './event-log/decode-record.js';
export { type EventBatch } from './event-log/event-batch.js';
export { kafkaSettingsOf, type KafkaSettings } from './event-log/kafka-client.service.js';
export { EventLogError } from './event-log/kafka-failure.js';
export {
  checkTopics,
  createTopics,
  type NewTopics,
  type TopicsOnKafka,
} from './event-log/kafka-topics.service.js';
export { ASCENDING_POSITION } from './event-log/log-position.js';
export { OnEvents } from './event-log/on-events.decorator.js';
export { publishFacts, relayOnce, type Fact } from './event-log/outbox.service.js';
export { partitionForKey } from './event-log/partition-for-key.js';
export * from './event-log/record.js';
export { type TopicDifference } from './event-log/topic-differences.js';
export {
  EventStreams,
  streamNotAvailable,
  type EventStream,
  type HijackableReply,
} from './event-stream/event-streams.service.js';
export { eventText } from './event-stream/event-text.js';
export { runCommand } from './http/command.service.js';
export { csvLine, wantsCsv, withoutGuard } from './http/csv.js';
export { openApiDocument } from './http/openapi.js';
export * from './http/page.js';
export * from './http/place-cursor.js';
export * from './http/problem.js';
export { Input, Route, type Call, type CallOf } from './http/route.decorator.js';
export * from './http/route.js';
export { type RoomElsewhere } from './http/rooms-elsewhere.service.js';
export { MAX_BODY_BYTES } from './http/limits.js';
export * from './identifiers.service.js';
export { issueBootstrapToken, Tokens } from './identity/tokens.service.js';
export { createLogger, LOGGER, type Logger } from './logging.service.js';
export * from './background-loop.service.js';
export * from './loop.service.js';
export {
  deliveriesAbout,
  deliveriesNamed,
  enqueueDelivery,
  newestDeliveriesTo,
  type AttemptRow,
  type DeliveryStatus,
  type NewDelivery,
} from './outbound/deliveries.service.js';
export {
  startDeliveries,
  type Channel,
  type ChannelAnswer,
  type DeliveryOptions,
  type Outgoing,
} from './outbound/delivery-worker.service.js';
export { mailChannel, mailPayload, type Mail } from './outbound/mail.service.js';
export { Outbound1760000002000 } from './outbound/outbound.migration.js';
export { newWebhookSecret, webhookChannel, type WebhookEndpoint } from './outbound/webhook.service.js';
export { type AttemptOutcome, type DeliveryState } from './outbound/retry-schedule.js';
export { checkWebhookUrl } from './outbound/webhook-url.js';
export {
  discardEmbeddedPostgres,
  PostgresStartError,
  startEmbeddedPostgres,
} from './postgres/embedded-postgres.service.js';
export { type PartitionedTable } from './retention/retention.js';
export { type Room } from './room.js';
export { apiDocumentOf, schemaOfRoom, startRooms, type RunningRooms } from './start-rooms.service.js';
export { System, type SystemAccounting } from './system.service.js';
