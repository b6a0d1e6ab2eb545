import { MAX_RECORD_BYTES } from '@taxameter/platform';
import { acceptEvents } from './accept-events.js';
import { apiCallEvent, smsEvent } from './events.testing.js';

const NOW = new Date('2026-10-05T08:00:00Z');
const DAY_MS = 86_400_000;
const accept = (...values: unknown[]) => acceptEvents(values, NOW);
const at = (offsetMs: number) => new Date(NOW.getTime() + offsetMs).toISOString();

describe('acceptEvents', () => {
  it('keys an API call by integration and agreement and an SMS by its message id', () => {
    const { accepted, rejected } = accept(
      apiCallEvent('1'),
      apiCallEvent('2', { organizationId: null }),
      smsEvent('m_1'),
    );
    expect(rejected).toEqual([]);
    expect(accepted.map(({ topic, key }) => [topic.name, key])).toEqual([
      ['usage.api-calls.v1', 'isv_a|148383'],
      ['usage.api-calls.v1', 'isv_a|'],
      ['usage.sms-sent.v1', 'm_1'],
    ]);
  });

  it('keeps unknown fields and says how many bytes the event is in UTF-8', () => {
    const { accepted } = accept({ ...apiCallEvent('1'), trace: 'æøå😀' });
    expect(JSON.parse(accepted[0]!.json)).toMatchObject({ trace: 'æøå😀' });
    expect(accepted[0]!.bytes).toBe(new TextEncoder().encode(accepted[0]!.json).length);
    expect(accepted[0]!.bytes).toBeGreaterThan(accepted[0]!.json.length);
  });

  it('rejects a bad event by its place and field, and takes its neighbours', () => {
    const { accepted, rejected } = accept(
      apiCallEvent('1'),
      apiCallEvent('2', { status: '200' }),
      null,
      { ...apiCallEvent('4'), type: 'com.example.alien' },
      apiCallEvent('5'),
    );
    expect(accepted).toHaveLength(2);
    expect(rejected.map(({ index, field }) => [index, field])).toEqual([
      [1, 'data.status'],
      [2, ''],
      [3, 'type'],
    ]);
    expect(rejected.every(({ reason }) => reason.length > 5)).toBe(true);
  });

  it.each<[string, number, boolean]>([
    ['5 minutes ahead', 300_000, true],
    ['5 minutes and a millisecond ahead', 300_001, false],
    ['10 minutes ahead', 600_000, false],
    ['7 days old', -7 * DAY_MS, true],
    ['7 days and a millisecond old', -7 * DAY_MS - 1, false],
  ])('judges an API call that is %s', (_, offsetMs, taken) => {
    const { accepted, rejected } = accept({ ...apiCallEvent('1'), time: at(offsetMs) });
    expect([accepted.length, rejected.map(({ field }) => field)]).toEqual(taken ? [1, []] : [0, ['time']]);
  });

  it('takes an SMS that is 400 days old and no older one', () => {
    expect(accept({ ...smsEvent('m'), time: at(-400 * DAY_MS) }).accepted).toHaveLength(1);
    expect(accept({ ...smsEvent('m'), time: at(-400 * DAY_MS - 1) }).rejected).toMatchObject([
      { field: 'time' },
    ]);
  });

  it('lets no fact of our own rooms in, although it is valid', () => {
    const fact = {
      ...apiCallEvent('1'),
      type: 'dk.dinero.partners.agreement_changed.v1',
      data: { integrationId: 'isv_a', organizationId: '1', version: 1, name: null, status: 'active' },
    };
    expect(accept(fact)).toEqual({
      accepted: [],
      rejected: [
        { index: 0, field: 'type', reason: expect.stringMatching(/not a type that the door takes/) },
      ],
    });
  });

  it('rejects what no record of the log can hold, instead of asking to send it again for ever', () => {
    const fits = (bytes: number) => {
      const event = { ...apiCallEvent('1'), padding: '' };
      return { ...event, padding: 'x'.repeat(bytes - JSON.stringify(event).length) };
    };
    expect(accept(fits(MAX_RECORD_BYTES - 2)).accepted).toHaveLength(1);
    expect(accept(fits(MAX_RECORD_BYTES - 1)).rejected[0]!.reason).toMatch(/larger than/);
    const deep: unknown = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000));
    expect(accept({ ...apiCallEvent('1'), deep }).rejected[0]!.reason).toMatch(/nested too deeply/);
  });
});
