import {
  TOPICS,
  type ApiCallEvent,
  type IntegrationChangedEvent,
  type SmsSentEvent,
} from '@taxameter/contracts';
import { partitionForKey, type NewRecord } from '@taxameter/platform';

/** Events and records as the specs of this room need them. */

export { sampleApiCall as call, sampleSms as sms } from '@taxameter/contracts/testing';

export function owned(
  integrationId: string,
  version: number,
  ownership: IntegrationChangedEvent['data']['ownership'],
): IntegrationChangedEvent {
  return {
    specversion: '1.0',
    id: `${integrationId}/${version}`,
    source: '/taxameter/partners',
    type: 'dk.dinero.partners.integration_changed.v1',
    time: '2026-07-01T00:00:00Z',
    data: {
      integrationId,
      version,
      name: integrationId,
      kind: 'public',
      ownership,
      status: [{ status: 'active', from: '2026-01-01T00:00:00Z', reason: null }],
    },
  };
}

export type AnyEvent = ApiCallEvent | SmsSentEvent | IntegrationChangedEvent;

/** One record for each event, on the partition that its key decides. */
export function recordOf(event: AnyEvent): NewRecord {
  const { topic, key } = placeOf(event);
  return {
    topic: topic.name,
    partition: partitionForKey(key, topic.partitions),
    key,
    headers: { 'content-type': 'application/cloudevents+json' },
    value: new TextEncoder().encode(JSON.stringify(event)),
  };
}

function placeOf(event: AnyEvent) {
  switch (event.type) {
    case 'dk.dinero.usage.api_call.v1':
      return {
        topic: TOPICS.apiCalls,
        key: `${event.data.integrationId}|${event.data.organizationId ?? ''}`,
      };
    case 'dk.dinero.usage.sms_sent.v1':
      return { topic: TOPICS.smsSent, key: event.data.messageId };
    case 'dk.dinero.partners.integration_changed.v1':
      return { topic: TOPICS.partners, key: `integration|${event.data.integrationId}` };
  }
}
