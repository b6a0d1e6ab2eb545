import { pino, type DestinationStream, type Logger } from 'pino';
import type { LoggerService } from '@nestjs/common';

export type { Logger } from 'pino';
export const LOGGER = Symbol('LOGGER');

/**
 * Structured logs, one JSON object a line, to stderr so that a command's own output stays clean. pg and Kafka errors carry
 * values of rows in `detail`, `parameters` and `query`, so errors are cut down to what cannot hold a secret or a person.
 */
export function createLogger(level: string, destination: DestinationStream = pino.destination(2)): Logger {
  return pino(
    {
      level,
      base: null,
      redact: {
        paths: [
          'authorization',
          'cookie',
          'token',
          'secret',
          'password',
          '*.authorization',
          '*.cookie',
          '*.token',
          '*.secret',
          '*.password',
        ],
        censor: '[redacted]',
      },
      serializers: { err: describeError },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
    },
    destination,
  );
}

function describeError(error: unknown) {
  if (!(error instanceof Error)) return { message: String(error) };
  const code: unknown = (error as { code?: unknown }).code;
  return {
    name: error.name,
    message: error.message,
    ...(typeof code === 'string' ? { code } : {}),
    stack: error.stack,
  };
}

/** Nest's own messages in the same form; its start-up chatter is debug. */
export function nestLogger(logger: Logger): LoggerService {
  const write =
    (level: 'debug' | 'warn' | 'error' | 'fatal') =>
    (message: unknown, ...rest: unknown[]) =>
      logger[level]({ context: rest.at(-1) }, message instanceof Error ? message.message : String(message));
  return {
    log: write('debug'),
    verbose: write('debug'),
    debug: write('debug'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
  };
}
