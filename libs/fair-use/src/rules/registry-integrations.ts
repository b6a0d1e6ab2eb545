import { judgeAuthFailures, refusalsAllowed } from './auth-failures.js';
import { ALWAYS_READ } from './inputs.js';
import { callsOfAllAllowed, judgeRateIntegration } from './rate-integration.js';
import type { Rule } from './registry.js';
import { judgeScopeMismatch } from './scope-mismatch.js';
import { judgeSmsInvalid } from './sms-invalid.js';

/** The part of the registry with the rules about an integration as a whole. */

export const INTEGRATION_RULES: readonly Rule[] = [
  {
    id: 'SCOPE_MISMATCH',
    title: { da: 'Kald uden den nødvendige rettighed', en: 'Calls without the scope they need' },
    key: ['integration'],
    inputs: [...ALWAYS_READ, 'data.errorReason', 'data.errorCode'],
    signals: 'pairHours',
    windowMinutes: (policy) => policy.rules.SCOPE_MISMATCH.windowMinutes,
    isMonotone: true,
    canCarry: (row) => row.missingScopes > 0,
    judge: judgeScopeMismatch,
  },
  {
    id: 'AUTH_FAILURES',
    title: { da: 'Bliver ved med at kalde uden adgang', en: 'Goes on calling without access' },
    key: ['integration'],
    inputs: [...ALWAYS_READ, 'data.errorReason', 'data.errorCode'],
    signals: 'pairs',
    windowMinutes: (policy) => policy.rules.AUTH_FAILURES.windowMinutes,
    isMonotone: false,
    canCarry: (row) => row.authFailures > 0,
    asksForAgreements: true,
    limitAround: refusalsAllowed,
    judge: judgeAuthFailures,
  },
  {
    id: 'SMS_INVALID',
    title: { da: 'For mange afviste SMS’er', en: 'Too many rejected SMS' },
    key: ['integration'],
    inputs: [...ALWAYS_READ, 'data.method', 'data.route', 'data.errorCode'],
    signals: 'pairHours',
    windowMinutes: (policy) => policy.rules.SMS_INVALID.windowMinutes,
    isMonotone: false,
    // Not those with rejected ones only: where good ones leave the window, the share of those that stay grows.
    canCarry: (row) => row.smsAttempts > 0,
    judge: judgeSmsInvalid,
  },
  {
    id: 'RATE_INTEGRATION',
    title: { da: 'For mange kald på alle aftaler tilsammen', en: 'Too many calls over all agreements' },
    key: ['integration'],
    inputs: ALWAYS_READ,
    signals: 'pairs',
    windowMinutes: (policy) => policy.rules.RATE_INTEGRATION.windowMinutes,
    isMonotone: false,
    canCarry: (row, policy) => row.calls >= policy.rules.RATE_INTEGRATION.pairCalls,
    asksForAgreements: true,
    limitAround: callsOfAllAllowed,
    judge: judgeRateIntegration,
  },
];
