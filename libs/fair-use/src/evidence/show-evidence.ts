import type { Evidence, Harm, Share } from './evidence.js';

/** What a partner sees of the evidence of its case: what it did itself, and of the platform shares in whole percent. */

/**
 * Without what the platform did in all. A share is rounded, since from an exact one and the partner's own calls the calls of all others
 * could be worked out.
 */
export function forPartner(evidence: Evidence) {
  const { before, during } = evidence.harm;
  return { ...evidence, harm: { before: shares(before), during: shares(during) } };
}

function shares({ platform: { p95Ms }, integration, subject, ...time }: Harm) {
  return { ...time, platform: { p95Ms }, integration: rounded(integration), subject: rounded(subject) };
}

function rounded({ shareOfCalls, shareOfServerTime, ...own }: Share): Share {
  return {
    ...own,
    shareOfCalls: shareOfCalls && Math.round(shareOfCalls * 100) / 100,
    shareOfServerTime: shareOfServerTime && Math.round(shareOfServerTime * 100) / 100,
  };
}
