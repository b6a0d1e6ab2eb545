import type { Breach } from '@taxameter/contracts';
import type { Bilingual } from '../guidance/text.js';
import { lastMoment } from './in-words.js';

/** Writes to a partner about a case: what was seen, what to change, by when, and what happens else. A person sends it. */

export interface ContactText {
  readonly da: { readonly subject: string; readonly text: string };
  readonly en: { readonly subject: string; readonly text: string };
}

/** @param deadline null: the case is for information */
export function contactText(breach: Breach, title: Bilingual, deadline: string | null): ContactText {
  const { breachId, guidance } = breach;
  const { integrationId } = breach.scope;
  const end = deadline === null ? null : lastMoment(deadline);
  return {
    da: {
      subject: `${title.da}: integrationen ${integrationId}`,
      text: paragraphs(
        'Hej',
        `Vi har set noget i jeres integration ${integrationId}, som vi gerne vil have jer til at ændre: ${title.da}.`,
        guidance.da,
        end === null
          ? 'Det er til orientering. Ret det gerne, næste gang I alligevel arbejder på integrationen.'
          : `Vi beder jer rette det senest den ${end.da}. Fortsætter det, kan vi blive nødt til at begrænse integrationens adgang til API’et.`,
        'Svar på denne besked, hvis I er i tvivl om noget eller gerne vil have hjælp.',
        `Sagsnummer: ${breachId}`,
      ),
    },
    en: {
      subject: `${title.en}: the integration ${integrationId}`,
      text: paragraphs(
        'Hello',
        `We have seen something in your integration ${integrationId} that we would like you to change: ${title.en}.`,
        guidance.en,
        end === null
          ? 'This is for your information. Please change it the next time you work on the integration.'
          : `Please change it no later than ${end.en}. If it goes on, we may have to restrict the integration’s access to the API.`,
        'Reply to this message if you have any questions or would like help.',
        `Case number: ${breachId}`,
      ),
    },
  };
}

function paragraphs(...texts: readonly string[]): string {
  return texts.join('\n\n');
}
