import { z } from 'zod';
import { defineEvent } from '../cloud-event.js';
import { count, identifier } from '../text.js';

/** Days that a profile looks back over. */
export const PROFILE_DAYS = 14;

/** Agreements that a profile names: those with the most calls. */
export const PROFILE_AGREEMENTS = 20;

const callsPerDay = count.describe('mean of the days with calls');
const callsPerBusyMinute = count.describe('median of the minutes with calls');

/** What is normal for an integration, so that a person who restricts it sees what that would do. */
export const usageProfiled = defineEvent({
  type: 'dk.dinero.fairuse.usage_profiled.v1',
  title: 'Usage profiled',
  description:
    'Normal use of an integration over the last 14 days (UTC), once a day. Counted as the rules count: without 5xx answers and ' +
    'without what a restriction answered.',
  data: z.object({
    integrationId: identifier(100),
    version: z.int().min(1).describe('the last day of the profile, in days since 1970'),
    day: z.iso.date().describe('the last day of the profile'),
    daysWithCalls: z.int().min(1).max(PROFILE_DAYS),
    callsPerDay,
    callsPerBusyMinute,
    agreementCount: count.describe('agreements with calls'),
    callsPerBusyMinuteOfAgreement: count.describe('the same median, each agreement by itself'),
    agreements: z
      .array(z.object({ organizationId: identifier(64), callsPerDay, callsPerBusyMinute }))
      .max(PROFILE_AGREEMENTS)
      .describe('those with the most calls, most first'),
  }),
});

export type UsageProfiledEvent = z.input<typeof usageProfiled.schema>;
export type UsageProfile = UsageProfiledEvent['data'];
