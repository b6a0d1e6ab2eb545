import { SEVERITIES } from '@taxameter/contracts';
import { mailPayload } from '@taxameter/platform';
import { z } from 'zod';
import type { Language } from '../alerts/notification.js';
import { mailOf } from '../mail/mail.js';
import { linkTo, localeOf, sectionOf, type Section } from '../mail/mail-words.js';
import { headOf } from '../news/messages.js';
import { integrationOf, type News } from '../news/news.js';
import { headSchema } from '../news/head.js';
import type { Channel } from '../subscriptions/check-target.js';

/** What is said of several pieces of news at once. */

/** So many integrations a message about a storm names; the rest are counted, and are listed over HTTP. */
const NAMED_INTEGRATIONS = 50;

/** The body of a webhook about several alerts of one integration. */
export const groupNotification = z.object({
  type: z.literal('alerts.grouped'),
  timestamp: z.iso.datetime().describe('of the newest of them'),
  data: z.object({ summary: z.string(), integrationId: z.string(), alerts: z.array(headSchema) }),
});

/** The body of a webhook about a storm. */
export const stormNotification = z.object({
  type: z.literal('alerts.storm'),
  timestamp: z.iso.datetime().describe('of the newest of them'),
  data: z.object({
    summary: z.string(),
    newsCount: z.number(),
    integrationCount: z.number(),
    integrationIds: z.array(z.string()).describe('at most 50 of them'),
    severity: z.enum(SEVERITIES).describe('the highest'),
    guidance: z.object({ da: z.string(), en: z.string() }),
    link: z.string().describe('path of the alerts'),
  }),
});

export function groupPayload(
  channel: Channel,
  news: readonly News[],
  language: Language,
  publicUrl: string | null,
): string {
  const integrationId = integrationOf(news[0]!);
  const summary = groupSummary(integrationId, news, language);
  if (channel === 'email') {
    const sections = news.map((one) => sectionOf(one, language, publicUrl));
    return mailPayload(mailOf(summary, summary, sections, language));
  }
  const body: z.output<typeof groupNotification> = {
    type: 'alerts.grouped',
    timestamp: newest(news),
    data: { summary, integrationId, alerts: news.map((one) => headOf(one, language)) },
  };
  return JSON.stringify(body);
}

export function stormPayload(
  channel: Channel,
  news: readonly News[],
  language: Language,
  publicUrl: string | null,
): string {
  const integrationIds = [...new Set(news.map(integrationOf))];
  const named = integrationIds.slice(0, NAMED_INTEGRATIONS);
  const summary = stormSummary(integrationIds.length, news.length, language);
  if (channel === 'email') {
    const section = stormSection(summary, named, integrationIds.length, language, publicUrl);
    return mailPayload(mailOf(summary, null, [section], language));
  }
  const body: z.output<typeof stormNotification> = {
    type: 'alerts.storm',
    timestamp: newest(news),
    data: {
      summary,
      newsCount: news.length,
      integrationCount: integrationIds.length,
      integrationIds: named,
      severity: SEVERITIES.findLast((severity) =>
        news.some((one) => headOf(one, language).severity === severity),
      )!,
      guidance: { da: SUSPICION.da, en: SUSPICION.en },
      link: '/v1/alerts',
    },
  };
  return JSON.stringify(body);
}

const SUSPICION = {
  da: 'Når så mange integrationer melder sig på én gang, er årsagen snarere os selv end dem: et ur, der går forkert, i gatewayen, en ny version eller et ændret regelsæt. Undersøg det, før nogen spærres.',
  en: 'When so many integrations stand out at once, the cause is rather ourselves than them: a clock of the gateway that is wrong, a new version or a changed policy. Look into that before anybody is blocked.',
} as const;

function stormSection(
  title: string,
  named: readonly string[],
  integrationCount: number,
  language: Language,
  publicUrl: string | null,
): Section {
  const isDanish = language === 'da';
  const rest = integrationCount - named.length;
  const others = isDanish
    ? ` og ${rest} ${rest === 1 ? 'anden' : 'andre'}`
    : ` and ${rest} ${rest === 1 ? 'other' : 'others'}`;
  return {
    title,
    facts: [[isDanish ? 'Integrationer' : 'Integrations', named.join(', ') + (rest > 0 ? others : '')]],
    guidance: SUSPICION[language],
    next: isDanish
      ? 'Bliver det ved, kommer der besked igen om ti minutter. Hver enkelt hændelse er gemt.'
      : 'If it goes on, you will be told again in ten minutes. Each event is kept.',
    link: linkTo(publicUrl, '/', '/v1/alerts', language),
  };
}

function groupSummary(integrationId: string, news: readonly News[], language: Language): string {
  const breaches = news.flatMap((one) => (one.kind === 'breach' ? [one.breach] : []));
  const rules = new Set(breaches.map(({ ruleId }) => ruleId)).size;
  const agreements = new Set(breaches.flatMap(({ scope }) => scope.organizationId ?? [])).size;
  const words = WORDS[language];
  return [
    `${integrationId}: ${counted(news.length, words.news, language)}`,
    ...(rules === 0 ? [] : [counted(rules, words.rule, language)]),
    ...(agreements === 0 ? [] : [counted(agreements, words.agreement, language)]),
  ].join(', ');
}

function stormSummary(integrationCount: number, newsCount: number, language: Language): string {
  const words = WORDS[language];
  const integrations = counted(integrationCount, words.integration, language);
  return `${words.storm}: ${counted(newsCount, words.news, language)}, ${integrations}`;
}

/** One and several of each. */
const WORDS = {
  da: {
    news: ['hændelse', 'hændelser'],
    rule: ['regel', 'regler'],
    agreement: ['aftale', 'aftaler'],
    integration: ['integration', 'integrationer'],
    storm: 'Mange integrationer på én gang, fejlen er måske vores egen',
  },
  en: {
    news: ['event', 'events'],
    rule: ['rule', 'rules'],
    agreement: ['agreement', 'agreements'],
    integration: ['integration', 'integrations'],
    storm: 'Many integrations at once, the fault may be our own',
  },
} as const;

function counted(count: number, [one, several]: readonly [string, string], language: Language): string {
  return `${new Intl.NumberFormat(localeOf(language)).format(count)} ${count === 1 ? one : several}`;
}

function newest(news: readonly News[]): string {
  return new Date(Math.max(...news.map(({ time }) => time.getTime()))).toISOString();
}
