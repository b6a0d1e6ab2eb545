import { smsSent } from '@taxameter/contracts';
import type { SmsSent, SmsSentEvent } from '@taxameter/contracts';

/** Turns an SMS that the carrier has accepted into an event of the contract: the number leaves hashed and masked. */

/** An SMS as the API knows it when the carrier has accepted it. */
export interface AcceptedSms {
  /** Your own key of the SMS, unique for ever; the same again counts once. Left out, one is made. */
  readonly messageId?: string;
  readonly integrationId: string;
  readonly organizationId: string | null;
  readonly channel: SmsSent['channel'];
  /** E.164, `+4520123456`. It is not kept. */
  readonly recipient: string;
  /** ISO 3166-1 alpha-2; may be left out for Denmark, the Faroe Islands and Greenland. */
  readonly recipientCountry?: string;
  readonly encoding: SmsSent['encoding'];
  readonly characters: number;
  /** As the carrier counts them. */
  readonly segments: number;
  readonly voucherGuid?: string | null;
  readonly isReminder?: boolean;
  readonly testMode?: boolean;
  /** When it was sent: it decides quarter and price. Left out, now. */
  readonly sentAt?: Date;
}

/** An SMS that breaks the contract; nothing is stored of it. */
export class SmsRefused extends Error {
  override readonly name = 'SmsRefused';
  constructor(
    readonly field: string,
    reason: string,
  ) {
    super(`${field} ${reason}`);
  }
}

const COUNTRIES: readonly (readonly [string, string])[] = [
  ['+45', 'DK'],
  ['+298', 'FO'],
  ['+299', 'GL'],
];

/** Fields of the event that are ours under another name. */
const FIELDS: Readonly<Record<string, string>> = { id: 'messageId', time: 'sentAt', source: 'source' };

/** @throws SmsRefused naming the field */
export function describeSms(
  sms: AcceptedSms,
  around: {
    readonly source: string;
    readonly newMessageId: string;
    readonly now: Date;
    readonly hash: (purpose: string, value: string, length: number) => string;
  },
): SmsSentEvent {
  const recipient = sms.recipient.replace(/[\s().-]/g, '');
  if (!/^\+[1-9]\d{6,14}$/.test(recipient)) {
    throw new SmsRefused('recipient', 'is not a number in E.164, such as +4520123456');
  }
  const recipientCountry =
    sms.recipientCountry ?? COUNTRIES.find(([prefix]) => recipient.startsWith(prefix))?.[1];
  if (recipientCountry === undefined) {
    throw new SmsRefused('recipientCountry', 'is needed: the number is of none of DK, FO, GL');
  }
  const messageId = sms.messageId ?? around.newMessageId;
  const event: SmsSentEvent = {
    specversion: '1.0',
    type: smsSent.type,
    source: around.source,
    id: messageId,
    time: (sms.sentAt ?? around.now).toISOString(),
    data: {
      messageId,
      integrationId: sms.integrationId,
      organizationId: sms.organizationId,
      channel: sms.channel,
      ...(sms.voucherGuid !== undefined && { voucherGuid: sms.voucherGuid }),
      ...(sms.isReminder !== undefined && { isReminder: sms.isReminder }),
      recipientCountry,
      recipientHash: around.hash('recipient', recipient, 64),
      recipientMasked: masked(recipient),
      encoding: sms.encoding,
      characters: sms.characters,
      segments: sms.segments,
      status: 'sent',
      testMode: sms.testMode ?? false,
    },
  };
  const issue = smsSent.schema.safeParse(event).error?.issues[0];
  if (issue)
    throw new SmsRefused(FIELDS[issue.path[0] as string] ?? String(issue.path.at(-1)), issue.message);
  return event;
}

/** The first two and the last two digits of the number stay: `+45 20 ** ** 56`. */
function masked(recipient: string): string {
  const prefix = COUNTRIES.find(([prefix]) => recipient.startsWith(prefix))?.[0] ?? recipient.slice(0, 3);
  const digits = recipient.slice(prefix.length);
  const shown = digits.replace(
    /^(..)(.*)(..)$/,
    (_all, head: string, middle: string, tail: string) => `${head}${'*'.repeat(middle.length)}${tail}`,
  );
  return `${prefix} ${shown.match(/.{1,2}/g)!.join(' ')}`;
}
