import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from './problem.js';

/** What of a request goes on to the process that runs its room. */

/**
 * RFC 9110 7.6.3: who passed a request on. A pseudonym that is ours alone, since hosts and other gateways may well be called
 * after the product.
 */
const VIA = '1.1 taxameter-rooms-elsewhere';

/**
 * Headers that speak of one connection only (RFC 9110 7.6.1), in small letters as node gives them. `expect` is among them
 * because it is answered here: a body has come whole before anything of it goes on.
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** `.` and `..`, which a URL takes as steps however they are written. */
const STEP = /^(?:\.|%2e){1,2}$/i;

/** Whether another process of ours has passed this request on already. A gateway that only resembles us does not count. */
export function isPassedOn({ via }: IncomingHttpHeaders): boolean {
  return via?.split(',').some((element) => element.trim() === VIA) ?? false;
}

/**
 * The headers without those that were meant for this connection, whether by RFC 9110 or because `connection` names them.
 * @param connection the Connection header as it came
 */
export function withoutHopByHop<Value>(
  headers: Readonly<Record<string, Value>>,
  connection = '',
): Record<string, Value> {
  const named = connection.split(',').map((name) => name.trim().toLowerCase());
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !named.includes(name)),
  );
}

/** The `Via` of a request that goes on: those who had it before stay in it. */
export function viaOnward({ via }: IncomingHttpHeaders): string {
  return via === undefined ? VIA : `${via}, ${VIA}`;
}

/**
 * The path of a request target, without its query, so that a URL made of it has exactly this path: a backslash would be
 * taken as a slash, and what was found to be one route would be sent to another.
 * @throws Problem 400 for a path with a segment `.` or `..`, which no way of writing keeps from being a step
 */
export function pathOnward(target: string): string {
  const [path = ''] = target.split(/[?#]/, 1);
  const encoded = path.replaceAll('\\', '%5C');
  if (encoded.split('/').some((segment) => STEP.test(segment))) {
    throw new Problem(400, 'bad-request', 'the path has a segment . or ..: leave it out');
  }
  return encoded;
}
