import type { Restriction } from './decide.js';
import type { Allowance } from './minute-buckets.js';

/** What a partner is told: RateLimit headers (draft-ietf-httpapi-ratelimit-headers-10) and problem details (RFC 9457). */

export interface Refusal {
  readonly status: 403 | 429;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** For every answer of a throttled pair: each throttle is a policy under the id of its restriction. */
export function rateLimitHeaders(
  allowances: readonly Allowance[],
  secondsLeft: number,
): Record<string, string> {
  const listed = (write: (allowance: Allowance) => string) =>
    allowances
      .map(
        (allowance) =>
          `"${allowance.limit.restriction.restrictionId.replace(/[^\w.-]/g, '')}";${write(allowance)}`,
      )
      .join(', ');
  return {
    'ratelimit-policy': listed(({ quota }) => `q=${quota};w=60`),
    ratelimit: listed(({ left }) => `r=${left};t=${secondsLeft}`),
  };
}

/** 429 with `Retry-After`, of the throttle that has nothing left. */
export function throttled(
  allowances: readonly Allowance[],
  secondsLeft: number,
  link: string,
  language: 'da' | 'en',
): Refusal {
  const { limit, quota } = allowances.find(({ left }) => left === 0) ?? allowances[0]!;
  const sentence = {
    da: `Jeres integration må foretage ${quota} kald i minuttet. Vent ${secondsLeft} sekunder.`,
    en: `Your integration may make ${quota} calls a minute. Wait ${secondsLeft} seconds.`,
  };
  return {
    status: 429,
    headers: {
      ...rateLimitHeaders(allowances, secondsLeft),
      'retry-after': String(secondsLeft),
      ...answerHeaders(language),
    },
    body: problemOf(
      { type: 'integration-throttled', title: 'The integration is throttled', status: 429 },
      `${sentence[language]} ${limit.restriction.note[language]}`,
      restrictionPart(limit.restriction, link),
    ),
  };
}

/** 403 of a block, with reason and link. */
export function blocked(restriction: Restriction, link: string, language: 'da' | 'en'): Refusal {
  return {
    status: 403,
    headers: answerHeaders(language),
    body: problemOf(
      { type: 'integration-blocked', title: 'The integration is blocked', status: 403 },
      restriction.note[language],
      restrictionPart(restriction, link),
    ),
  };
}

/** 403 of an integration that is deactivated. */
export function deactivated(integrationId: string, link: string, language: 'da' | 'en'): Refusal {
  const detail = {
    da: 'Integrationen er deaktiveret. Kontakt os for at få den åbnet igen.',
    en: 'The integration is deactivated. Contact us to have it opened again.',
  };
  return {
    status: 403,
    headers: answerHeaders(language),
    body: problemOf(
      { type: 'integration-deactivated', title: 'The integration is deactivated', status: 403 },
      detail[language],
      { integrationId, link },
    ),
  };
}

/** Danish unless English is asked for first. */
export function languageOf(acceptLanguage: string | undefined): 'da' | 'en' {
  return /^\s*en\b/i.test(acceptLanguage ?? '') ? 'en' : 'da';
}

function answerHeaders(language: 'da' | 'en'): Record<string, string> {
  return {
    'content-type': 'application/problem+json',
    'content-language': language,
    'cache-control': 'no-store',
  };
}

function problemOf(
  { type, ...rest }: { type: string; title: string; status: number },
  detail: string,
  more: Record<string, unknown>,
): Record<string, unknown> {
  return { type: `urn:taxameter:problem:${type}`, ...rest, detail, ...more };
}

function restrictionPart(restriction: Restriction, link: string): Record<string, unknown> {
  const { restrictionId, reasonCode, clause, note, endCondition, until, capability } = restriction;
  return { restrictionId, reasonCode, clause, note, endCondition, until, capability, link };
}
