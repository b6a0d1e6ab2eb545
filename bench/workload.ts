import { apiCallKey, type ApiCallEvent } from '@taxameter/contracts';
import { randomOf } from '@taxameter/contracts/testing';
import { hex, uuidV4, uuidV7 } from './identifiers.js';

/**
 * The load of the pipeline bench: API calls in sessions, as integrations work. A session is one integration on one agreement
 * that calls 20 times within a minute, page after page of what has changed where it calls a list; as many sessions as fit run side by side.
 */
export interface Workload {
  readonly events: number;
  readonly seed: number;
  /** When the first call happened, in ms since 1970. */
  readonly startMs: number;
  readonly integrations: number;
  readonly pairs: number;
  readonly callsPerMinute: number;
  readonly sessionsAtOnce: number;
  readonly ids: 'v4' | 'v7';
  /** The contract's fields in full, about 0.9 kB, or only those that must be there, about 0.4 kB. */
  readonly size: 'full' | 'small';
  /** Per mille of the events that were sent before. */
  readonly duplicatesPerMille: number;
}

export const DEFAULT_WORKLOAD: Omit<Workload, 'startMs'> = {
  events: 1_000_000,
  seed: 1,
  integrations: 1_000,
  pairs: 20_000,
  callsPerMinute: 20,
  sessionsAtOnce: 2_000,
  ids: 'v4',
  size: 'full',
  duplicatesPerMille: 0,
};

export interface GeneratedEvent {
  readonly key: string;
  readonly id: string;
  readonly time: string;
  readonly json: string;
}

const ROUTES = [
  ['GET', '/v1/{organizationId}/contacts', 'list'],
  ['GET', '/v1/{organizationId}/invoices', 'list'],
  ['GET', '/v1/{organizationId}/invoices/{guid}', 'item'],
  ['POST', '/v1/{organizationId}/invoices', 'write'],
  ['POST', '/v1/{organizationId}/sales/vouchers', 'write'],
] as const;
const ROUTES_OF_A_SESSION = 2;
const MINUTE_MS = 60_000;
/** A copy follows its original within so many events: the retry of a sender. */
const COPY_WITHIN = 4_000;

/** The same events for the same workload, on every machine. */
export function* generate(workload: Workload): Generator<GeneratedEvent> {
  const random = randomOf(workload.seed);
  const sent: GeneratedEvent[] = [];
  for (let index = 0; index < workload.events; index += 1) {
    const again = workload.duplicatesPerMille > 0 && random() % 1000 < workload.duplicatesPerMille;
    const copied = again ? sent[random() % Math.max(1, sent.length)] : undefined;
    const event = copied ?? originalOf(workload, index, random);
    if (workload.duplicatesPerMille > 0 && !copied)
      sent[sent.length < COPY_WITHIN ? sent.length : random() % COPY_WITHIN] = event;
    yield event;
  }
}

function originalOf(workload: Workload, index: number, random: () => number): GeneratedEvent {
  const { sessionsAtOnce, callsPerMinute, pairs, integrations, startMs } = workload;
  const perMinute = sessionsAtOnce * callsPerMinute;
  const minute = Math.floor(index / perMinute);
  const inMinute = index % perMinute;
  const session = minute * sessionsAtOnce + (inMinute % sessionsAtOnce);
  // As many sessions as pairs: each pair has one in every minute.
  const pair = (sessionsAtOnce === pairs ? session : scatter(session + workload.seed * 7919)) % pairs;
  const integration = pair % integrations;
  const offsetMs = Math.floor((inMinute * MINUTE_MS) / perMinute);
  const timeMs = startMs + minute * MINUTE_MS + offsetMs;
  const time = new Date(timeMs).toISOString();
  const id = workload.ids === 'v4' ? uuidV4(random) : uuidV7(timeMs, random);
  const [method, route, operation] = ROUTES[(pair + (random() % ROUTES_OF_A_SESSION)) % ROUTES.length]!;
  const status = random() % 50 === 0 ? 404 : 200;
  const needed: ApiCallEvent['data'] = {
    integrationId: `int_${String(integration).padStart(6, '0')}`,
    organizationId: String(100_000 + pair),
    method,
    route,
    operation,
    status,
    durationMs: 20 + (random() % 400),
  };
  const data =
    workload.size === 'small'
      ? needed
      : { ...needed, ...optionalFields(random, Math.floor(inMinute / sessionsAtOnce)) };
  const event: ApiCallEvent = {
    specversion: '1.0',
    id,
    source: '/gateway',
    type: 'dk.dinero.usage.api_call.v1',
    time,
    data,
  };
  return { key: apiCallKey(needed), id, time, json: JSON.stringify(event) };
}

function optionalFields(random: () => number, page: number) {
  return {
    integrationKind: 'public' as const,
    requestBytes: 180,
    responseBytes: 900 + (random() % 9_000),
    itemCount: random() % 100,
    query: {
      hasChangesSince: true,
      changesSinceAgeSec: 900,
      hasDateRange: false,
      page,
      pageSize: 1000,
      fieldsCount: 6,
    },
    queryHash: hex(random, 16),
    responseHash: hex(random, 16),
    resourceHash: null,
    retryAfterSec: null,
    errorCode: null,
    errorReason: null,
    scopes: ['read:contacts', 'read:invoices', 'write:invoices'],
    tokenRef: hex(random, 32),
    authScheme: 'bearer' as const,
    enforced: 'none' as const,
    ipHash: hex(random, 32),
    userAgent: 'ExampleIntegration/4.2 (+https://integration.example)',
  };
}

function scatter(value: number): number {
  const mixed = Math.imul(value ^ (value >>> 16), 0x45d9f3b);
  return (Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b) ^ value) >>> 0;
}
