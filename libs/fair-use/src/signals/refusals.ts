import type { ApiCall } from '@taxameter/contracts';

/** Knows for what a call was refused, as far as the rules ask. */

/** The customer has not bought what the call needs: not the partner's fault (domain rule 1.7.4). */
const NOT_BOUGHT = 48;

/**
 * Whether a call was refused for what it is, so that it would be refused again: any 4xx but 429, which is a
 * question of pace, and but a customer without the plan.
 */
export function isClientError({ status, errorCode }: ApiCall): boolean {
  if (status < 400 || status >= 500 || status === 429) return false;
  return !(status === 403 && errorCode === NOT_BOUGHT);
}

/** Whether the token lacked a scope, which the event has to say itself: a bare 403 may be anything. */
export function isMissingScope(call: ApiCall): boolean {
  return call.status === 403 && call.errorReason === 'missing_scope' && call.errorCode !== NOT_BOUGHT;
}

/** Whether who called was refused, for another reason than a scope: 401, and any other 403 that the partner can do something about. */
export function isAuthFailure(call: ApiCall): boolean {
  if (call.status !== 401 && call.status !== 403) return false;
  return isClientError(call) && !isMissingScope(call);
}

/** `POST /v1/{organizationId}/sms/{voucherGuid}/send-sms` and its later versions (domain rule 1.2). */
export function sendsSms({ method, route }: ApiCall): boolean {
  return method === 'POST' && route.endsWith('/send-sms');
}

/**
 * Whether an SMS was refused for what it is: who may not send at all, or sends too fast, is the business of other rules. A rejected SMS
 * is never an `sms_sent` (domain rule 1.7.8), so it is known by the answer to the call only.
 */
export function isRejectedSms(call: ApiCall): boolean {
  return call.status !== 401 && call.status !== 403 && isClientError(call);
}
