import type { ApiCall, ApiCallEvent } from '../events/api-call.js';
import type { SmsSent, SmsSentEvent } from '../events/sms-sent.js';

/** Events as the API platform sends them, for specs of every room: valid, and small enough to read in a failure. */

/** A list call answered with 200, by `isv_a` on agreement `1`. */
export function sampleApiCall(id: string, time: string, data: Partial<ApiCall> = {}): ApiCallEvent {
  return {
    specversion: '1.0',
    id,
    source: '/gateway/test',
    type: 'dk.dinero.usage.api_call.v1',
    time,
    data: {
      integrationId: 'isv_a',
      organizationId: '1',
      method: 'GET',
      route: '/v1/{organizationId}/contacts',
      operation: 'list',
      status: 200,
      durationMs: 10,
      ...data,
    },
  };
}

/** A Danish SMS of one segment, by `isv_a` on agreement `1`. */
export function sampleSms(messageId: string, time: string, data: Partial<SmsSent> = {}): SmsSentEvent {
  return {
    specversion: '1.0',
    id: messageId,
    source: '/sms-service/a',
    type: 'dk.dinero.usage.sms_sent.v1',
    time,
    data: {
      messageId,
      integrationId: 'isv_a',
      organizationId: '1',
      channel: 'send_sms',
      recipientCountry: 'DK',
      recipientHash: 'a'.repeat(64),
      recipientMasked: '+45 20 ** ** 56',
      encoding: 'GSM7',
      characters: 20,
      segments: 1,
      status: 'sent',
      testMode: false,
      ...data,
    },
  };
}
