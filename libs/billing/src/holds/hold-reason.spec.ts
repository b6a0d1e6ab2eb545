import { billingOutcome, holdReason, ownerAt } from './hold-reason.js';
import type { HoldContext } from './hold-reason.js';

const DEACTIVATED_AT = '2026-08-01T12:00:00.000Z';
const CONTEXT: HoldContext = {
  allowedCountries: ['DK'],
  statusHistory: [
    { status: 'active', from: '2026-01-01T00:00:00Z', reason: null },
    { status: 'deactivated', from: DEACTIVATED_AT, reason: 'misuse' },
    { status: 'active', from: '2026-09-01T00:00:00Z', reason: null },
  ],
  ownership: [
    { partnerId: 'par_1', from: '2026-01-01T00:00:00Z' },
    { partnerId: 'par_2', from: '2026-09-15T00:00:00Z' },
  ],
};
const sms = (sentAt: string, recipientCountry = 'DK') => ({ sentAt: new Date(sentAt), recipientCountry });

describe('holding an SMS', () => {
  it('bills an SMS to Denmark from an active integration', () => {
    expect(holdReason(sms('2026-07-01T00:00:00Z'), CONTEXT)).toBeNull();
  });

  it.each(['SE', 'FO', 'GL'])('holds an SMS to %s', (country) => {
    expect(holdReason(sms('2026-07-01T00:00:00Z', country), CONTEXT)).toBe('foreign_number');
  });

  it('bills an SMS to the Faroe Islands once they are allowed', () => {
    const context = { ...CONTEXT, allowedCountries: ['DK', 'FO'] };
    expect(holdReason(sms('2026-07-01T00:00:00Z', 'FO'), context)).toBeNull();
  });

  it('bills what was sent before a deactivation and holds from its instant on', () => {
    expect(holdReason(sms('2026-08-01T11:59:59.999Z'), CONTEXT)).toBeNull();
    expect(holdReason(sms(DEACTIVATED_AT), CONTEXT)).toBe('integration_deactivated');
  });

  it('bills again after reinstatement', () => {
    expect(holdReason(sms('2026-09-01T00:00:00Z'), CONTEXT)).toBeNull();
  });

  it('does not depend on the order of the history', () => {
    const context = { ...CONTEXT, statusHistory: CONTEXT.statusHistory.toReversed() };
    expect(holdReason(sms('2026-09-02T00:00:00Z'), context)).toBeNull();
    expect(holdReason(sms('2026-08-02T00:00:00Z'), context)).toBe('integration_deactivated');
  });

  it('holds an SMS whose owner is unknown at the sent time, before any other reason', () => {
    expect(holdReason(sms('2025-12-31T00:00:00Z', 'SE'), CONTEXT)).toBe('unknown_owner');
  });

  it('knows the owner by the sent time', () => {
    expect(ownerAt(CONTEXT.ownership, new Date('2026-09-14T23:59:59.999Z'))).toBe('par_1');
    expect(ownerAt(CONTEXT.ownership, new Date('2026-09-15T00:00:00.000Z'))).toBe('par_2');
    expect(ownerAt([], new Date('2026-09-15T00:00:00.000Z'))).toBeNull();
  });
});

describe('the outcome of an SMS', () => {
  it('counts a test SMS apart, also a foreign one', () => {
    const judged = billingOutcome({ ...sms('2026-07-01T00:00:00Z', 'SE'), testMode: true }, CONTEXT);
    expect(judged).toEqual({ outcome: 'test', reason: 'test_mode', partnerId: 'par_1' });
  });

  it('names the partner who pays', () => {
    const judged = billingOutcome({ ...sms('2026-09-20T00:00:00Z'), testMode: false }, CONTEXT);
    expect(judged).toEqual({ outcome: 'billed', reason: null, partnerId: 'par_2' });
  });

  it('holds an SMS that nobody is known to own', () => {
    const judged = billingOutcome({ ...sms('2025-01-01T00:00:00Z'), testMode: false }, CONTEXT);
    expect(judged).toEqual({ outcome: 'held', reason: 'unknown_owner', partnerId: null });
  });
});
