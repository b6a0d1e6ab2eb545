import { DURATION_UNITS, bytesOf, durationMsOf, isoTimeMs, readMethodAndTarget } from './logged-call.js';
import { readRequestLine, statusOf } from './logged-call.js';
import type { DurationUnit, LogFormat, LoggedCall, Unreadable } from './logged-call.js';

/** Reads logs with one JSON object a line, by a mapping from our names to theirs. */

// The first name that a line has is taken. These are the names that nginx, pino, Caddy, Envoy and Logstash
// use.
const USUAL_NAMES = {
  time: ['time', 'timestamp', '@timestamp', 'ts', 'start_time', 'time_iso8601'],
  request: ['request'],
  method: ['method', 'http_method', 'request_method', 'req.method', 'request.method'],
  path: ['path', 'uri', 'url', 'request_uri', 'req.url', 'request.uri'],
  status: ['status', 'status_code', 'statusCode', 'response_code', 'res.statusCode'],
  durationMs: ['durationMs', 'duration_ms', 'responseTime', 'request_time:s'],
  requestBytes: ['requestBytes', 'request_length', 'bytes_received'],
  responseBytes: ['responseBytes', 'body_bytes_sent', 'bytes_sent', 'bytes', 'size'],
  requestId: ['requestId', 'request_id', 'req.id'],
  ip: ['ip', 'remote_addr', 'client_ip', 'request.remote_ip'],
  userAgent: ['userAgent', 'user_agent', 'http_user_agent'],
  integrationId: ['integrationId', 'integration_id', 'client_id', 'client'],
  organizationId: ['organizationId', 'organization_id', 'org'],
} as const;

export type MappedName = keyof typeof USUAL_NAMES;
type Mapping = Record<MappedName, readonly { readonly name: string; readonly unit: DurationUnit | null }[]>;

/**
 * Reads `integrationId=client,time=ts,durationMs=took:s`; what is not named keeps its usual names.
 * @throws RangeError for a name that is not ours or a unit that is none
 */
export function parseMapping(text: string): Mapping {
  const mapping = Object.fromEntries(
    Object.entries(USUAL_NAMES).map(([ours, theirs]) => [ours, theirs.map(parseTheirs)]),
  ) as unknown as Mapping;
  for (const pair of text.split(',').filter((part) => part.trim() !== '')) {
    const [ours, theirs] = [pair.split('=')[0]!.trim(), pair.split('=').slice(1).join('=').trim()];
    if (!Object.hasOwn(USUAL_NAMES, ours) || theirs === '') {
      throw new RangeError(
        `"${pair}" is not a mapping such as time=ts; names: ${Object.keys(USUAL_NAMES).join(', ')}`,
      );
    }
    mapping[ours as MappedName] = [parseTheirs(theirs)];
  }
  return mapping;
}

function parseTheirs(theirs: string) {
  const unit = /:([a-z]{1,2})$/.exec(theirs)?.[1];
  if (unit === undefined) return { name: theirs, unit: null };
  if (!(DURATION_UNITS as string[]).includes(unit)) {
    throw new RangeError(`"${theirs}" has unit ${unit}; known are ${DURATION_UNITS.join(', ')}`);
  }
  return { name: theirs.slice(0, -unit.length - 1), unit: unit as DurationUnit };
}

/** @param naiveOffsetMs zone of times without an offset, in ms east of UTC */
export function jsonLinesFormat(mapping: Mapping, naiveOffsetMs: number): LogFormat {
  return {
    name: 'jsonl',
    description: 'one JSON object a line',
    read: (line) => readJsonLine(line, mapping, naiveOffsetMs),
    integration: 'field:integrationId,remote-user,user-agent',
    agreement: 'field:organizationId,path:organizationId,path',
    agreementName: 'organizationId',
  };
}

function readJsonLine(line: string, mapping: Mapping, naiveOffsetMs: number): LoggedCall | Unreadable {
  const record = parseRecord(line);
  if (!record) return { unreadable: 'is not a JSON object' };
  const named = (ours: MappedName) => firstPresent(record, mapping[ours]);
  const time = named('time');
  if (!time) return { unreadable: missing('time', mapping) };
  const timeMs = timeMsOf(time.value, time.unit, naiveOffsetMs);
  if (timeMs === null) return { unreadable: `time "${time.value.slice(0, 40)}" is not one that can be read` };
  const request = requestOf(named('request')?.value, named('method')?.value, named('path')?.value, mapping);
  if ('unreadable' in request) return request;
  const status = statusOf(named('status')?.value ?? '');
  if (status === null) return { unreadable: missing('status', mapping) };

  const duration = named('durationMs');
  return {
    timeMs,
    ...request,
    status,
    durationMs: (duration && durationMsOf(duration.value, duration.unit ?? 'ms')) ?? 0,
    requestBytes: bytesOf(named('requestBytes')?.value ?? ''),
    responseBytes: bytesOf(named('responseBytes')?.value ?? ''),
    requestId: named('requestId')?.value ?? null,
    ip: named('ip')?.value ?? null,
    userAgent: named('userAgent')?.value ?? null,
    field: (name) =>
      (Object.hasOwn(mapping, name) ? named(name as MappedName)?.value : valueAt(record, name)) ?? null,
  };
}

function requestOf(
  request: string | undefined,
  method: string | undefined,
  path: string | undefined,
  mapping: Mapping,
) {
  if (method !== undefined && path !== undefined) return readMethodAndTarget(method, path);
  if (request !== undefined) return readRequestLine(request);
  return { unreadable: missing(method === undefined ? 'method' : 'path', mapping) };
}

function parseRecord(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function firstPresent(record: Record<string, unknown>, theirs: Mapping[MappedName]) {
  for (const { name, unit } of theirs) {
    const value = valueAt(record, name);
    if (value !== null) return { value, unit };
  }
  return null;
}

/**
 * A text, number or boolean by its name as it stands, else by dots (`request.method`); `-` and blank are
 * absent.
 */
function valueAt(record: Record<string, unknown>, name: string): string | null {
  let value: unknown = record;
  if (Object.hasOwn(record, name)) value = record[name];
  else {
    for (const key of name.split('.')) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null;
      value = (value as Record<string, unknown>)[key];
    }
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' && value !== '-' ? value : null;
}

/** A number without unit is seconds below 10^11 (the year 5138) and ms from there (1973 on). */
function timeMsOf(value: string, unit: DurationUnit | null, naiveOffsetMs: number): number | null {
  if (!/^\d{1,16}(\.\d{1,9})?$/.test(value)) return isoTimeMs(value, naiveOffsetMs);
  const timeMs = durationMsOf(value, unit ?? (Number(value) < 1e11 ? 's' : 'ms'));
  return timeMs !== null && timeMs < 8.64e15 ? timeMs : null;
}

function missing(ours: MappedName, mapping: Mapping): string {
  const names = mapping[ours].map(({ name }) => name).join(', ');
  return `no usable ${ours} (looked for ${names}; --map ${ours}=NAME tells where it is)`;
}
