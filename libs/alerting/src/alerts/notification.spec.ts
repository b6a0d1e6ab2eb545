import { breachOpened, type Breach } from '@taxameter/contracts';
import { breachNotification, MAX_PAYLOAD_BYTES, payloadOf, sampleBreach } from './notification.js';

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
const read = (text: string) =>
  JSON.parse(text) as { type: string; timestamp: string; data: Record<string, unknown> };

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

  it.each([
    ['cleared', 'da', 'Det er ovre: isv_a bryder ikke længere reglen RATE_MINUTE'],
    ['cleared', 'en', 'It is over: isv_a no longer breaks the rule RATE_MINUTE'],
    ['manual', 'da', 'Et menneske har afsluttet sagen om, at isv_a brød reglen RATE_MINUTE'],
    ['manual', 'en', 'A person has settled the case that isv_a broke the rule RATE_MINUTE'],
  ] as const)('says why a breach is over (%s, %s)', (resolvedReason, language, summary) => {
    const over = { ...breach, state: 'resolved', resolvedReason } as const;
    const told = read(
      payloadOf({ ...notification, type: 'fairuse.breach.resolved', breach: over }, language),
    );
    expect(told.data).toMatchObject({ summary, state: 'resolved', resolution: resolvedReason });
  });

  it('says of a breach that comes and goes that it does', () => {
    const told = read(payloadOf({ ...notification, breach: { ...breach, flapping: true } }, 'da'));
    expect(told.data).toMatchObject({ flapping: true, summary: expect.stringContaining('kommer og går') });
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
