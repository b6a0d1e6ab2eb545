/** What a restriction would do to normal use, and which throttle leaves normal use alone. */
import { PROFILE_DAYS, type UsageProfile } from '@taxameter/contracts';
import { z } from 'zod';

export const affectedUse = z.object({
  day: z.iso.date().describe('the last day that the figures are from (UTC)'),
  callsPerDay: z.int().describe('calls that it would bind, mean of the days with calls; all kinds of call'),
  agreementsWithoutFigures: z
    .int()
    .describe('agreements named in the restriction that are not among the 20 with the most calls'),
  suggestedLimitPerMinute: z.int().describe('the throttle that leaves normal use alone'),
  rule: z.object({ da: z.string(), en: z.string() }).describe('how the suggestion was found'),
});

export type AffectedUse = z.output<typeof affectedUse>;

/** Room above what is usual: a client that works as ever must not feel a throttle meant for a loop. */
const ROOM = 1.5;

/** @param organizationIds the agreements it names; null: the whole integration */
export function useAffected(profile: UsageProfile, organizationIds: readonly string[] | null): AffectedUse {
  if (organizationIds === null) {
    return {
      day: profile.day,
      callsPerDay: profile.callsPerDay,
      agreementsWithoutFigures: 0,
      ...suggestion(profile.callsPerBusyMinute),
    };
  }
  const named = profile.agreements.filter(({ organizationId }) => organizationIds.includes(organizationId));
  const without = organizationIds.length - named.length;
  // Each agreement is throttled by itself, so the busiest decides.
  const medians = named.map(({ callsPerBusyMinute }) => callsPerBusyMinute);
  if (without > 0) medians.push(profile.callsPerBusyMinuteOfAgreement);
  return {
    day: profile.day,
    callsPerDay: named.reduce((sum, { callsPerDay }) => sum + callsPerDay, 0),
    agreementsWithoutFigures: without,
    ...suggestion(Math.max(...medians)),
  };
}

function suggestion(median: number): Pick<AffectedUse, 'suggestedLimitPerMinute' | 'rule'> {
  return {
    suggestedLimitPerMinute: rounded(median * ROOM),
    rule: {
      da: `Halvanden gange medianen af minutter med kald i de seneste ${PROFILE_DAYS} dage (${median} kald), rundet op.`,
      en: `One and a half times the median of the minutes with calls in the last ${PROFILE_DAYS} days (${median} calls), rounded up.`,
    },
  };
}

/** Up to a number that people say: below 20 to ones, below 100 to fives, else to tens. */
function rounded(calls: number): number {
  const step = calls <= 20 ? 1 : calls <= 100 ? 5 : 10;
  return Math.max(1, Math.ceil(calls / step) * step);
}
