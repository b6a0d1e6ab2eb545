import { fields, restrictionObserved, SEVERITIES, type RestrictionObserved } from '@taxameter/contracts';
import { z } from 'zod';
import { SEVERITY_WORDS, type Language } from '../alerts/notification.js';
import type { LeakNews } from '../news/news.js';
import { LEAK_SEVERITY, RESOLUTIONS, type Leak, type Resolution } from './leak.js';

/** What those who want to hear of a leak are told. */

/** The body of a webhook about a leak. */
export const leakNotification = z.object({
  type: z.enum(['restriction.leak.opened', 'restriction.leak.resolved']),
  timestamp: fields.instant.describe('when it became true; the same on every attempt'),
  data: z.object({
    summary: z.string().describe('one line in the language of the subscription'),
    alertId: z.string(),
    sequence: z.number().describe('grows with every change: of two webhooks the higher one holds'),
    ...restrictionObserved.schema.shape.data.omit({ lastCallAt: true }).shape,
    episode: z.number().describe('counts the leaks of the block, from 1'),
    severity: z.enum(SEVERITIES),
    state: z.enum(['open', 'resolved']),
    resolution: z
      .enum(RESOLUTIONS)
      .nullable()
      .describe('tight: the block refuses again; ended: it was lifted or has expired; null while it leaks'),
    guidance: z.object({ da: z.string(), en: z.string() }),
    link: z.string().describe('path of the alert'),
    effect: z.string().describe('path of what was observed of the block, and of which gateways know it'),
  }),
});

/** The text of a webhook about a leak. */
export function leakPayload({ news, time, alertId, sequence, leak }: LeakNews, language: Language): string {
  const { observed } = leak;
  const body: z.output<typeof leakNotification> = {
    type: `restriction.leak.${news}`,
    timestamp: time.toISOString(),
    data: {
      summary: leakSummary(leak, language),
      alertId,
      sequence,
      restrictionId: observed.restrictionId,
      integrationId: observed.integrationId,
      version: observed.version,
      episode: leak.episode,
      severity: LEAK_SEVERITY,
      state: leak.state,
      resolution: leak.resolution,
      since: observed.since,
      until: observed.until,
      refused: observed.refused,
      letThrough: observed.letThrough,
      firstLetThroughAt: observed.firstLetThroughAt,
      lastLetThroughAt: observed.lastLetThroughAt,
      guidance: leakGuidance(leak),
      link: `/v1/alerts/${alertId}`,
      effect: effectOf(observed),
    },
  };
  return JSON.stringify(body);
}

/** What to do about a leak. */
export function leakGuidance({ resolution, observed }: Leak): Readonly<Record<Language, string>> {
  const effect = `GET ${effectOf(observed)}`;
  switch (resolution) {
    case null:
      return {
        da:
          `En gateway besvarer kald, som spærringen skal afvise. ${effect} viser, hvilke gateways der ikke kender spærringen ` +
          '(knows: false) eller ikke følger med (isStale: true): få dem til at læse feedet igen. Kender de den alle, ' +
          'går kaldene uden om dem, eller også afvises de uden mærket enforced: block.',
        en:
          `A gateway answers calls that the block must refuse. ${effect} shows which gateways do not know the block ` +
          '(knows: false) or have stopped following (isStale: true): make them read the feed again. If all of them know it, ' +
          'the calls go past them, or are refused without the mark enforced: block.',
      };
    case 'tight':
      return {
        da:
          'Spærringen afviser igen: i 10 minutter er ingen kald sluppet igennem, mens andre er blevet afvist. Der skal ikke ' +
          'gøres noget nu. Find årsagen, før det sker igen.',
        en:
          'The block refuses again: for 10 minutes no call has been let through while others were refused. Nothing needs to ' +
          'be done now. Find the cause before it happens again.',
      };
    case 'ended':
      return {
        da: 'Spærringen gælder ikke længere, så kaldene er tilladt igen. Find ud af, hvorfor den ikke holdt, før den næste bliver nødvendig.',
        en: 'The block is no longer in force, so the calls are allowed again. Find out why it did not hold before the next one is needed.',
      };
  }
}

function effectOf({ restrictionId }: RestrictionObserved): string {
  return `/v1/restrictions/${encodeURIComponent(restrictionId)}/effect`;
}

/** One line for a chat or a pager. */
export function leakSummary({ resolution, observed }: Leak, language: Language): string {
  const { restrictionId, integrationId, letThrough } = observed;
  const calls = callsInWords(letThrough, language);
  if (language === 'da') {
    const said: Readonly<Record<Resolution, string>> = {
      tight: `er tæt igen (i alt er ${calls} sluppet igennem)`,
      ended: `gælder ikke længere (i alt slap ${calls} igennem)`,
    };
    return resolution === null
      ? `${SEVERITY_WORDS.da[LEAK_SEVERITY]}: spærringen ${restrictionId} af ${integrationId} er utæt (${calls} sluppet igennem)`
      : `Spærringen ${restrictionId} af ${integrationId} ${said[resolution]}`;
  }
  const said: Readonly<Record<Resolution, string>> = {
    tight: `is tight again (${calls} let through in all)`,
    ended: `is no longer in force (${calls} let through in all)`,
  };
  return resolution === null
    ? `${SEVERITY_WORDS.en[LEAK_SEVERITY]}: the block ${restrictionId} of ${integrationId} leaks (${calls} let through)`
    : `The block ${restrictionId} of ${integrationId} ${said[resolution]}`;
}

function callsInWords(count: number, language: Language): string {
  const figure = new Intl.NumberFormat(language === 'da' ? 'da-DK' : 'en-GB').format(count);
  return language === 'da' ? `${figure} kald` : `${figure} ${count === 1 ? 'call' : 'calls'}`;
}
