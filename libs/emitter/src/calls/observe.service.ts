import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Emitter } from '../emitter.service.js';
import { FREE } from '../restrictions/gate.service.js';
import type { Judgement } from '../restrictions/gate.service.js';
import { segmentsOf } from './known.js';
import { agreementOf, authSchemeOf } from './write-call.js';
import type { Caller, Details } from './write-call.js';

/** What the hooks of all frameworks share: measuring a call from its start to the end of its answer, and judging it. */

/** What an API tells the hooks of its framework. */
export interface HookSettings<Request> {
  readonly emitter: Emitter;
  /**
   * Who calls, as authentication found out: it is asked when the call is judged and again when it has been answered. null:
   * unknown, as before authentication.
   */
  readonly identify: (request: Request) => Caller | null;
  /** What only the handler knows; asked when the call has been answered. */
  readonly describe?: (request: Request) => Details;
  /** True for calls that are none of the API's, such as health checks: no event, no restriction. One that throws leaves out nothing. */
  readonly ignore?: (request: Request) => boolean;
}

/** A call as its framework shows it. */
export interface SeenCall<Request> {
  readonly request: Request;
  readonly raw: IncomingMessage;
  readonly response: ServerResponse;
  /** As it came: frameworks change `url` while they look for the route. */
  readonly target: string;
  readonly address: string | null;
  /** A header of the answer. */
  readonly headerOf: (name: string) => number | string | string[] | undefined;
  /** Template of the route; asked when the call has been answered. */
  readonly routeOf: (caller: Caller | null) => string | null;
}

const NO_DETAILS: Details = {};
/** Judgements of calls that are restricted, for their events; those that pass freely are not noted. */
const judgements = new WeakMap<IncomingMessage, Judgement>();

/** Whether the API leaves a call out. A failure of its own function costs neither the call nor its event. */
export function isIgnored<Request>({ ignore, emitter }: HookSettings<Request>, request: Request): boolean {
  if (!ignore) return false;
  try {
    return ignore(request);
  } catch {
    emitter.noteFailure();
    return false;
  }
}

/** Emits one event when the answer has ended, or the client has gone away. */
export function observe<Request>(settings: HookSettings<Request>, call: SeenCall<Request>): void {
  const startedMs = Date.now();
  const startTick = performance.now();
  const { raw, response } = call;
  const socketBytes = raw.socket?.bytesWritten ?? 0;
  // `on`, for it comes once: `once` makes a function of its own for each call.
  response.on('close', () => {
    try {
      const { request } = call;
      const caller = settings.identify(request);
      const { headers } = raw;
      settings.emitter.takeCall(
        {
          startedMs,
          durationMs: performance.now() - startTick,
          method: raw.method ?? '',
          target: call.target,
          route: call.routeOf(caller),
          status: response.writableFinished ? response.statusCode : 0,
          requestBytes: requestBytesOf(raw),
          responseBytes: responseBytesOf(call, socketBytes),
          retryAfterSec: countOf(call.headerOf('retry-after')),
          authScheme: authSchemeOf(headers.authorization),
          address: call.address,
          userAgent: headers['user-agent'] ?? null,
          enforced: judgements.get(raw)?.enforced ?? 'none',
        },
        caller,
        settings.describe?.(request) ?? NO_DETAILS,
      );
    } catch {
      settings.emitter.noteFailure();
    }
  });
}

/**
 * Judges a call. Path and route are asked only where something restricts the caller.
 * @param pathOf the path in which the framework looks for the route
 * @param routeOf the template; null where it is not known yet
 */
export function enforce<Request>(
  settings: HookSettings<Request>,
  call: { readonly request: Request; readonly raw: IncomingMessage; readonly response: ServerResponse },
  pathOf: () => string,
  routeOf: () => string | null,
): Judgement {
  try {
    const { request, raw } = call;
    const caller = settings.identify(request);
    if (!caller || !settings.emitter.isRestricted(caller.integrationId)) return FREE;
    const route = routeOf();
    const known = route === null ? null : settings.emitter.routeOf(route);
    const path = pathOf();
    const judgement = settings.emitter.judge(
      {
        integrationId: caller.integrationId,
        organizationId: agreementOf(caller, known, segmentsOf(path)),
        method: raw.method ?? '',
        route,
        path,
      },
      raw.headers['accept-language'],
    );
    if (judgement !== FREE) judgements.set(raw, judgement);
    return judgement;
  } catch {
    settings.emitter.noteFailure();
    return FREE;
  }
}

function requestBytesOf(raw: IncomingMessage): number | null {
  const length = countOf(raw.headers['content-length']);
  return length ?? (raw.headers['transfer-encoding'] === undefined ? 0 : null);
}

/** The length that was announced; of a stream, what went through the socket, its headers included. */
function responseBytesOf({ raw, response, headerOf }: SeenCall<unknown>, before: number): number | null {
  if (raw.method === 'HEAD' || response.statusCode === 204 || response.statusCode === 304) return 0;
  const announced = countOf(headerOf('content-length'));
  if (announced !== null && response.writableFinished) return announced;
  const sent = (raw.socket?.bytesWritten ?? 0) - before;
  return sent > 0 ? sent : null;
}

function countOf(value: number | string | string[] | undefined): number | null {
  if (value === undefined || Array.isArray(value)) return null;
  const count = Number(value);
  return Number.isSafeInteger(count) && count >= 0 ? count : null;
}
