/**
 * One SMS as a statement lists it, and the words in which it does.
 */
import type { SmsSent, UnitPrice } from '@taxameter/contracts';
import type { BillingOutcome } from '../holds/hold-reason.js';

/**
 * Rows come with all billed ones first; within each part by integration id (as the invoice's sections), then by sent time.
 */
export interface StatementRow {
  readonly outcome: BillingOutcome['outcome'];
  readonly reason: BillingOutcome['reason'];
  readonly integrationId: string;
  /** Empty string where the integration acts for no agreement. */
  readonly agreementId: string;
  readonly messageId: string;
  /** RFC 3339 instant in UTC. */
  readonly sentAt: string;
  readonly recipientMasked: string;
  readonly channel: SmsSent['channel'];
  readonly segments: number;
  /** Without VAT, in 1/10,000 krone; counts for nothing unless billed. */
  readonly unitPrice: UnitPrice;
}

export const CHANNEL_NAMES: Record<StatementRow['channel'], string> = {
  send_sms: 'SMS',
  mailout_v2: 'Udsendelse',
};

export const REASON_NAMES: Record<NonNullable<StatementRow['reason']>, string> = {
  test_mode: 'Test',
  foreign_number: 'Udenlandsk nr.',
  integration_deactivated: 'Efter deaktivering',
  unknown_owner: 'Ukendt ejer',
};
