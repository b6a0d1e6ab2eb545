import type { Breach } from '@taxameter/contracts';
import type { Bilingual } from '../guidance/text.js';
import type { Policy } from '../policy/policy.js';
import { nextSteps } from '../report/next-steps.js';
import { savingOf } from '../report/saving.js';

/** Writes to a partner about a case: what was seen, what to change, what that saves, by when, and what happens else. A person sends it. */

export interface ContactText {
  readonly da: { readonly subject: string; readonly text: string };
  readonly en: { readonly subject: string; readonly text: string };
}

/**
 * @param deadline null: the case is for information
 * @param policy the one in force
 */
export function contactText(
  breach: Breach,
  title: Bilingual,
  deadline: string | null,
  policy: Policy,
): ContactText {
  const { breachId, guidance, severity } = breach;
  const { integrationId } = breach.scope;
  const saving = savingOf(breach, policy);
  const steps = nextSteps(
    { severity, state: 'contacted', isFalsePositive: false, deadline },
    policy.reopenWithinMs,
  );
  const middle = [guidance, ...(saving ? [saving.text] : []), ...steps];
  return {
    da: {
      subject: `${title.da}: integrationen ${integrationId}`,
      text: paragraphs(
        'Hej',
        `Vi har set noget i jeres integration ${integrationId}, som vi gerne vil have jer til at ændre: ${title.da}.`,
        ...middle.map(({ da }) => da),
        'Svar på denne besked, hvis I er i tvivl om noget eller gerne vil have hjælp.',
        `Sagsnummer: ${breachId}`,
      ),
    },
    en: {
      subject: `${title.en}: the integration ${integrationId}`,
      text: paragraphs(
        'Hello',
        `We have seen something in your integration ${integrationId} that we would like you to change: ${title.en}.`,
        ...middle.map(({ en }) => en),
        'Reply to this message if you have any questions or would like help.',
        `Case number: ${breachId}`,
      ),
    },
  };
}

function paragraphs(...texts: readonly string[]): string {
  return texts.join('\n\n');
}
