/**
 * What the body of every command on master data may carry besides its own fields, and what every answer adds.
 */
import { fields } from '@taxameter/contracts';
import { z } from 'zod';

export const commandFields = {
  version: z
    .int()
    .min(0)
    .optional()
    .describe('the version you saw, 0 for "there is none yet"; 409 when it is another by now'),
  reason: fields.text(500).optional().describe('for the audit'),
};

export interface CommandFields {
  readonly version?: number | undefined;
  readonly reason?: string | undefined;
}

export const warning = z.object({ field: z.string(), code: z.string(), detail: z.string() });
export type Warning = z.output<typeof warning>;

export const commandAnswer = {
  changed: z.boolean().describe('false: it already was so, and the version is the old one'),
  warnings: z.array(warning),
};
