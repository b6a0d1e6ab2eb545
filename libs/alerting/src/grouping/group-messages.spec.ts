import type { Breach } from '@taxameter/contracts';
import { MAX_PAYLOAD_BYTES, sampleBreach } from '../alerts/notification.js';
import type { BreachNews } from '../news/news.js';
import { groupNotification, groupPayload, stormNotification, stormPayload } from './group-messages.js';
import { MAX_NEWS } from './plan-messages.js';

const NOW = new Date('2026-10-05T08:00:00Z');
const news = (sequence: number, integrationId: string, more: Partial<Breach> = {}): BreachNews => ({
  kind: 'breach',
  news: 'opened',
  sequence,
  alertId: `alr_${'0'.repeat(32)}`,
  time: NOW,
  breach: {
    ...sampleBreach('error', NOW),
    scope: { integrationId, organizationId: String(sequence), route: null },
    ...more,
  },
});
const bytesOf = (text: string) => new TextEncoder().encode(text).length;
const subjectOf = (payload: string) => (JSON.parse(payload) as { subject: string }).subject;

describe('a message about several alerts', () => {
  const all = [news(1, 'isv_a'), news(2, 'isv_a', { ruleId: 'BURST' })];

  it('has each of them, and is what the documents say', () => {
    const told = JSON.parse(groupPayload('webhook', all, 'da', null)) as unknown;
    expect(groupNotification.parse(told)).toEqual(told);
    expect(told).toMatchObject({
      data: {
        summary: 'isv_a: 2 hændelser, 2 regler, 2 aftaler',
        alerts: [{ sequence: 1 }, { sequence: 2 }],
      },
    });
  });

  it('is one mail with a section for each', () => {
    const { subject, text } = JSON.parse(groupPayload('email', all, 'en', null)) as Record<string, string>;
    expect(subject).toBe('[Taxameter] isv_a: 2 events, 2 rules, 2 agreements');
    expect(text).toContain('Rule: RATE_MINUTE');
    expect(text).toContain('Rule: BURST');
  });

  it('stays below 20 kB for the longest names', () => {
    const worst = Array.from({ length: MAX_NEWS }, (_, index) =>
      news(index, '"'.repeat(100), { ruleId: '"'.repeat(64), flapping: true }),
    );
    expect(bytesOf(groupPayload('webhook', worst, 'da', null))).toBeLessThan(MAX_PAYLOAD_BYTES);
  });
});

describe('a message about a storm', () => {
  const storm = Array.from({ length: 300 }, (_, index) => news(index, `isv_${index}${'"'.repeat(90)}`));

  it('suspects ourselves, names some and counts all, and is what the documents say', () => {
    const payload = stormPayload('webhook', storm, 'da', null);
    const told = JSON.parse(payload) as { data: { guidance: { da: string } } };
    expect(stormNotification.parse(told)).toEqual(told);
    expect(told).toMatchObject({ data: { newsCount: 300, integrationCount: 300, severity: 'error' } });
    expect(told.data.guidance.da).toContain('snarere os selv');
    expect(bytesOf(payload)).toBeLessThan(MAX_PAYLOAD_BYTES);
  });

  it('that goes on with one more counts it in the singular', () => {
    expect(subjectOf(stormPayload('email', storm.slice(0, 1), 'da', null))).toContain(
      '1 hændelse, 1 integration',
    );
  });

  it('says so in the subject of a mail, in both languages', () => {
    expect(subjectOf(stormPayload('email', storm, 'da', null))).toBe(
      '[Taxameter] Mange integrationer på én gang, fejlen er måske vores egen: 300 hændelser, 300 integrationer',
    );
    expect(subjectOf(stormPayload('email', storm, 'en', null))).toContain('the fault may be our own');
  });
});
