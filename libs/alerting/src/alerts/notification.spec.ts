import { breachOpened, type Breach } from '@taxameter/contracts';
import {
  breachNotification,
  isWanted,
  MAX_PAYLOAD_BYTES,
  payloadOf,
  sampleBreach,
  type Wish,
} from './notification.js';

const breach: Breach = {
  ...sampleBreach('error', new Date('2026-10-05T08:00:00Z')),
  breachId: 'br_1',
  scope: { integrationId: 'isv_a', organizationId: '42', route: null },
  observed: {
    value: 1234.5,
    unit: 'calls per minute',
    windowStart: '2026-10-05T07:45:00Z',
    windowEnd: '2026-10-05T08:00:00Z',
  },
};
const everything: Wish = { kinds: ['breach'], minSeverity: 'info', rules: null, integrationIds: null };
const read = (text: string) =>
  JSON.parse(text) as { type: string; timestamp: string; data: Record<string, unknown> };

describe('who hears of a breach', () => {
  it.each([
    ['everything', {}, true],
    ['its severity', { minSeverity: 'error' }, true],
    ['a higher severity', { minSeverity: 'critical' }, false],
    ['its rule', { rules: ['RATE_MINUTE', 'OTHER'] }, true],
    ['another rule', { rules: ['OTHER'] }, false],
    ['no rule at all', { rules: [] }, false],
    ['its integration', { integrationIds: ['isv_a'] }, true],
    ['another integration', { integrationIds: ['isv_b'] }, false],
    ['leaks alone', { kinds: ['leak'] }, false],
    ['its rule of another integration', { rules: ['RATE_MINUTE'], integrationIds: ['isv_b'] }, false],
  ] as const)('who wants %s: %j → %s', (_title, wish, expected) => {
    expect(isWanted({ ...everything, ...wish }, breach)).toBe(expected);
  });
});

describe('what they are told', () => {
  const notification = {
    type: 'fairuse.breach.opened',
    time: '2026-10-05T10:00:00+02:00',
    alertId: 'alr_1',
    breach,
  } as const;

  it('gives type, instant and the figures of the fact', () => {
    const { type, timestamp, data } = read(payloadOf(notification, 'da'));
    expect([type, timestamp]).toEqual(['fairuse.breach.opened', '2026-10-05T08:00:00.000Z']);
    expect(data).toMatchObject({
      breachId: 'br_1',
      integrationId: 'isv_a',
      organizationId: '42',
      route: null,
      threshold: 70,
      link: '/v1/alerts/alr_1',
    });
    expect(Object.keys(data['guidance'] as object)).toEqual(['da', 'en']);
    expect(data).not.toHaveProperty('evidence');
  });

  it('is what the documents say', () => {
    const told = JSON.parse(payloadOf(notification, 'da')) as unknown;
    expect(breachNotification.parse(told)).toEqual(told);
  });

  it('speaks the language of the subscription', () => {
    expect(read(payloadOf(notification, 'da')).data['summary']).toBe(
      'Alvorligt: isv_a bryder reglen RATE_MINUTE (målt 1.234,5, grænse 70)',
    );
    expect(read(payloadOf({ ...notification, type: 'fairuse.breach.escalated' }, 'en')).data['summary']).toBe(
      'Serious: isv_a now breaks the rule RATE_MINUTE more severely (measured 1,234.5, limit 70)',
    );
  });

  it('stays below 20 kB for the largest breach that the contract allows', () => {
    const worst: Breach = {
      ...breach,
      breachId: '"'.repeat(64),
      ruleId: '"'.repeat(64),
      scope: { integrationId: '"'.repeat(100), organizationId: '"'.repeat(64), route: '漢'.repeat(300) },
      observed: { ...breach.observed, unit: '漢'.repeat(40) },
      guidance: { da: '漢'.repeat(2_000), en: '漢'.repeat(2_000) },
    };
    expect(breachOpened.schema.shape.data.safeParse(worst).success).toBe(true);
    const bytes = new TextEncoder().encode(payloadOf({ ...notification, breach: worst }, 'da')).length;
    expect(bytes).toBeLessThan(MAX_PAYLOAD_BYTES);
  });

  it('invents a test breach that keeps the contract', () => {
    expect(breachOpened.schema.shape.data.safeParse(sampleBreach('warning', new Date(0))).success).toBe(true);
  });
});
