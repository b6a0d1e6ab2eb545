import type { Breach } from '@taxameter/contracts';
import { summaryOf, type Language, type NotificationType } from '../alerts/notification.js';
import { leakGuidance, leakSummary } from '../leaks/leak-notification.js';
import type { BreachNews, LeakNews, News } from '../news/news.js';

/** What a mail says of one piece of news, in words. How it looks is for `mail.ts`. */

export interface Section {
  readonly title: string;
  /** What, who, since when, value and threshold: a name and what it is. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly guidance: string;
  /** What happens next. */
  readonly next: string;
  readonly link: Link;
}

export interface Link {
  readonly text: string;
  /** null: nobody said at which address the pages are, so the text says where to look. */
  readonly url: string | null;
}

/** Of units that facts name in English. One that is not here is shown as it is. */
const DANISH_UNITS: Readonly<Record<string, string>> = {
  'calls per minute': 'kald i minuttet',
  'calls per minute of all agreements': 'kald i minuttet på alle aftaler tilsammen',
  'writes per minute': 'skrivende kald i minuttet',
  'single records per minute': 'enkeltopslag i minuttet',
  'blocked calls per minute': 'afviste kald i minuttet under spærring',
  'ms of server time per minute': 'ms servertid i minuttet',
  'calls in 5 seconds': 'kald på 5 sekunder',
  'calls in 24 hours': 'kald på 24 timer',
  'calls at once': 'kald på én gang',
  'calls during a wait': 'kald under en ventetid',
  'calls without a bearer token': 'kald uden bearer-token',
  'calls without the scope': 'kald uden det rette scope',
  'refused calls': 'afviste kald',
  'percent of calls': 'procent af kaldene',
  'percent of SMS': 'procent af sms’erne',
  'full fetches': 'hentninger af hele listen',
  'fetches of changes': 'hentninger af ændringer',
  'fetches of old changes': 'hentninger af gamle ændringer',
  'small pages': 'små sider',
  'equal answers': 'ens svar',
  'SMS in an hour': 'sms’er på en time',
  'SMS to other countries': 'sms’er til andre lande',
  'times the same SMS': 'gange den samme sms',
};

export function sectionOf(news: News, language: Language, publicUrl: string | null): Section {
  return news.kind === 'breach'
    ? breachSection(news, language, publicUrl)
    : leakSection(news, language, publicUrl);
}

function breachSection(
  { news, alertId, breach }: BreachNews,
  language: Language,
  publicUrl: string | null,
): Section {
  return {
    title: summaryOf(`fairuse.breach.${news}`, breach, language),
    facts: breachFacts(breach, language),
    guidance: breach.guidance[language],
    next: NEXT[language][breach.state],
    link: linkTo(
      publicUrl,
      `/sager/${encodeURIComponent(breach.breachId)}`,
      `/v1/alerts/${alertId}`,
      language,
    ),
  };
}

/** A mail that says that it is a test. */
export function testSection(breach: Breach, language: Language): Section {
  const type: NotificationType = 'fairuse.test';
  return {
    title: summaryOf(type, breach, language),
    facts: [],
    guidance: breach.guidance[language],
    next:
      language === 'da'
        ? 'Når der sker noget, som abonnementet omfatter, kommer der en mail som denne.'
        : 'When something happens that the subscription covers, a mail like this one will come.',
    link: { text: language === 'da' ? 'Der er intet at se efter' : 'There is nothing to look at', url: null },
  };
}

function breachFacts(breach: Breach, language: Language): Section['facts'] {
  const { scope, observed, threshold, ruleId, openedAt } = breach;
  const figures = new Intl.NumberFormat(localeOf(language));
  const value = `${figures.format(observed.value)} ${unitIn(observed.unit, language)}`;
  const names = NAMES[language];
  return [
    [names.rule, ruleId],
    [names.integration, scope.integrationId],
    ...(scope.organizationId === null ? [] : [[names.agreement, scope.organizationId] as const]),
    ...(scope.route === null ? [] : [[names.route, scope.route] as const]),
    [names.since, timeIn(openedAt, language)],
    [names.value, value],
    [names.threshold, figures.format(threshold)],
  ];
}

function leakSection({ alertId, leak }: LeakNews, language: Language, publicUrl: string | null): Section {
  const { observed } = leak;
  const figures = new Intl.NumberFormat(localeOf(language));
  const names = NAMES[language];
  const path = `/integrationer/${encodeURIComponent(observed.integrationId)}`;
  return {
    title: leakSummary(leak, language),
    facts: [
      [names.block, observed.restrictionId],
      [names.integration, observed.integrationId],
      ...(observed.firstLetThroughAt === null
        ? []
        : [[names.since, timeIn(observed.firstLetThroughAt, language)] as const]),
      [names.letThrough, figures.format(observed.letThrough)],
      [names.refused, figures.format(observed.refused)],
    ],
    guidance: leakGuidance(leak)[language],
    next: LEAK_NEXT[language][leak.state],
    link: linkTo(publicUrl, path, `/v1/alerts/${alertId}`, language),
  };
}

const NAMES = {
  da: {
    rule: 'Regel',
    integration: 'Integration',
    agreement: 'Aftale',
    route: 'Rute',
    since: 'Siden',
    value: 'Målt',
    threshold: 'Grænse',
    block: 'Spærring',
    letThrough: 'Sluppet igennem',
    refused: 'Afvist',
  },
  en: {
    rule: 'Rule',
    integration: 'Integration',
    agreement: 'Agreement',
    route: 'Route',
    since: 'Since',
    value: 'Measured',
    threshold: 'Limit',
    block: 'Block',
    letThrough: 'Let through',
    refused: 'Refused',
  },
} as const;

const NEXT = {
  da: {
    open: 'Sagen står åben, til reglen har været overholdt et stykke tid, eller et menneske afslutter den. Bliver det værre, kommer der besked igen.',
    resolved: 'Der skal ikke gøres mere nu. Brydes reglen igen, kommer der besked.',
  },
  en: {
    open: 'The case stays open until the rule has been kept for a while or a person settles it. If it grows worse, you will be told again.',
    resolved: 'Nothing more needs to be done now. If the rule is broken again, you will be told.',
  },
} as const;

const LEAK_NEXT = {
  da: {
    open: 'Der kommer besked, når spærringen er tæt igen eller ikke længere gælder.',
    resolved: 'Slipper der igen kald igennem en spærring, kommer der besked.',
  },
  en: {
    open: 'You will be told when the block is tight again or no longer in force.',
    resolved: 'If calls are let through a block again, you will be told.',
  },
} as const;

/** @param page path of what people look at; @param path what to ask for where nobody said at which address the pages are */
export function linkTo(publicUrl: string | null, page: string, path: string, language: Language): Link {
  const isDanish = language === 'da';
  return publicUrl === null
    ? { text: `${isDanish ? 'Se' : 'See'} GET ${path}`, url: null }
    : { text: isDanish ? 'Se mere' : 'See more', url: `${publicUrl}${page}` };
}

export function localeOf(language: Language): string {
  return language === 'da' ? 'da-DK' : 'en-GB';
}

function unitIn(unit: string, language: Language): string {
  return language === 'da' && Object.hasOwn(DANISH_UNITS, unit) ? DANISH_UNITS[unit]! : unit;
}

/** Where people work, whatever zone the server has. */
function timeIn(instant: string, language: Language): string {
  const time = new Intl.DateTimeFormat(localeOf(language), {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: 'Europe/Copenhagen',
  });
  return `${time.format(new Date(instant))} (${language === 'da' ? 'dansk tid' : 'Danish time'})`;
}
