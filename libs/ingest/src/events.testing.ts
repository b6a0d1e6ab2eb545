/** Events as the API platform sends them, for the specs of the door. */

export function apiCallEvent(id: string, data: object = {}) {
  return {
    specversion: '1.0',
    id,
    source: '/gateway/eu-1',
    type: 'dk.dinero.usage.api_call.v1',
    time: '2026-10-05T07:59:00Z',
    data: {
      integrationId: 'isv_a',
      organizationId: '148383',
      method: 'GET',
      route: '/v1/{organizationId}/contacts',
      operation: 'list',
      status: 200,
      durationMs: 84,
      ...data,
    },
  };
}

export function smsEvent(messageId: string, data: object = {}) {
  return {
    specversion: '1.0',
    id: messageId,
    source: '/sms-service/a',
    type: 'dk.dinero.usage.sms_sent.v1',
    time: '2026-10-05T07:59:00Z',
    data: {
      messageId,
      integrationId: 'isv_a',
      organizationId: '148383',
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
