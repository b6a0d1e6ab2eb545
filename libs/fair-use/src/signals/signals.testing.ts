import type { ApiCall, ApiCallEvent } from '@taxameter/contracts';

/** Calls for the specs of this library: one plain list call, of which a test names only what it is about. */

export const CONTACTS = '/v1/{organizationId}/contacts';

let sequence = 0;

export function callAt(time: string, overrides: Partial<ApiCall> = {}): ApiCallEvent {
  sequence += 1;
  return {
    specversion: '1.0',
    id: `call-${sequence}`,
    source: '/gateway/test',
    type: 'dk.dinero.usage.api_call.v1',
    time,
    data: {
      integrationId: 'isv_eksempel',
      organizationId: '148383',
      method: 'GET',
      route: CONTACTS,
      operation: 'list',
      status: 200,
      durationMs: 84,
      enforced: 'none',
      query: { page: 0 },
      ...overrides,
    },
  };
}
