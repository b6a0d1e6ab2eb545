/**
 * A running billing room for specs, and the few events and facts that they feed it.
 */
import { TOPICS, agreementChanged, integrationChanged, partnerChanged } from '@taxameter/contracts';
import type { Agreement, Integration, Partner, SmsSent, Topic } from '@taxameter/contracts';
import { STRUCTURED_CONTENT_TYPE, partitionForKey } from '@taxameter/platform';
import { sampleSms } from '@taxameter/contracts/testing';
import type { NewRecord, Room } from '@taxameter/platform';
import type { TestRooms } from '@taxameter/platform/testing';
import { BillingModule, billingMigrations } from '../billing.module.js';

export const BILLING_ROOM: Room = {
  name: 'billing',
  module: BillingModule,
  schema: { migrations: billingMigrations },
};

export const ADDRESS = { street: 'Åboulevarden 2', postalCode: '8000', city: 'Aarhus C', country: 'DK' };

function record(topic: Topic, key: string, type: string, event: Record<string, unknown>): NewRecord {
  const value = { specversion: '1.0', id: key, source: '/test', type, ...event };
  return {
    topic: topic.name,
    partition: partitionForKey(key, topic.partitions),
    key,
    headers: { 'content-type': STRUCTURED_CONTENT_TYPE },
    value: new TextEncoder().encode(JSON.stringify(value)),
  };
}

export function smsRecord(
  messageId: string,
  time: string,
  data: Partial<SmsSent> = {},
  source = '/sms-service/a',
): NewRecord {
  const event = { ...sampleSms(messageId, time, { organizationId: '148383', ...data }), source };
  return record(TOPICS.smsSent, messageId, event.type, event);
}

/** `count` SMS `prefix`0, `prefix`1 … one second apart. */
export function manySms(
  prefix: string,
  count: number,
  from: string,
  data: Partial<SmsSent> = {},
): NewRecord[] {
  return Array.from({ length: count }, (_, index) =>
    smsRecord(`${prefix}${index}`, new Date(Date.parse(from) + index * 1000).toISOString(), data),
  );
}

export function partnerRecord(partnerId: string, data: Partial<Partner> = {}): NewRecord {
  const state = {
    partnerId,
    version: 1,
    name: `Partner ${partnerId} A/S`,
    cvr: '34731543',
    vatNumber: null,
    address: ADDRESS,
    email: null,
    language: 'da',
    ...data,
  };
  return record(TOPICS.partners, `partner|${partnerId}`, partnerChanged.type, {
    id: `partner ${partnerId} ${state.version}`,
    time: '2026-06-01T00:00:00Z',
    data: state,
  });
}

export function integrationRecord(
  integrationId: string,
  partnerId: string,
  data: Partial<Integration> = {},
): NewRecord {
  const from = '2026-01-01T00:00:00Z';
  const state = {
    integrationId,
    version: 1,
    name: `Integration ${integrationId}`,
    kind: 'public',
    ownership: [{ partnerId, from }],
    status: [{ status: 'active', from, reason: null }],
    ...data,
  };
  return record(TOPICS.partners, `integration|${integrationId}`, integrationChanged.type, {
    id: `integration ${integrationId} ${state.version}`,
    time: '2026-06-01T00:00:00Z',
    data: state,
  });
}

export function agreementRecord(data: Agreement): NewRecord {
  const key = `agreement|${data.integrationId}|${data.organizationId}`;
  return record(TOPICS.partners, key, agreementChanged.type, { time: '2026-06-01T00:00:00Z', data });
}

export async function feed(rooms: TestRooms, records: readonly NewRecord[]): Promise<void> {
  await rooms.producer.append(records);
  await rooms.settle();
}

const WAIT_MS = 20_000;

/** The run once it is issued and every document is stored. */
export async function whenIssued(rooms: TestRooms, runId: string) {
  const deadline = Date.now() + WAIT_MS;
  while (Date.now() < deadline) {
    const { body } = await rooms.call('finance', 'GET', `/v1/billing/runs/${runId}`);
    const isDrawn = body.partners.every(
      (partner: { documents: string }) => partner.documents !== 'being_drawn',
    );
    if (String(body.status).startsWith('completed') && isDrawn) return body;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the run ${runId} is not issued after ${WAIT_MS} ms`);
}

/** Preview, approve, issue, documents. */
export async function runAndIssue(rooms: TestRooms, quarter: string) {
  const { body, status } = await rooms.call('finance', 'POST', '/v1/billing/runs', { body: { quarter } });
  if (status !== 200) throw new Error(JSON.stringify(body));
  await rooms.call('finance', 'POST', `/v1/billing/runs/${body.runId}/approve`);
  await rooms.call('finance', 'POST', `/v1/billing/runs/${body.runId}/issue`);
  return whenIssued(rooms, body.runId);
}
