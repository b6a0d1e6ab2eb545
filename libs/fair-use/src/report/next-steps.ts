import type { Severity } from '@taxameter/contracts';
import { wholeNumber, type Bilingual } from '../guidance/text.js';
import { lastMoment } from '../handling/in-words.js';
import type { HandlingState } from '../handling/moves.js';

/** Tells a partner what happens next with its case: by when, what may follow, and how it ends. */

export interface Standing {
  readonly severity: Severity;
  readonly state: HandlingState;
  readonly isFalsePositive: boolean;
  /** Null: the case is for information, or settled. */
  readonly deadline: string | null;
}

/** @param reopenWithinMs how long after its end the case is opened again by the same conduct */
export function nextSteps(standing: Standing, reopenWithinMs: number): Bilingual[] {
  if (standing.state === 'resolved') return settledSteps(standing, reopenWithinMs);
  if (standing.deadline === null) {
    return [
      {
        da: 'Det er til orientering. Ret det gerne, næste gang I alligevel arbejder på integrationen.',
        en: 'This is for your information. Please change it the next time you work on the integration.',
      },
    ];
  }
  const end = lastMoment(standing.deadline);
  const isSerious = standing.severity === 'error' || standing.severity === 'critical';
  return [
    { da: `Vi beder jer rette det senest den ${end.da}.`, en: `Please change it no later than ${end.en}.` },
    {
      da:
        'Fortsætter det, kan vi blive nødt til at begrænse adgangen til API’et, enten for hele integrationen eller for de berørte aftaler.' +
        (isSerious ? ' Belaster det API’et for hårdt, kan det ske uden varsel.' : ''),
      en:
        'If it goes on, we may have to restrict access to the API, either for the whole integration or for the agreements concerned.' +
        (isSerious ? ' If the load on the API is too great, this may happen without notice.' : ''),
    },
    {
      da: 'Skriv til os, når det er rettet. Så ser vi på målingerne igen og afslutter sagen.',
      en: 'Write to us when it has been changed. We then look at the measurements again and close the case.',
    },
  ];
}

function settledSteps({ isFalsePositive }: Standing, reopenWithinMs: number): Bilingual[] {
  if (isFalsePositive) {
    return [
      {
        da: 'Sagen er afsluttet som falsk alarm, og I skal ikke gøre noget.',
        en: 'The case was closed as a false positive, and there is nothing you need to do.',
      },
    ];
  }
  const hours = wholeNumber(Math.round(reopenWithinMs / 3_600_000));
  return [
    {
      da: `Sagen er afsluttet. Sker det igen inden for ${hours.da} timer, åbnes den samme sag igen.`,
      en: `The case is closed. If it happens again within ${hours.en} hours, the same case is opened again.`,
    },
  ];
}
