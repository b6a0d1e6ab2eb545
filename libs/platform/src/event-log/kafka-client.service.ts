import { Kafka, logLevel } from 'kafkajs';
import type { Configuration } from '../configuration.js';
import type { Logger } from '../logging.service.js';
import { mendKafkajs } from './kafkajs-mends.service.js';

/** Which Kafka, and how to talk to it. */

export interface KafkaSettings {
  /** `host:port` each. */
  readonly brokers: readonly string[];
  /** Stands before the name of every topic and every group. */
  readonly prefix: string;
  readonly ssl: boolean;
  readonly login: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  } | null;
}

export function kafkaSettingsOf(configuration: Configuration): KafkaSettings {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD } = configuration;
  return {
    brokers: configuration.KAFKA_BROKERS,
    prefix: configuration.TOPIC_PREFIX,
    ssl: configuration.KAFKA_SSL,
    login:
      mechanism === undefined
        ? null
        : { mechanism, username: KAFKA_SASL_USERNAME ?? '', password: KAFKA_SASL_PASSWORD ?? '' },
  };
}

/**
 * About seven seconds in all, then whoever asked decides. All of them are given, because kafkajs has other defaults when
 * NODE_ENV is "test".
 */
export const KAFKA_PATIENCE = {
  retries: 5,
  initialRetryTime: 250,
  maxRetryTime: 2_000,
  multiplier: 2,
  factor: 0.2,
};

const CONNECT_MS = 3_000;
const REQUEST_MS = 15_000;

/** Its own chatter goes to debug: what a person must know is said by us, in a sentence. */
export function kafkaClient(settings: KafkaSettings, clientId: string, logger: Logger): Kafka {
  mendKafkajs();
  const { brokers, ssl, login } = settings;
  return new Kafka({
    clientId,
    brokers: [...brokers],
    ssl,
    ...(login && { sasl: saslOf(login) }),
    connectionTimeout: CONNECT_MS,
    authenticationTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    enforceRequestTimeout: true,
    retry: KAFKA_PATIENCE,
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ namespace, log: { message, error } }) =>
        logger.debug(
          { client: clientId, namespace, error: typeof error === 'string' ? error : undefined },
          message,
        ),
  });
}

function saslOf({ mechanism, username, password }: NonNullable<KafkaSettings['login']>) {
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password } as const;
    case 'scram-sha-256':
      return { mechanism, username, password } as const;
    case 'scram-sha-512':
      return { mechanism, username, password } as const;
  }
}
