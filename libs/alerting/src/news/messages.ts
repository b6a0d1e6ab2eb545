import type { Breach } from '@taxameter/contracts';
import { breachPayload, payloadOf as testWebhook, type Language } from '../alerts/notification.js';
import { mailPayload } from '@taxameter/platform';
import { leakPayload } from '../leaks/leak-notification.js';
import { mailOf } from '../mail/mail.js';
import { sectionOf, testSection } from '../mail/mail-words.js';
import type { Channel } from '../subscriptions/check-target.js';
import type { Head } from './head.js';
import { integrationOf, severityOf, type News } from './news.js';

/** What is said of news, whatever they are about. */

/** The text of a webhook about one piece of news. */
export function payloadOf(news: News, language: Language): string {
  return news.kind === 'breach' ? breachPayload(news, language) : leakPayload(news, language);
}

/** What is sent of one piece of news. */
export function payloadFor(
  channel: Channel,
  news: News,
  language: Language,
  publicUrl: string | null,
): string {
  if (channel === 'webhook') return payloadOf(news, language);
  const section = sectionOf(news, language, publicUrl);
  return mailPayload(mailOf(section.title, null, [section], language));
}

/** What is sent to try out the way to a subscriber; it says that it is a test. */
export function testPayload(channel: Channel, alertId: string, breach: Breach, language: Language): string {
  if (channel === 'webhook') {
    return testWebhook({ type: 'fairuse.test', time: breach.openedAt, alertId, breach }, language);
  }
  const section = testSection(breach, language);
  return mailPayload(mailOf(section.title, null, [section], language));
}

/** One piece of news in a line, for lists. */
export function headOf(news: News, language: Language): Head {
  const { type, timestamp, data } = JSON.parse(payloadOf(news, language)) as {
    type: string;
    timestamp: string;
    data: { summary: string; link: string };
  };
  return {
    sequence: news.sequence,
    alertId: news.alertId,
    type,
    timestamp,
    severity: severityOf(news),
    integrationId: integrationOf(news),
    summary: data.summary,
    link: data.link,
  };
}
