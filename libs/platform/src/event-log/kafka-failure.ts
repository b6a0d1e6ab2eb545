/** Decides what an error of Kafka means, and says it in a sentence that tells a person what to do. */

export type KafkaFailure =
  'away' | 'unknown_topic' | 'login' | 'denied' | 'too_large' | 'without_key' | 'codec' | 'other';

/** Kafka did not do what was asked; the message is one sentence that says what to do. */
export class EventLogError extends Error {
  constructor(
    readonly failure: KafkaFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

interface KafkajsError {
  readonly name?: unknown;
  readonly type?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
}

const BY_TYPE: Readonly<Record<string, KafkaFailure>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'unknown_topic',
  MESSAGE_TOO_LARGE: 'too_large',
  RECORD_LIST_TOO_LARGE: 'too_large',
  INVALID_RECORD: 'without_key',
  TOPIC_AUTHORIZATION_FAILED: 'denied',
  GROUP_AUTHORIZATION_FAILED: 'denied',
  CLUSTER_AUTHORIZATION_FAILED: 'denied',
  SASL_AUTHENTICATION_FAILED: 'login',
  UNSUPPORTED_SASL_MECHANISM: 'login',
  ILLEGAL_SASL_STATE: 'login',
};

const BY_NAME: Readonly<Record<string, KafkaFailure>> = {
  KafkaJSSASLAuthenticationError: 'login',
  KafkaJSNotImplemented: 'codec',
  KafkaJSConnectionError: 'away',
  KafkaJSConnectionClosedError: 'away',
  KafkaJSRequestTimeoutError: 'away',
  KafkaJSBrokerNotFound: 'away',
  KafkaJSNoBrokerAvailableError: 'away',
};

/** kafkajs wraps: the innermost cause that says something counts. */
export function kafkaFailureOf(error: unknown): KafkaFailure {
  if (error instanceof EventLogError) return error.failure;
  const { name, type, cause } = (error ?? {}) as KafkajsError;
  if (cause !== undefined && cause !== error) {
    const inner = kafkaFailureOf(cause);
    if (inner !== 'other') return inner;
  }
  return BY_TYPE[String(type)] ?? BY_NAME[String(name)] ?? 'other';
}

/** `what` was being done ("reading for metering", "writing to usage.sms-sent.v1"). */
export function toEventLogError(error: unknown, what: string, brokers: readonly string[]): EventLogError {
  if (error instanceof EventLogError) return error;
  const failure = kafkaFailureOf(error);
  const message = String((error as KafkajsError | undefined)?.message ?? error);
  const where = brokers.join(', ');
  const sentences: Record<KafkaFailure, string> = {
    away:
      `no Kafka broker answers at ${where}: start it, or correct KAFKA_BROKERS; ` +
      'a broker that wants TLS or a login is silent too: KAFKA_SSL, KAFKA_SASL_MECHANISM',
    unknown_topic: `${what}: the topic does not exist on Kafka at ${where}: make it with "taxameter topics create"`,
    login: `Kafka at ${where} refuses the login: correct KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD`,
    denied: `Kafka at ${where} does not allow ${what}: give the user of KAFKA_SASL_USERNAME the right to it`,
    too_large: `${what}: a record is larger than the topic takes: write smaller ones, or raise max.message.bytes`,
    without_key: `${what}: Kafka refuses the record: a compacted topic takes no record without key`,
    codec:
      `${what}: a batch is packed with a codec that this process cannot read, so the room stands still: set ` +
      'compression.type=gzip on its topics ("taxameter topics check" names them) and take that batch out of the log',
    other: `${what}: Kafka at ${where} does not do it`,
  };
  return new EventLogError(failure, `${sentences[failure]} (${message})`, { cause: error });
}
