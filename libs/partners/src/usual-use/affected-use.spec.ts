import type { UsageProfile } from '@taxameter/contracts';
import { useAffected } from './affected-use.js';

const profile: UsageProfile = {
  integrationId: 'isv_a',
  version: 20730,
  day: '2026-10-04',
  daysWithCalls: 14,
  callsPerDay: 9_000,
  callsPerBusyMinute: 62,
  agreementCount: 40,
  callsPerBusyMinuteOfAgreement: 3,
  agreements: [
    { organizationId: '1', callsPerDay: 4_000, callsPerBusyMinute: 30 },
    { organizationId: '2', callsPerDay: 1_000, callsPerBusyMinute: 7 },
  ],
};

describe('what a restriction would do', () => {
  it('to a whole integration is all its calls, and its throttle leaves half as much again', () => {
    expect(useAffected(profile, null)).toMatchObject({
      callsPerDay: 9_000,
      agreementsWithoutFigures: 0,
      suggestedLimitPerMinute: 95,
      rule: {
        da: 'Halvanden gange medianen af minutter med kald i de seneste 14 dage (62 kald), rundet op.',
      },
    });
  });

  it('to agreements is their calls, and the busiest of them decides the throttle of each', () => {
    expect(useAffected(profile, ['1', '2'])).toMatchObject({
      callsPerDay: 5_000,
      agreementsWithoutFigures: 0,
      suggestedLimitPerMinute: 45,
    });
    expect(useAffected(profile, ['2']).suggestedLimitPerMinute).toBe(11);
  });

  it('to agreements without figures says so, and goes by what an agreement usually has', () => {
    expect(useAffected(profile, ['8', '9'])).toMatchObject({
      callsPerDay: 0,
      agreementsWithoutFigures: 2,
      suggestedLimitPerMinute: 5,
    });
  });

  it('never suggests to let nothing through, and rounds to what people say', () => {
    const suggested = (callsPerBusyMinute: number) =>
      useAffected({ ...profile, callsPerBusyMinute }, null).suggestedLimitPerMinute;
    expect([0, 1, 13, 14, 66, 67].map(suggested)).toEqual([1, 2, 20, 25, 100, 110]);
  });
});
