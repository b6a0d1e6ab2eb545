import { z } from 'zod';
import { parseOperations } from './routes/operation.js';
import { patternOf } from './calls/framework-route.js';

/** What an API team sets, with defaults and bounds. */

const MIB = 1024 * 1024;
const template = z
  .string()
  .refine((text) => patternOf(text) !== null, 'is not a route such as /v1/{organizationId}/sms');
const operation = z.string().refine(isOperation, 'is not such as "POST /v1/{organizationId}/sms=action"');
const address = z.url({ protocol: /^https?$/ });

const settings = z.strictObject({
  url: address.describe('base address of Taxameter'),
  token: z.string().min(1).describe('token with role ingest'),
  source: z
    .string()
    .min(1)
    .max(256)
    .describe('which gateway this is, such as /gateway/eu-1; part of the identity of events'),
  directory: z
    .string()
    .min(1)
    .describe('folder for events that wait and for the last state of the feed; on a disk that stays'),
  hashKey: z
    .string()
    .min(16)
    .describe('key of the hashes, the same in all processes; keep it secret and do not change it'),
  feed: z
    .strictObject({
      token: z.string().min(1).describe('token with role gateway'),
      gateway: z
        .string()
        .regex(/^[!-{}~]{1,64}$/)
        .describe('name of this process, the same after each start'),
      url: address.optional().describe('where it is not the address of Taxameter'),
      readyMs: z
        .int()
        .min(0)
        .max(30_000)
        .default(2_000)
        .describe('how long the start waits for the first answer'),
    })
    .nullable()
    .describe('the status feed; null: restrictions are not honoured here'),
  throttleShare: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('part of each limit that is this process’s: 0.25 where four serve the API'),
  operations: z.array(operation).max(1_000).default([]).describe('kinds of routes that are not guessed well'),
  smsRoutes: z
    .array(template)
    .max(100)
    .default(['/v1/{organizationId}/sms/{voucherGuid}/send-sms'])
    .describe('routes by which SMS are sent, for restrictions of SMS'),
  partnerLink: z
    .string()
    .max(500)
    .optional()
    .describe('where a partner reads more; {restrictionId} and {integrationId} are filled in'),
  flushMs: z
    .int()
    .min(10)
    .max(5_000)
    .default(250)
    .describe('how long a call waits in memory before it is written down'),
  sendMs: z.int().min(10).max(60_000).default(1_000).describe('pause between two rounds of sending'),
  memoryBytes: z
    .int()
    .min(MIB)
    .max(256 * MIB)
    .default(8 * MIB)
    .describe('calls beyond it are dropped and counted'),
  diskBytes: z
    .int()
    .min(MIB)
    .max(64 * 1024 * MIB)
    .default(512 * MIB)
    .describe('calls beyond it are dropped and counted; SMS have 16 MiB more'),
  closeMs: z
    .int()
    .min(0)
    .max(60_000)
    .default(5_000)
    .describe('how long close() sends before it leaves the rest on disk'),
});

export type EmitterSettings = z.input<typeof settings>;
export type Settings = z.output<typeof settings>;

/** @throws RangeError naming the setting and the rule */
export function readSettings(given: EmitterSettings): Settings {
  const read = settings.safeParse(given);
  if (read.success) return read.data;
  const issue = read.error.issues[0]!;
  throw new RangeError(`setting ${issue.path.join('.') || 'of the emitter'}: ${issue.message}`);
}

function isOperation(text: string): boolean {
  try {
    parseOperations([text]);
    return true;
  } catch {
    return false;
  }
}
