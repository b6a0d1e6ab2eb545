import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { failureOf } from '../database/sql-error.js';
import type { Logger } from '../logging.service.js';
import { Problem } from './problem.js';

/**
 * Every error becomes problem details (RFC 9457). For event-log handlers it only rethrows: without that, Nest hides what a
 * handler threw behind "Internal server error" and a deadlock looks like a broken invariant.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const problem = toProblem(error);
    if (problem.status >= 500) {
      this.logger.error(
        { err: error, method: request.method, route: request.routeOptions.url },
        'a request failed',
      );
    }
    void reply
      .status(problem.status)
      .headers(problem.headers)
      .type('application/problem+json; charset=utf-8')
      .send(problem.toBody());
  }
}

/** @internal also used for errors that Fastify finds before Nest has a route */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Problem(
        413,
        'body-too-large',
        'the body is larger than this route takes: send fewer events at a time',
      );
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Problem(415, 'unsupported-media-type', 'the content-type is not one that this route takes');
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return new Problem(400, 'not-json', 'the body is not JSON');
  }
  if (error instanceof SyntaxError && statusCode === 400)
    return new Problem(400, 'not-json', 'the body is not JSON');
  if (error instanceof HttpException) return fromNest(error);
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new Problem(
      statusCode,
      'bad-request',
      error instanceof Error ? error.message : 'the request is not usable',
    );
  }
  if (failureOf(error) === 'trouble_outside') {
    return new Problem(
      503,
      'database-away',
      'the database cannot be reached now: send the same request again later',
      {},
      {
        'retry-after': '5',
      },
    );
  }
  return new Problem(500, 'internal-error', 'something went wrong here; the log of the server says what');
}

function fromNest(error: HttpException): Problem {
  const status = error.getStatus();
  if (status === 404) return new Problem(404, 'no-such-route', error.message);
  return new Problem(status, 'bad-request', error.message);
}
