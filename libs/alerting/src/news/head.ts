import { fields, SEVERITIES } from '@taxameter/contracts';
import { z } from 'zod';

/** One piece of news in a line, for lists. */
export const headSchema = z.object({
  sequence: z.number(),
  alertId: z.string(),
  type: z.string().describe('as in the webhook'),
  timestamp: fields.instant,
  severity: z.enum(SEVERITIES),
  integrationId: z.string(),
  summary: z.string().describe('in the language of the subscription'),
  link: z.string(),
});
export type Head = z.output<typeof headSchema>;
