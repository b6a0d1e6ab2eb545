import { bytesOf, durationMsOf, isoTimeMs, readRequestLine, statusOf } from './logged-call.js';
import type { DurationUnit, LogFormat, LoggedCall, Unreadable } from './logged-call.js';

/**
 * Reads the common and the combined log format of Apache and nginx, with whatever a site has added at the
 * end. Position decides, not one large expression: agents hold raw quotes at sites that log with
 * `escape=none`, and an expression with three greedy groups takes minutes on a hostile line of 60 kB.
 */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const TIME = /\[(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})\] "/;
// The request ends at the first quote that a status and a size follow: a quote inside the path is not
// followed by these.
const STATUS_AND_BYTES = /" (\d{1,3}) (\d{1,15}|-)(?= |$)/;
const QUOTED_TWICE = /^ "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"(?= |$)/;
const REQUEST_ID = /(?<![\w-])(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![\w-])/i;

/**
 * @param durationUnit unit of a number after the agent. Null takes a number with decimals as seconds, which
 *   is what nginx writes for `$request_time`, and leaves whole numbers alone: Apache's `%I %O` are bytes.
 */
export function combinedFormat(durationUnit: DurationUnit | null): LogFormat {
  return {
    name: 'combined',
    description: 'nginx and Apache, combined or common',
    read: (line) => readCombined(line, durationUnit),
    integration: 'remote-user,user-agent',
    agreement: 'path:organizationId,path',
    agreementName: 'organizationId',
  };
}

function readCombined(line: string, durationUnit: DurationUnit | null): LoggedCall | Unreadable {
  const time = TIME.exec(line);
  if (!time) return { unreadable: 'no time such as [16/May/2026:08:00:00 +0200] before a request in quotes' };
  const timeMs = timeOf(time);
  if (timeMs === null) return { unreadable: `there is no time ${time[0].slice(0, -2)}` };
  const [ip, , ...user] = line.slice(0, time.index).trim().split(' ');
  const afterTime = line.slice(time.index + time[0].length);
  const end = STATUS_AND_BYTES.exec(afterTime);
  if (!end) return { unreadable: 'no status and size after the request' };
  const request = readRequestLine(unescapeLogged(afterTime.slice(0, end.index)));
  if ('unreadable' in request) return request;
  const status = statusOf(end[1]!);
  if (status === null) return { unreadable: `${end[1]} is not an HTTP status` };

  const tail = splitTail(afterTime.slice(end.index + end[0].length));
  const fields: Record<string, string | null> = { 'remote-user': presentOrNull(user.join(' ')) };
  return {
    timeMs,
    ...request,
    status,
    durationMs: durationAmong(tail.extras, durationUnit),
    requestBytes: null,
    responseBytes: bytesOf(end[2]!),
    requestId: REQUEST_ID.exec(tail.extras)?.[0] ?? null,
    ip: presentOrNull(ip ?? ''),
    userAgent: presentOrNull(unescapeLogged(tail.userAgent)),
    field: (name) => fields[name] ?? null,
  };
}

function timeOf([, day, monthName, year, clock, zone]: RegExpExecArray): number | null {
  const month = MONTHS.indexOf(monthName!) + 1;
  return isoTimeMs(`${year}-${String(month).padStart(2, '0')}-${day}T${clock}${zone}`, 0);
}

/** What follows size: `"referer" "agent"` and extras, or in the common format only extras. */
function splitTail(tail: string): { userAgent: string; extras: string } {
  const strict = QUOTED_TWICE.exec(tail);
  if (strict) return { userAgent: strict[2]!, extras: tail.slice(strict[0].length) };
  // Raw quotes inside: the agent lies between the first `" "` and the last quote.
  const start = tail.indexOf('" "');
  const end = tail.lastIndexOf('"');
  if (tail.startsWith(' "') && start > 0 && end > start + 2) {
    return { userAgent: tail.slice(start + 3, end), extras: tail.slice(end + 1) };
  }
  return { userAgent: '', extras: tail };
}

function durationAmong(extras: string, unit: DurationUnit | null): number {
  for (const word of extras.split(/[\s"]+/)) {
    const value = /^(?:\w{1,30}[=:])?(\d{1,15}(?:\.\d{1,12})?)$/.exec(word)?.[1];
    if (value === undefined || (unit === null && !value.includes('.'))) continue;
    const durationMs = durationMsOf(value, unit ?? 's');
    if (durationMs !== null) return durationMs;
  }
  return 0;
}

/**
 * Apache writes `\"` and `\\`, both write `\x22` for bytes: quotes and backslashes come back, other bytes
 * stay escaped.
 */
function unescapeLogged(logged: string): string {
  return logged.replace(/\\(?:(["\\])|x22|x5C)/gi, (whole, plain: string | undefined) => {
    if (plain !== undefined) return plain;
    return whole.toLowerCase() === '\\x22' ? '"' : '\\';
  });
}

function presentOrNull(logged: string): string | null {
  return logged === '' || logged === '-' || logged === '""' ? null : logged;
}
