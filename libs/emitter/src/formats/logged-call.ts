/** What every log format gives for one line: a call as it was logged, or why the line cannot be read. */

export interface LoggedCall {
  /** UTC ms. The moment that the log names, which is the end of the request for nginx and Nova. */
  readonly timeMs: number;
  readonly method: string;
  /**
   * As sent: path with query, perhaps with scheme and host. Holds identifiers in clear, so it never leaves
   * the importer.
   */
  readonly target: string;
  readonly status: number;
  /** 0 when the log does not tell. */
  readonly durationMs: number;
  readonly requestBytes: number | null;
  readonly responseBytes: number | null;
  readonly requestId: string | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  /**
   * A field of the line by the format's own name for it (`remote-user`, `tenant`, a JSON path); null when
   * absent.
   */
  readonly field: (name: string) => string | null;
}

export interface Unreadable {
  readonly unreadable: string;
}

export interface LogFormat {
  readonly name: 'combined' | 'openstack' | 'jsonl';
  readonly description: string;
  readonly read: (line: string) => LoggedCall | Unreadable;
  /** Selectors (see select-party.ts) that hold when the user names none. */
  readonly integration: string;
  readonly agreement: string;
  /** What the agreement's segment is called in a route: `{tenant}`. */
  readonly agreementName: string;
  /** Where the format always has the agreement in a path, even when the line does not name it. */
  readonly agreementSegment?: (segments: readonly string[]) => number | null;
}

export type DurationUnit = 's' | 'ms' | 'us' | 'ns';

const MS_PER_UNIT: Record<DurationUnit, number> = { s: 1000, ms: 1, us: 0.001, ns: 0.000_001 };

export const DURATION_UNITS = Object.keys(MS_PER_UNIT) as DurationUnit[];

/** Whole ms, rounded; null for what is not a duration (nginx writes `-` when nothing answered). */
export function durationMsOf(value: string, unit: DurationUnit): number | null {
  if (!/^\d{1,15}(\.\d{1,12})?$/.test(value)) return null;
  const durationMs = Math.round(Number(value) * MS_PER_UNIT[unit]);
  return Number.isSafeInteger(durationMs) ? durationMs : null;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Splits `GET /path HTTP/1.1`; the version may be absent, as HTTP/0.9 and some scanners leave it out. */
export function readRequestLine(request: string): { method: string; target: string } | Unreadable {
  if (request === '-' || request === '') return { unreadable: 'no request: the client sent nothing' };
  const parts = /^([A-Za-z]{1,20}) (.+?)(?: HTTP\/\d(?:\.\d)?)?$/.exec(request);
  if (!parts) return { unreadable: 'the request is not "METHOD path HTTP/1.1"' };
  return readMethodAndTarget(parts[1]!, parts[2]!);
}

/** The same check for logs that keep method and path apart. */
export function readMethodAndTarget(
  method: string,
  target: string,
): { method: string; target: string } | Unreadable {
  const upper = method.toUpperCase();
  if (!METHODS.includes(upper))
    return { unreadable: `method ${upper.slice(0, 20)} is not one that is counted` };
  if (!/^(\/|\*$|https?:\/\/)/i.test(target)) return { unreadable: 'the path does not begin with /' };
  return { method: upper, target };
}

/**
 * HTTP status of a log; null when it is none. nginx's 499 and 000 mean that the client went away: 0 in the
 * contract.
 */
export function statusOf(value: string): number | null {
  if (!/^\d{1,3}$/.test(value)) return null;
  const status = Number(value);
  if (status === 0 || status === 499) return 0;
  return status >= 100 && status <= 599 ? status : null;
}

export function bytesOf(value: string): number | null {
  return /^\d{1,15}$/.test(value) ? Number(value) : null;
}

/**
 * Offset of a zone in ms east of UTC: `Z`, `UTC`, `+02:00`, `-0530`.
 * @throws RangeError for anything else; names of zones are refused, for a log in local time repeats an hour
 *   each autumn
 */
export function zoneOffsetMs(zone: string): number {
  if (/^(z|utc)$/i.test(zone)) return 0;
  const parts = /^([+-])(\d\d):?(\d\d)$/.exec(zone);
  if (!parts || Number(parts[2]) > 14 || Number(parts[3]) > 59) {
    throw new RangeError(`time zone "${zone}" is not an offset such as +02:00 or Z`);
  }
  return (parts[1] === '-' ? -1 : 1) * (Number(parts[2]) * 60 + Number(parts[3])) * 60_000;
}

const ISO_TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s?(z|utc|[+-]\d\d:?\d\d)?$/i;

/**
 * UTC ms of an ISO time; one without offset is read in the given zone. Null when it is none, or no such day
 * exists.
 */
export function isoTimeMs(value: string, naiveOffsetMs: number): number | null {
  const parts = ISO_TIME.exec(value);
  if (!parts) return null;
  const [, day, clock, fraction, zone] = parts;
  const wallMs = Date.parse(`${day}T${clock}.${(fraction ?? '0').padEnd(3, '0').slice(0, 3)}Z`);
  // Date.parse turns 31 February into 3 March.
  if (Number.isNaN(wallMs) || new Date(wallMs).toISOString().slice(0, 10) !== day) return null;
  if (zone === undefined) return wallMs - naiveOffsetMs;
  try {
    return wallMs - zoneOffsetMs(zone);
  } catch {
    return null;
  }
}
