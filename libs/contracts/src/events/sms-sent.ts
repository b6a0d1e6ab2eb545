import { z } from 'zod';
import { defineEvent } from '../cloud-event.js';
import { country, hash, identifier, text } from '../text.js';

/** One SMS that the carrier accepted. `time` is when it was sent: it decides the quarter and the price. */
export const smsSent = defineEvent({
  type: 'dk.dinero.usage.sms_sent.v1',
  title: 'SMS sent',
  description:
    'One SMS accepted by the carrier. No text, no name, no number and no price: the price comes from the price list by date.',
  data: z.object({
    messageId: identifier(128).describe('business key, unique over all sources for ever'),
    integrationId: identifier(100),
    organizationId: identifier(64).nullable(),
    channel: z.enum(['send_sms', 'mailout_v2']),
    voucherGuid: z.guid().nullable().optional(),
    isReminder: z.boolean().optional(),
    recipientCountry: country,
    recipientHash: hash(64),
    recipientMasked: text(32),
    encoding: z.enum(['GSM7', 'UCS2']),
    characters: z.int().min(1).max(10_000),
    segments: z.int().min(1).max(100),
    status: z.literal('sent'),
    testMode: z.boolean(),
  }),
});

export type SmsSentEvent = z.input<typeof smsSent.schema>;
export type SmsSent = SmsSentEvent['data'];
