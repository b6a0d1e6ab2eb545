import { setTimeout as sleep } from 'node:timers/promises';
import {
  apiCallKey,
  TOPICS,
  type Topic,
  type ApiCallEvent,
  type Breach,
  type SmsSentEvent,
} from '@taxameter/contracts';
import { partitionForKey, type NewRecord, type Room } from '@taxameter/platform';
import type { TestRooms } from '@taxameter/platform/testing';
import type { Evidence } from './evidence/evidence.js';
import { FairUseModule, fairUseMigrations } from './index.js';
import { callAt } from './signals/signals.testing.js';

/** The room, calls for it and its answers, for the specs that run it. */

export const NOW = '2026-10-05T08:00:00Z';
export const fairUseRoom: Room = {
  name: 'fair-use',
  module: FairUseModule,
  schema: { migrations: fairUseMigrations },
};
export type BreachAnswer = Breach & {
  readonly peak: { readonly value: number };
  readonly handling: unknown;
  readonly shadow: boolean;
};

export const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** Batches of a size, each a record on the partition of its calls' key. */
export function recordsOf(calls: readonly ApiCallEvent[], size: number): NewRecord[] {
  return batchesOf(calls, size, TOPICS.apiCalls, ({ data }) => apiCallKey(data));
}

/** Batches of a size, each a record on the partition of its first message's key: equal ones must stand first in theirs. */
export function smsRecordsOf(sms: readonly SmsSentEvent[], size: number): NewRecord[] {
  return batchesOf(sms, size, TOPICS.smsSent, ({ data }) => data.messageId);
}

function batchesOf<Event>(
  all: readonly Event[],
  size: number,
  { name: topic, partitions }: Topic,
  keyOf: (event: Event) => string,
): NewRecord[] {
  const records: NewRecord[] = [];
  for (let from = 0; from < all.length; from += size) {
    const events = all.slice(from, from + size);
    const key = keyOf(events[0]!);
    records.push({
      topic,
      partition: partitionForKey(key, partitions),
      key,
      headers: { 'content-type': 'application/cloudevents-batch+json' },
      value: encode(events),
    });
  }
  return records;
}

/** Waits until every record is read, every minute judged and every fact sent on. */
export async function judged(rooms: TestRooms): Promise<void> {
  await rooms.settle();
  for (let tries = 0; tries < 400; tries += 1) {
    const { body } = await rooms.call('ops', 'GET', '/v1/fair-use/status');
    if (body.dirty === 0) return rooms.settle();
    await sleep(25);
  }
  throw new Error('the evaluator is not done');
}

export interface PieceAnswer {
  readonly occurrence: number;
  readonly severity: string;
  readonly sha256: string;
  readonly body: Evidence;
}

/** What is frozen of a case, once nothing more is to come of it. */
export async function frozen(rooms: TestRooms, breachId: string): Promise<PieceAnswer[]> {
  for (let tries = 0; tries < 400; tries += 1) {
    const { body } = await rooms.call('ops', 'GET', `/v1/breaches/${breachId}/evidence`);
    if (!body.pending) return body.items as PieceAnswer[];
    await sleep(50);
  }
  throw new Error('the evidence is not frozen');
}

export async function send(rooms: TestRooms, calls: readonly ApiCallEvent[], size = 500): Promise<void> {
  await rooms.producer.append(recordsOf(calls, size));
  await judged(rooms);
}

export async function sendSms(rooms: TestRooms, sms: readonly SmsSentEvent[], size = 500): Promise<void> {
  await rooms.producer.append(smsRecordsOf(sms, size));
  await judged(rooms);
}

/** By rule. */
export async function casesOf(rooms: TestRooms, integrationId: string): Promise<BreachAnswer[]> {
  const { body } = await rooms.call('ops', 'GET', `/v1/breaches?integrationId=${integrationId}`);
  return (body.items as BreachAnswer[]).sort((left, right) => left.ruleId.localeCompare(right.ruleId));
}

/** So many calls in a minute, spread over it, of something that is no list. */
export function callsInMinute(integrationId: string, minute: string, count: number): ApiCallEvent[] {
  const start = Date.parse(minute);
  return Array.from({ length: count }, (_, index) =>
    callAt(new Date(start + Math.floor((index * 59_999) / Math.max(1, count - 1))).toISOString(), {
      integrationId,
      operation: 'item',
      route: '/v1/{organizationId}/contacts/{id}',
    }),
  );
}

/** Five minutes with so many calls each: at 50 and more a breach of RATE_MINUTE. */
export function fiveMinutes(integrationId: string, from: string, count: number): ApiCallEvent[] {
  return [0, 1, 2, 3, 4].flatMap((minute) =>
    callsInMinute(integrationId, new Date(Date.parse(from) + minute * 60_000).toISOString(), count),
  );
}

/** The fact that says who owns an integration since when, and since when it is active, as it arrives in the log. */
export function ownedBy(
  integrationId: string,
  ownership: readonly { readonly partnerId: string; readonly from: string }[],
  activeFrom = '2026-01-01T00:00:00Z',
): NewRecord {
  return {
    topic: TOPICS.partners.name,
    partition: 0,
    key: `integration|${integrationId}`,
    headers: { 'content-type': 'application/cloudevents+json' },
    value: encode({
      specversion: '1.0',
      id: `${integrationId}/1`,
      source: '/taxameter/partners',
      type: 'dk.dinero.partners.integration_changed.v1',
      time: NOW,
      data: {
        integrationId,
        version: 1,
        name: integrationId,
        kind: 'public',
        ownership,
        status: [{ status: 'active', from: activeFrom, reason: null }],
      },
    }),
  };
}
