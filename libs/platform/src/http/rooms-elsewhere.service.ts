import { fastifyReplyFrom } from '@fastify/reply-from';
import type { FastifyBodyParser, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { Room } from '../room.js';
import type { SystemAccounting } from '../system.service.js';
import { accounting, accountingAnswer } from './accounting.js';
import { MAX_BODY_BYTES } from './limits.js';
import { isPassedOn, pathOnward, viaOnward, withoutHopByHop } from './onward-request.js';
import { Problem } from './problem.js';
import { sendProblem, toProblem } from './problem.filter.js';
import type { RouteDefinition } from './route.js';
import { controllersOf, routesOf } from './routes-of.service.js';

/**
 * The rooms that other processes run, behind this process's address: a browser knows one address, and its session cookie is
 * good for one. A request to a route of such a room is passed on as it is and answered as it comes; who may call what is
 * decided there, by the same tokens, so this process opens nothing.
 */

/** A room that runs elsewhere, and where. */
export interface RoomElsewhere {
  readonly room: Room;
  /** `http://metering:3000` */
  readonly url: string;
}

/** The least patience that still waits for the slowest statement (60 s). */
const SILENCE_MS = 65_000;
/** Each reader of a live stream keeps one; a room takes 100 of those. */
const CONNECTIONS_PER_ROOM = 200;
const CONNECT_MS = 10_000;
const ACCOUNTING_MS = 10_000;
/** Codes of a connection that never came about. Behind all others a request may have arrived, and may have been done. */
const UNREACHED = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;
/**
 * What node calls a certificate that it refuses, before a byte of the request is sent. `ERR_SSL_…` is the other side's word
 * and may come later.
 */
const DISTRUSTED =
  /^(?!ERR_SSL_).*(CERT|ISSUER|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|HOSTNAME_MISMATCH)/;

export class RoomsElsewhere {
  constructor(private readonly rooms: readonly RoomElsewhere[]) {}

  /** Adds the routes of these rooms to a server that does not listen yet. */
  addRoutesTo(server: FastifyInstance): void {
    for (const { room, url } of this.rooms) {
      // A scope of its own: here no body is understood. It is taken whole, since a room that refuses one early closes the
      // connection, and the rest of a flowing body would drown its answer.
      void server.register(async (scope) => {
        scope.setErrorHandler((error, _request, reply) => sendProblem(reply, toProblem(error)));
        scope.removeAllContentTypeParsers();
        scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, takeAsItIs);
        await scope.register(fastifyReplyFrom, {
          base: url,
          disableRequestLogging: true,
          undici: {
            connections: CONNECTIONS_PER_ROOM,
            headersTimeout: SILENCE_MS,
            bodyTimeout: SILENCE_MS,
            connect: { ...tlsTo(url), timeout: CONNECT_MS },
          },
        });
        for (const route of routesOf(controllersOf(room.module))) {
          scope.route({
            method: route.method,
            url: route.path,
            handler: (request, reply) => passOn(request, reply, route, { room, url }),
          });
        }
      });
    }
  }

  /**
   * What these rooms account for, asked on behalf of the one who asks here. Each process is asked for its own rooms only, so
   * the question never travels further.
   * @throws Problem 503 naming the rooms that do not answer: a sum without them would look complete
   */
  async accounting(asker: IncomingHttpHeaders): Promise<SystemAccounting[]> {
    const headers = {
      ...(asker.authorization !== undefined && { authorization: asker.authorization }),
      ...(asker.cookie !== undefined && { cookie: asker.cookie }),
    };
    const addresses = [...new Set(this.rooms.map(({ url }) => url))];
    return Promise.all(addresses.map((url) => this.accountingAt(url, headers)));
  }

  private async accountingAt(url: string, headers: Record<string, string>): Promise<SystemAccounting> {
    const rooms = this.rooms.filter((elsewhere) => elsewhere.url === url).map(({ room }) => room);
    const names = rooms.map(({ name }) => name);
    const refuse = (why: string): never => {
      throw roomAway(`${names.join(', ')} at ${url} ${why}`);
    };
    const response = await fetch(new URL(`${accounting.path}?rooms=own`, url), {
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(ACCOUNTING_MS),
    }).catch((error: Error) => {
      const code = codeOf(error.cause);
      return refuse(
        DISTRUSTED.test(code) ? distrusted(code) : 'does not answer: is it running, and is ROOM_URLS right?',
      );
    });
    const text = await response.text().catch(() => refuse('broke off while it answered: ask again'));
    if (!response.ok) return refuse(`answered ${response.status}: see its /health/ready`);
    const answer = accountingAnswer.safeParse(parsedOrNothing(text));
    if (!answer.success) {
      return refuse('answered with something else than an accounting: is ROOM_URLS right?');
    }
    // One process may be known by two addresses, and may run more than was asked for: each room is told of once.
    const isAsked = ({ room }: { room: string }) => names.includes(room);
    const told = {
      partitions: answer.data.partitions.filter(isAsked),
      outbox: answer.data.outbox.filter(isAsked),
    };
    const untold = rooms.filter(
      ({ name, schema }) => schema && !told.outbox.some(({ room }) => room === name),
    );
    if (untold.length === 0) return told;
    throw roomAway(
      `${untold.map(({ name }) => name).join(', ')} does not run at ${url}: ROOM_URLS must name the process that runs it`,
    );
  }
}

/**
 * How to meet the room at this address by TLS: its certificate must be good for the name in ROOM_URLS. undici would take the
 * name from the `Host` header, and that one is the browser's word.
 */
export function tlsTo(url: string) {
  // Without the brackets that an IPv6 address has in a URL.
  const name = new URL(url).hostname.replace(/^\[|\]$/g, '');
  return {
    // Said aloud, since reply-from takes silence for a no.
    rejectUnauthorized: true,
    checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
      checkServerIdentity(name, certificate),
  };
}

const takeAsItIs: FastifyBodyParser<Buffer> = (_request, body, done) => done(null, body);

function passOn(
  request: FastifyRequest,
  reply: FastifyReply,
  route: RouteDefinition,
  { room, url }: RoomElsewhere,
): FastifyReply {
  if (isPassedOn(request.headers)) {
    throw roomAway(`the request for ${room.name} went round: ROOM_URLS of another process names this one`);
  }
  // The query is not given: reply-from adds it as it came, and would judge it as if it were path.
  return reply.from(pathOnward(request.url), {
    ...(request.body instanceof Buffer && {
      body: request.body,
      contentType: request.headers['content-type'] ?? 'application/octet-stream',
    }),
    // Whether a command was done is not known when its answer is lost, so nothing is sent twice from here.
    retryDelay: () => null,
    // The address that the browser knows: where a write comes from is judged by it.
    rewriteRequestHeaders: (_request, headers) => ({
      ...withoutHopByHop(headers, request.headers.connection),
      host: request.headers.host,
      via: viaOnward(request.headers),
      // For a room that has this process among its TRUSTED_PROXIES; no other believes it.
      'x-forwarded-for': forwardedFor(request),
      'x-forwarded-proto': request.protocol,
      'x-forwarded-host': request.host,
    }),
    rewriteHeaders: (headers) => withoutHopByHop(headers, headers.connection),
    onError: (_reply, { error }) => {
      const next = whatToDo(route, request.headers);
      const code = codeOf(error.cause);
      const at = `${room.name} at ${url}`;
      if (code === 'UND_ERR_HEADERS_TIMEOUT') {
        const silent = `${room.name} did not answer within ${SILENCE_MS / 1000} s: ${next}`;
        sendProblem(reply, new Problem(504, 'room-silent', silent));
      } else if (UNREACHED.test(code)) {
        sendProblem(reply, roomAway(`${at} does not answer: send the same request again later`));
      } else if (DISTRUSTED.test(code)) {
        sendProblem(reply, roomAway(`${at} ${distrusted(code)}`));
      } else {
        sendProblem(reply, roomAway(`${at} broke off before it answered: ${next}`));
      }
    },
  });
}

/** Who asked, and all who passed it on so far, the nearest last. */
function forwardedFor({ headers, socket }: FastifyRequest): string {
  return [headers['x-forwarded-for'] ?? [], socket.remoteAddress ?? []].flat().join(', ');
}

function distrusted(code: string): string {
  return `shows a certificate that is not trusted here (${code}): nothing was sent; NODE_EXTRA_CA_CERTS names a file of authorities to trust`;
}

/** What is left to do for one whose request may have arrived, and whose answer has not. */
function whatToDo(route: RouteDefinition, headers: IncomingHttpHeaders): string {
  if (route.method === 'GET') return 'send the same request again';
  if (!route.command) return 'whether it was taken is not known, send the same request again';
  return headers['idempotency-key'] === undefined
    ? 'whether the command was done is not known, and it had no Idempotency-Key: look before you send it again'
    : 'whether the command was done is not known, send it again with the same Idempotency-Key';
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

function parsedOrNothing(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function roomAway(detail: string): Problem {
  return new Problem(503, 'room-away', detail, {}, { 'retry-after': '5' });
}
