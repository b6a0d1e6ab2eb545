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
    sendProblem(reply, problem);
  }
}

export function sendProblem(reply: FastifyReply, problem: Problem): void {
  void reply
    .status(problem.status)
    .headers(problem.headers)
    .type('application/problem+json; charset=utf-8')
    .send(problem.toBody());
}

/** What anything thrown is to the caller. Also for what Fastify finds before there is a route (a path that cannot be decoded). */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HttpException) return fromStatus(error.getStatus(), error.message);
  const { statusCode } = error as { statusCode?: unknown };
  if (statusCode === 413) return fromStatus(statusCode, '');
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new Problem(statusCode, 'bad-request', 'the path of the request cannot be read');
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

/**
 * Fastify's errors of reading a request arrive as Nest's HttpException with nothing but status and message. Nest makes 400 of
 * every SyntaxError, and V8 quotes the body in the message, so that one is not passed on.
 */
function fromStatus(status: number, message: string): Problem {
  switch (status) {
    case 400:
      return new Problem(400, 'not-json', 'the body is not JSON');
    case 404:
      return new Problem(404, 'no-such-route', message);
    case 413:
      return new Problem(
        413,
        'body-too-large',
        'the body is larger than this route takes: send fewer events at a time',
      );
    case 415:
      return new Problem(415, 'unsupported-media-type', 'the content-type is not one that this route takes');
    default:
      return new Problem(status, 'bad-request', message);
  }
}
