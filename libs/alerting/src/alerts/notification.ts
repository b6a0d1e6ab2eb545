import { breachOpened, fields, SEVERITIES, type Breach, type Severity } from '@taxameter/contracts';
import { z } from 'zod';
import type { BreachNews } from '../news/news.js';

/** What those who want to hear of a breach are told. */

export type Language = 'da' | 'en';

export function severitiesFrom(lowest: Severity): readonly Severity[] {
  return SEVERITIES.slice(SEVERITIES.indexOf(lowest));
}

/** The body of a webhook about a breach. Evidence stays behind the link, so that it is small. */
export const breachNotification = z.object({
  type: z.enum([
    'fairuse.breach.opened',
    'fairuse.breach.escalated',
    'fairuse.breach.resolved',
    'fairuse.test',
  ]),
  timestamp: fields.instant.describe('when it happened; the same on every attempt'),
  data: z.object({
    summary: z.string().describe('one line in the language of the subscription'),
    alertId: z.string(),
    ...breachOpened.schema.shape.data.pick({ breachId: true, version: true, ruleId: true, severity: true })
      .shape,
    ...breachOpened.schema.shape.data.shape.scope.shape,
    ...breachOpened.schema.shape.data.pick({
      observed: true,
      threshold: true,
      guidance: true,
      occurrence: true,
      openedAt: true,
      retroactive: true,
    }).shape,
    state: z.enum(['open', 'resolved']),
    resolution: z
      .enum(['cleared', 'manual'])
      .nullable()
      .describe(
        'cleared: the rule found nothing for a while; manual: a person settled it; null while it is open',
      ),
    flapping: z.boolean().describe('it comes and goes: told once in 24 hours, besides that it grows worse'),
    link: z.string().describe('path of the alert'),
  }),
});

export type NotificationType = z.output<typeof breachNotification>['type'];

/** A payload stays below this many bytes (Standard Webhooks). The fact's own limits keep it there; a test proves it. */
export const MAX_PAYLOAD_BYTES = 20_000;

export interface Notification {
  readonly type: NotificationType;
  /** When it happened: the fact's time. */
  readonly time: string;
  readonly alertId: string;
  readonly breach: Breach;
}

/** The text of a webhook about news of a breach. */
export function breachPayload({ news, time, alertId, breach }: BreachNews, language: Language): string {
  return payloadOf({ type: `fairuse.breach.${news}`, time: time.toISOString(), alertId, breach }, language);
}

/** The text of a webhook about a breach. */
export function payloadOf({ type, time, alertId, breach }: Notification, language: Language): string {
  const { scope } = breach;
  const body: z.output<typeof breachNotification> = {
    type,
    timestamp: new Date(time).toISOString(),
    data: {
      summary: summaryOf(type, breach, language),
      alertId,
      breachId: breach.breachId,
      version: breach.version,
      ruleId: breach.ruleId,
      severity: breach.severity,
      integrationId: scope.integrationId,
      organizationId: scope.organizationId,
      route: scope.route,
      observed: breach.observed,
      threshold: breach.threshold,
      guidance: breach.guidance,
      occurrence: breach.occurrence,
      openedAt: breach.openedAt,
      retroactive: breach.retroactive,
      state: breach.state,
      resolution: breach.resolvedReason ?? null,
      flapping: breach.flapping ?? false,
      link: `/v1/alerts/${alertId}`,
    },
  };
  return JSON.stringify(body);
}

export const SEVERITY_WORDS: Readonly<Record<Language, Readonly<Record<Severity, string>>>> = {
  da: { info: 'Til orientering', warning: 'Advarsel', error: 'Alvorligt', critical: 'Kritisk' },
  en: { info: 'For information', warning: 'Warning', error: 'Serious', critical: 'Critical' },
};

/** One line for a chat or a pager. */
export function summaryOf(type: NotificationType, breach: Breach, language: Language): string {
  const line =
    type === 'fairuse.breach.resolved' ? overLine(breach, language) : brokenLine(type, breach, language);
  return breach.flapping === true ? `${line}; ${FLAPPING_WORDS[language]}` : line;
}

const FLAPPING_WORDS: Readonly<Record<Language, string>> = {
  da: 'det kommer og går, så der meldes højst om det én gang i døgnet',
  en: 'it comes and goes, so it is told once a day at most',
};

function overLine({ scope, ruleId, resolvedReason }: Breach, language: Language): string {
  const { integrationId } = scope;
  if (resolvedReason === 'manual') {
    return language === 'da'
      ? `Et menneske har afsluttet sagen om, at ${integrationId} brød reglen ${ruleId}`
      : `A person has settled the case that ${integrationId} broke the rule ${ruleId}`;
  }
  return language === 'da'
    ? `Det er ovre: ${integrationId} bryder ikke længere reglen ${ruleId}`
    : `It is over: ${integrationId} no longer breaks the rule ${ruleId}`;
}

function brokenLine(type: NotificationType, breach: Breach, language: Language): string {
  const word = SEVERITY_WORDS[language][breach.severity];
  const figures = new Intl.NumberFormat(language === 'da' ? 'da-DK' : 'en-GB');
  const value = figures.format(breach.observed.value);
  const limit = figures.format(breach.threshold);
  const { integrationId } = breach.scope;
  const { ruleId } = breach;
  const isWorse = type === 'fairuse.breach.escalated';
  const start = type === 'fairuse.test' ? 'Test. ' : '';
  if (language === 'da') {
    const degree = isWorse ? ' i højere grad' : '';
    return `${start}${word}: ${integrationId} bryder${isWorse ? ' nu' : ''} reglen ${ruleId}${degree} (målt ${value}, grænse ${limit})`;
  }
  const breaks = isWorse ? 'now breaks' : 'breaks';
  const degree = isWorse ? ' more severely' : '';
  return `${start}${word}: ${integrationId} ${breaks} the rule ${ruleId}${degree} (measured ${value}, limit ${limit})`;
}

/** An invented breach by which a subscriber tries out the way to them. */
export function sampleBreach(severity: Severity, now: Date): Breach {
  const at = now.toISOString();
  return {
    breachId: 'br_test',
    breachKey: 'RATE_MINUTE|test|',
    version: 1,
    ruleId: 'RATE_MINUTE',
    policyVersion: 1,
    severity,
    state: 'open',
    scope: { integrationId: 'test', organizationId: null, route: null },
    observed: { value: 75, unit: 'calls per minute', windowStart: at, windowEnd: at },
    threshold: 70,
    occurrence: 1,
    retroactive: false,
    openedAt: at,
    guidance: {
      da: 'Dette er en test. Der er ikke sket noget, og intet skal ændres.',
      en: 'This is a test. Nothing has happened, and nothing needs to change.',
    },
    evidence: [],
  };
}
