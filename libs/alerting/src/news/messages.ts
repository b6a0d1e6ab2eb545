import { breachPayload, type Language } from '../alerts/notification.js';
import { leakPayload } from '../leaks/leak-notification.js';
import { integrationOf, severityOf, type News } from './news.js';

/** What is said of news, whatever they are about. */

/** The text of a webhook about one piece of news. */
export function payloadOf(news: News, language: Language): string {
  return news.kind === 'breach' ? breachPayload(news, language) : leakPayload(news, language);
}

export interface Head {
  readonly sequence: number;
  readonly alertId: string;
  /** As in the webhook. */
  readonly type: string;
  readonly timestamp: string;
  readonly severity: ReturnType<typeof severityOf>;
  readonly integrationId: string;
  readonly summary: string;
  readonly link: string;
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
