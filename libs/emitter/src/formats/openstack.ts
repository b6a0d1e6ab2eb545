import { bytesOf, durationMsOf, isoTimeMs, readRequestLine, statusOf } from './logged-call.js';
import type { LogFormat, LoggedCall, Unreadable } from './logged-call.js';

/**
 * Reads the request lines of OpenStack services (Nova): `… [req-ID USER TENANT - - -] ADDRESS "GET /v2/…
 * HTTP/1.1" status: 200 len: 1893 time: 0.2477829`. Calls to the metadata service carry `[-]`, or dashes
 * for user and tenant.
 */

const TIME = /(?:^|\s)(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:[.,]\d{1,9})?)\s/;
const CONTEXT = /\[(?:-|(req-[\w-]{1,100}) (\S{1,200}) (\S{1,200}) \S+ \S+ \S+)\] (\S{1,400}) "/;
const OUTCOME = /" status: (\d{1,3}) len: (\d{1,15}) time: (\d{1,15}(?:\.\d{1,12})?)\s*$/;

/** @param naiveOffsetMs zone of the times, which carry none, in ms east of UTC */
export function openstackFormat(naiveOffsetMs: number): LogFormat {
  return {
    name: 'openstack',
    description: 'request lines of OpenStack (Nova)',
    read: (line) => readOpenstack(line, naiveOffsetMs),
    integration: 'user',
    agreement: 'tenant',
    agreementName: 'tenant',
    agreementSegment: (segments) =>
      /^v\d/.test(segments[0] ?? '') && /^[0-9a-f]{32}$/.test(segments[1] ?? '') ? 1 : null,
  };
}

function readOpenstack(line: string, naiveOffsetMs: number): LoggedCall | Unreadable {
  const time = TIME.exec(line);
  const timeMs = time ? isoTimeMs(time[1]!, naiveOffsetMs) : null;
  if (timeMs === null) return { unreadable: 'no time such as 2017-05-16 00:00:00.008' };
  const context = CONTEXT.exec(line);
  if (!context) return { unreadable: 'no [req-… user tenant - - -] or [-] before address and request' };
  const outcome = OUTCOME.exec(line);
  if (!outcome) return { unreadable: 'the line does not end with status, len and time' };
  const request = readRequestLine(line.slice(context.index + context[0].length, outcome.index));
  if ('unreadable' in request) return request;
  const status = statusOf(outcome[1]!);
  if (status === null) return { unreadable: `${outcome[1]} is not an HTTP status` };

  const [, requestId, user, tenant, addresses] = context;
  const fields: Record<string, string | null> = { user: presentOrNull(user), tenant: presentOrNull(tenant) };
  return {
    timeMs,
    ...request,
    status,
    durationMs: durationMsOf(outcome[3]!, 's') ?? 0,
    requestBytes: null,
    responseBytes: bytesOf(outcome[2]!),
    requestId: presentOrNull(requestId),
    // Behind the metadata proxy the first address is the caller, the second the proxy.
    ip: addresses!.split(',')[0] ?? null,
    userAgent: null,
    field: (name) => fields[name] ?? null,
  };
}

function presentOrNull(logged: string | undefined): string | null {
  return logged === undefined || logged === '-' || logged === 'None' ? null : logged;
}
