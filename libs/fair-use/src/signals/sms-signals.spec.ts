import { sampleSms } from '@taxameter/contracts/testing';
import { defaultPolicy } from '../policy/default-policy.js';
import { COUNTED_SET_LIMIT } from './measure.js';
import { minuteOf } from './minute.js';
import { smsSignalsOf } from './sms-signals.js';
import { mergeSignals, SIGNAL_TABLE_NAMES } from './tables.js';
import { minutesTouched } from './touched.js';

const VOUCHER = '1bae9d36-27fd-46f8-a9d4-a63ebd3ca953';
const OTHER = '2cae9d36-27fd-46f8-a9d4-a63ebd3ca953';
const AT = '2026-09-30T12:00:10Z';
const sms = (index: number, data: Parameters<typeof sampleSms>[2] = {}, time = AT) =>
  sampleSms(`m${index}`, time, { voucherGuid: VOUCHER, ...data });
const signals = (...events: ReturnType<typeof sms>[]) => smsSignalsOf(events, defaultPolicy);
const rowsOf = (found: ReturnType<typeof signals>) => ({
  minutes: [...found.smsMinutes.values()],
  hours: [...found.smsHours.values()],
});

describe('signals of SMS', () => {
  it('count an SMS in its minute and in its hour, which is named by its last minute', () => {
    const { minutes, hours } = rowsOf(signals(sms(1), sms(2, {}, '2026-09-30T12:59:59.999Z')));
    expect(minutes.map(({ minute, sms: count }) => [minute, count])).toEqual([
      [minuteOf('2026-09-30T12:00:00Z'), 1],
      [minuteOf('2026-09-30T12:59:00Z'), 1],
    ]);
    expect(hours).toEqual([
      {
        integrationId: 'isv_a',
        agreementId: '1',
        minute: minuteOf('2026-09-30T12:59:00Z'),
        sms: 2,
        foreignSms: 0,
      },
    ]);
  });

  it('leave out messages in test mode and those of nobody', () => {
    const { minutes, hours } = rowsOf(
      signals(sms(1, { testMode: true }), sms(2, { integrationId: 'unknown' })),
    );
    expect([...minutes, ...hours]).toEqual([]);
  });

  it('count as foreign what the policy does not allow', () => {
    const countries = ['DK', 'SE', 'FO', 'GL', 'DK'];
    const all = countries.map((recipientCountry, index) => sms(index, { recipientCountry }));
    expect(rowsOf(signals(...all)).hours[0]).toMatchObject({ sms: 5, foreignSms: 3 });
    const wide = { ...defaultPolicy, allowedSmsCountries: ['DK', 'FO', 'GL'] };
    expect(rowsOf(smsSignalsOf(all, wide)).hours[0]).toMatchObject({ sms: 5, foreignSms: 1 });
  });

  it('tell a repeat by recipient and voucher together, however the voucher is written', () => {
    const recipientHash = 'b'.repeat(64);
    const { minutes } = rowsOf(
      signals(
        sms(1),
        sms(2, { voucherGuid: VOUCHER.toUpperCase() }),
        sms(3, { recipientHash }),
        sms(4, { voucherGuid: OTHER }),
        sms(5, { voucherGuid: null }),
        sms(6, { voucherGuid: null }),
      ),
    );
    expect(minutes[0]!.sms).toBe(6);
    expect(Object.values(minutes[0]!.sendings).sort()).toEqual([1, 1, 2]);
  });

  it('are the same of all events together as of their parts, also where more are sent than are kept', () => {
    const all = Array.from({ length: 3 * COUNTED_SET_LIMIT }, (_, index) =>
      sms(index, { recipientHash: String(1_000 + ((index * 7919) % 200)).padEnd(64, 'f') }),
    );
    const whole = signals(...all);
    const parts = mergeSignals(signals(...all.slice(150)), signals(...all.slice(0, 150)));
    for (const name of SIGNAL_TABLE_NAMES) expect([...parts[name]]).toEqual([...whole[name]]);
    expect(Object.keys([...whole.smsMinutes.values()][0]!.sendings)).toHaveLength(COUNTED_SET_LIMIT);
  });

  it('touch the minutes in which something was sent', () => {
    const touched = minutesTouched(
      signals(sms(1), sms(2, { organizationId: null, voucherGuid: null }), sms(3)),
    );
    expect(touched.map(({ agreementId, minute }) => [agreementId, minute])).toEqual([
      ['', minuteOf(AT)],
      ['1', minuteOf(AT)],
    ]);
  });
});
