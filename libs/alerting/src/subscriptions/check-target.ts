/** Finds what is wrong with where a subscription wants its messages, before it is saved. */

export const CHANNELS = ['webhook', 'email'] as const;
export type Channel = (typeof CHANNELS)[number];

export interface Target {
  readonly channel: Channel;
  readonly url: string | null;
  readonly email: string | null;
}

export interface TargetFault {
  readonly field: string;
  readonly rule: 'target_missing' | 'target_of_other_channel' | 'no_mail_server';
  readonly reason: string;
}

const TARGET_FIELDS = { webhook: 'url', email: 'email' } as const;

/** @param hasMail whether this installation can send mail */
export function targetFaults(target: Target, hasMail: boolean): TargetFault[] {
  const { channel } = target;
  const field = TARGET_FIELDS[channel];
  const other = TARGET_FIELDS[channel === 'webhook' ? 'email' : 'webhook'];
  const faults: TargetFault[] = [];
  if (target[field] === null) {
    faults.push({ field, rule: 'target_missing', reason: `the channel ${channel} needs ${field}` });
  }
  if (target[other] !== null) {
    faults.push({
      field: other,
      rule: 'target_of_other_channel',
      reason: `the channel ${channel} has no ${other}`,
    });
  }
  if (channel === 'email' && !hasMail) {
    const reason = 'this installation sends no mail: SMTP_URL and MAIL_FROM are not set';
    faults.push({ field: 'channel', rule: 'no_mail_server', reason });
  }
  return faults;
}
