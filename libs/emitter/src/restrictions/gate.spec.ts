import { restriction, statusOf } from '../emitter.testing.js';
import type { Restriction } from './decide.js';
import { FREE, Gate } from './gate.service.js';

const NOW = Date.parse('2026-10-05T08:00:10.000Z');
const SETTINGS = {
  url: 'https://taxameter.example',
  throttleShare: 1,
  smsRoutes: ['/v1/{organizationId}/sms/{voucherGuid}/send-sms'],
};
const CALL = {
  integrationId: 'isv_a',
  organizationId: '1',
  method: 'GET',
  route: '/v1/{organizationId}/contacts',
  path: '/v1/1/contacts',
};
const gate = (restrictions: Restriction[], settings = {}) =>
  new Gate({ statusOf: () => statusOf(restrictions) }, { ...SETTINGS, ...settings });

describe('the gate', () => {
  it('adds nothing to a call that nothing restricts', () => {
    expect(gate([]).judge(CALL, undefined, NOW)).toBe(FREE);
    expect(new Gate(null, SETTINGS).judge(CALL, undefined, NOW)).toBe(FREE);
  });

  it('tells on every answer of a throttled pair what is left', () => {
    const { headers, refusal, enforced } = gate([
      restriction({ mode: 'throttle', limitPerMinute: 10 }),
    ]).judge(CALL, undefined, NOW);
    expect(headers).toEqual({ 'ratelimit-policy': '"rst_1";q=10;w=60', ratelimit: '"rst_1";r=9;t=50' });
    expect([refusal, enforced]).toEqual([null, 'none']);
  });

  it('answers 429 with Retry-After and the reason when the throttle is used up', () => {
    const one = gate([restriction({ mode: 'throttle', limitPerMinute: 1 })]);
    one.judge(CALL, undefined, NOW);
    const { headers, refusal, enforced } = one.judge(CALL, 'en-GB', NOW);
    expect(headers).toMatchObject({
      'retry-after': '50',
      ratelimit: '"rst_1";r=0;t=50',
      'content-type': 'application/problem+json',
    });
    expect(refusal).toMatchObject({
      status: 429,
      body: {
        type: 'urn:taxameter:problem:integration-throttled',
        status: 429,
        detail: 'Your integration may make 1 calls a minute. Wait 50 seconds. Too many calls.',
      },
    });
    expect([enforced, one.enforced]).toEqual(['throttle', { throttle: 1, block: 0 }]);
  });

  it('answers 403 with reason, clause and link when it blocks, in Danish unless English is asked for', () => {
    const body = (language?: string, settings = {}) =>
      gate([restriction()], settings).judge(CALL, language, NOW).refusal!.body;
    expect(body()).toMatchObject({
      type: 'urn:taxameter:problem:integration-blocked',
      status: 403,
      detail: 'For mange kald.',
      restrictionId: 'rst_1',
      reasonCode: 'load',
      clause: 'Fair use',
      until: null,
      link: 'https://taxameter.example/v1/restrictions/rst_1',
    });
    expect(body('en, da;q=0.5')['detail']).toBe('Too many calls.');
    const partnerLink = 'https://dinero.example/partner/{integrationId}#{restrictionId}';
    expect(body(undefined, { partnerLink })['link']).toBe('https://dinero.example/partner/isv_a#rst_1');
  });

  it('knows an SMS by its route, and by the word of who asks', () => {
    const one = gate([restriction({ capability: 'sms' })]);
    const enforced = (more: object) => one.judge({ ...CALL, ...more }, undefined, NOW).enforced;
    expect(enforced({})).toBe('none');
    expect(enforced({ isSms: true })).toBe('block');
    expect(enforced({ method: 'POST', route: '/v1/{id}/sms/{guid}/send-sms' })).toBe('block');
    expect(enforced({ route: null, path: '/v1/1/sms/3fa85f64-5717-4562-b3fc-2c963f66afa6/send-sms' })).toBe(
      'block',
    );
  });
});
