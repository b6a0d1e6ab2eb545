import { blocked, deactivated, languageOf, rateLimitHeaders, throttled } from './answers.js';
import type { Refusal } from './answers.js';
import { decide, isOnRoute } from './decide.js';
import type { CallToJudge } from './decide.js';
import { MinuteBuckets } from './minute-buckets.js';
import type { StatusFeed } from './status-feed.service.js';

/** Applies the status feed to a call: state and counts on one side, the headers or the refusal on the other. */

export interface Judgement {
  readonly enforced: 'none' | 'throttle' | 'block';
  /** For the answer, whatever it is. */
  readonly headers: Readonly<Record<string, string>>;
  /** Answer with this instead; null: the call passes. */
  readonly refusal: Refusal | null;
}

/** The judgement of a call that nothing restricts. */
export const FREE: Judgement = { enforced: 'none', headers: {}, refusal: null };

export interface GateSettings {
  readonly url: string;
  readonly throttleShare: number;
  readonly smsRoutes: readonly string[];
  readonly partnerLink?: string | undefined;
}

export class Gate {
  readonly enforced = { throttle: 0, block: 0 };
  private readonly buckets: MinuteBuckets;

  constructor(
    private readonly feed: Pick<StatusFeed, 'statusOf'> | null,
    private readonly settings: GateSettings,
  ) {
    this.buckets = new MinuteBuckets(settings.throttleShare);
  }

  /** Never throws: where it fails itself, the call passes. */
  judge(
    given: Omit<CallToJudge, 'isSms'> & { readonly isSms?: boolean },
    acceptLanguage: string | undefined,
    nowMs: number,
  ): Judgement {
    const status = this.feed?.statusOf(given.integrationId);
    if (!status) return FREE;
    const call = { ...given, isSms: given.isSms ?? this.isSms(given) };
    const verdict = decide(status, call, nowMs);
    const language = languageOf(acceptLanguage);
    if (verdict.kind === 'deactivated') {
      return this.block(deactivated(call.integrationId, this.linkOf('', call.integrationId), language));
    }
    if (verdict.kind === 'blocked') {
      const { by } = verdict;
      return this.block(blocked(by, this.linkOf(by.restrictionId, call.integrationId), language));
    }
    if (verdict.limits.length === 0) return FREE;
    const { isLetThrough, allowances, secondsLeft } = this.buckets.take(verdict.limits, nowMs);
    if (isLetThrough) {
      return { enforced: 'none', headers: rateLimitHeaders(allowances, secondsLeft), refusal: null };
    }
    this.enforced.throttle += 1;
    const full = allowances.find(({ left }) => left === 0) ?? allowances[0]!;
    const link = this.linkOf(full.limit.restriction.restrictionId, call.integrationId);
    const refusal = throttled(allowances, secondsLeft, link, language);
    return { enforced: 'throttle', headers: refusal.headers, refusal };
  }

  private block(refusal: Refusal): Judgement {
    this.enforced.block += 1;
    return { enforced: 'block', headers: refusal.headers, refusal };
  }

  private isSms(call: Omit<CallToJudge, 'isSms'>): boolean {
    return this.settings.smsRoutes.some((template) => isOnRoute(template, call));
  }

  private linkOf(restrictionId: string, integrationId: string): string {
    const fallback =
      restrictionId === ''
        ? `${this.settings.url}/v1/integrations/{integrationId}/timeline`
        : `${this.settings.url}/v1/restrictions/{restrictionId}`;
    return (this.settings.partnerLink ?? fallback)
      .replace('{restrictionId}', encodeURIComponent(restrictionId))
      .replace('{integrationId}', encodeURIComponent(integrationId));
  }
}
