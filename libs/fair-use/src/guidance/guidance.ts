import type { Policy, RuleId } from '../policy/policy.js';
import type { Verdict } from '../rules/verdict.js';
import { authFailures, scopeMismatch, smsInvalid } from './access-texts.js';
import { burst, rateDay, rateIntegration, rateMinute, writeRate } from './rate-texts.js';
import {
  concurrency,
  duplicateReads,
  ignores429,
  ignoresBlock,
  nPlusOne,
  smallPages,
} from './habit-texts.js';
import { serverTime } from './load-texts.js';
import { errorRatio, legacyAuth, throttledRatio } from './refusal-texts.js';
import { pollingTooOften, pollingUnfiltered, staleChangesSince } from './polling-texts.js';
import { smsForeign, smsRepeat, smsSpike } from './sms-texts.js';
import type { Guidance, GuidanceSubject } from './placeholders.js';
import { fillText, type Bilingual } from './text.js';

/**
 * Says to a partner, in Danish and English, what was seen and what to change: one cause, one cure, its own
 * window. The texts stand in files by what they are about.
 */

const GUIDANCE: Record<RuleId, Guidance> = {
  RATE_MINUTE: rateMinute,
  BURST: burst,
  WRITE_RATE: writeRate,
  SERVER_TIME: serverTime,
  ERROR_RATIO_4XX: errorRatio,
  THROTTLED_RATIO: throttledRatio,
  POLLING_UNFILTERED: pollingUnfiltered,
  POLLING_TOO_OFTEN: pollingTooOften,
  RATE_DAY: rateDay,
  LEGACY_AUTH: legacyAuth,
  SMS_FOREIGN: smsForeign,
  SMS_REPEAT: smsRepeat,
  SMS_SPIKE: smsSpike,
  SCOPE_MISMATCH: scopeMismatch,
  STALE_CHANGES_SINCE: staleChangesSince,
  AUTH_FAILURES: authFailures,
  SMS_INVALID: smsInvalid,
  RATE_INTEGRATION: rateIntegration,
  IGNORES_429: ignores429,
  CONCURRENCY: concurrency,
  N_PLUS_ONE: nPlusOne,
  SMALL_PAGES: smallPages,
  DUPLICATE_READS: duplicateReads,
  IGNORES_BLOCK: ignoresBlock,
};

/** The text of a rule before figures are put in, for publication. */
export function guidanceTemplate(ruleId: RuleId): Bilingual {
  return GUIDANCE[ruleId].template;
}

/**
 * The guidance for one verdict, by the policy that gave it.
 * @throws RangeError when the policy leaves no room for advice
 */
export function guidanceFor(
  ruleId: RuleId,
  verdict: Verdict,
  subject: GuidanceSubject,
  policy: Policy,
): Bilingual {
  const { template, placeholders } = GUIDANCE[ruleId];
  return fillText(template, placeholders(verdict, subject, policy));
}
