/**
 * Whether an SMS is billed, held for a person to decide, or only counted (test mode), and who would pay for it.
 */
import type { Integration } from '@taxameter/contracts';
import { inForceAt } from './in-force.js';

export const HOLD_REASONS = ['unknown_owner', 'integration_deactivated', 'foreign_number'] as const;

/** Why an SMS is kept off the invoice until a person decides. */
export type HoldReason = (typeof HOLD_REASONS)[number];

export interface SmsToJudge {
  readonly sentAt: Date;
  /** ISO 3166-1 alpha-2, from the number's prefix. */
  readonly recipientCountry: string;
  readonly testMode: boolean;
}

export interface HoldContext {
  /** Countries to which an SMS may be sent; the terms say Denmark (domain rule A5). */
  readonly allowedCountries: readonly string[];
  readonly statusHistory: Integration['status'];
  readonly ownership: Integration['ownership'];
}

/** `partnerId` is null where nobody is known to own the integration at the sent time. */
export type BillingOutcome =
  | { readonly outcome: 'billed'; readonly reason: null; readonly partnerId: string }
  | { readonly outcome: 'held'; readonly reason: HoldReason; readonly partnerId: string | null }
  | { readonly outcome: 'test'; readonly reason: 'test_mode'; readonly partnerId: string | null };

/** The partner that owned an integration at an instant, or null: an SMS is billed to the owner at its sent time. */
export function ownerAt(ownership: Integration['ownership'], instant: Date): string | null {
  return inForceAt(ownership, instant)?.partnerId ?? null;
}

/**
 * Null when nothing keeps the SMS off the invoice. Where several reasons hold, the first of `HOLD_REASONS` is named.
 * An SMS sent before a deactivation stays billable (domain 4.3); one at the very instant of it is held.
 */
export function holdReason(sms: Omit<SmsToJudge, 'testMode'>, context: HoldContext): HoldReason | null {
  if (ownerAt(context.ownership, sms.sentAt) === null) return 'unknown_owner';
  if (inForceAt(context.statusHistory, sms.sentAt)?.status === 'deactivated')
    return 'integration_deactivated';
  if (!context.allowedCountries.includes(sms.recipientCountry)) return 'foreign_number';
  return null;
}

/** Test mode comes first: a test SMS is never billable, so there is nothing about it to hold. */
export function billingOutcome(sms: SmsToJudge, context: HoldContext): BillingOutcome {
  const partnerId = ownerAt(context.ownership, sms.sentAt);
  if (sms.testMode) return { outcome: 'test', reason: 'test_mode', partnerId };
  const reason = holdReason(sms, context);
  if (reason !== null || partnerId === null) {
    return { outcome: 'held', reason: reason ?? 'unknown_owner', partnerId };
  }
  return { outcome: 'billed', reason: null, partnerId };
}
