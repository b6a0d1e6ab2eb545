import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import type { DynamicModule } from '@nestjs/common';
import { AccessGuard } from '../identity/access.guard.js';
import type { Tokens } from '../identity/tokens.service.js';
import { nestLogger, type Logger } from '../logging.service.js';
import type { Configuration } from '../configuration.js';
import { MAX_BODY_BYTES } from './limits.js';
import { ProblemFilter, sendProblem, toProblem } from './problem.filter.js';
import type { RoomsElsewhere } from './rooms-elsewhere.service.js';

const REQUEST_TIMEOUT_MS = 30_000;

/** Bodies that a handler reads by itself, byte for byte. */
const RAW_CONTENT_TYPES = /^application\/cloudevents(-batch)?\+json/i;

/**
 * One Nest application on Fastify with the process's event-log strategy attached and the routes of rooms elsewhere. It does not listen yet.
 */
export async function createApplication(
  root: DynamicModule,
  strategy: CustomTransportStrategy,
  tokens: Tokens,
  elsewhere: RoomsElsewhere,
  { logger, configuration }: { readonly logger: Logger; readonly configuration: Configuration },
): Promise<NestFastifyApplication> {
  const trustedProxies = configuration.TRUSTED_PROXIES;
  const adapter = new FastifyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Whoever else writes these headers is not believed: an address that can be chosen is no limit.
    trustProxy: trustedProxies.length > 0 && trustedProxies,
    frameworkErrors: (error: unknown, _request: unknown, reply: FastifyReply) =>
      sendProblem(reply, toProblem(error)),
  });
  adapter
    .getInstance()
    .addContentTypeParser(
      RAW_CONTENT_TYPES,
      { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES },
      (_request, body, done) => {
        done(null, body);
      },
    );
  elsewhere.addRoutesTo(adapter.getInstance());
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    bodyParser: false,
    logger: nestLogger(logger),
    abortOnError: false,
    forceCloseConnections: true,
  });
  app.useGlobalGuards(new AccessGuard(tokens));
  app.useGlobalFilters(new ProblemFilter(logger));
  app.connectMicroservice({ strategy }, { inheritAppConfig: true });
  return app;
}
