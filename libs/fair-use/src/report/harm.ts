import type { Evidence } from '../evidence/evidence.js';
import { wholeNumber, type Bilingual } from '../guidance/text.js';

/**
 * Says what a case meant for the platform, from what was frozen of it. In whole percent and without totals: a report goes to a partner,
 * and nothing of others may follow from it.
 */

export interface HarmInWords {
  /** Null: the platform had no calls, or of how long they took nothing is known. */
  readonly calls: Bilingual | null;
  readonly serverTime: Bilingual | null;
  readonly p95: Bilingual | null;
}

export function harmInWords({ before, during }: Evidence['harm']): HarmInWords {
  return {
    calls: compared(during.subject.shareOfCalls, before.subject.shareOfCalls, percent),
    serverTime: compared(during.subject.shareOfServerTime, before.subject.shareOfServerTime, percent),
    p95: compared(during.platform.p95Ms, before.platform.p95Ms, milliseconds),
  };
}

function compared(
  now: number | null,
  then: number | null,
  inWords: (value: number) => Bilingual,
): Bilingual | null {
  if (now === null) return null;
  const during = inWords(now);
  if (then === null) return during;
  const before = inWords(then);
  return {
    da: `${during.da} (i tiden før: ${before.da})`,
    en: `${during.en} (in the time before: ${before.en})`,
  };
}

function percent(share: number): Bilingual {
  if (share > 0 && share < 0.01) return { da: 'under 1 %', en: 'below 1%' };
  const whole = Math.round(share * 100);
  return { da: `${whole} %`, en: `${whole}%` };
}

function milliseconds(value: number): Bilingual {
  const { da, en } = wholeNumber(value);
  return { da: `højst ${da} ms`, en: `${en} ms at most` };
}
