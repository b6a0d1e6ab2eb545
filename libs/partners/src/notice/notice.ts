/**
 * The neutral notice to the customers of the agreements that a restriction binds: what they may notice, and whom to ask. Never why: that
 * is between the house and the partner, and an accusation that turns out wrong cannot be taken back.
 */
import type { Restriction } from '../restriction/restriction.js';
import { inWords, type Sentence } from '../timeline/in-words.js';

export interface Notice {
  readonly subject: Sentence;
  readonly text: Sentence;
}

export function noticeOf(
  restriction: Pick<Restriction, 'mode' | 'capability' | 'from' | 'until'>,
  integrationName: string,
): Notice {
  const what = whatIsNoticed(restriction, integrationName);
  const begin = inWords(restriction.from);
  const end = restriction.until === null ? null : inWords(restriction.until);
  const subject = {
    da: `Om jeres brug af ${integrationName}`,
    en: `About your use of ${integrationName}`,
  };
  return {
    subject,
    text: {
      da: [
        `${what.da} fra ${begin.da}${end ? ` til ${end.da}` : ' og indtil videre'}.`,
        'Jeres regnskab og jeres data er ikke berørt, og I kan arbejde i regnskabsprogrammet, som I plejer.',
        `Har I spørgsmål, så henvend jer til udbyderen af ${integrationName}.`,
      ].join(' '),
      en: [
        `${what.en} from ${begin.en}${end ? ` to ${end.en}` : ' until further notice'}.`,
        'Your accounts and your data are not affected, and you can work in the accounting program as usual.',
        `If you have questions, please ask the provider of ${integrationName}.`,
      ].join(' '),
    },
  };
}

function whatIsNoticed(
  { mode, capability }: Pick<Restriction, 'mode' | 'capability'>,
  name: string,
): Sentence {
  const part = partOf(capability, name);
  return mode === 'block'
    ? { da: `${part.da} er ikke tilgængelig`, en: `${part.en} is not available` }
    : { da: `${part.da} kan være langsommere end sædvanligt`, en: `${part.en} may be slower than usual` };
}

function partOf(capability: string, name: string): Sentence {
  switch (capability) {
    case 'all':
      return { da: `Forbindelsen til ${name}`, en: `The connection to ${name}` };
    case 'sms':
      return { da: `Afsendelse af SMS fra ${name}`, en: `Sending SMS from ${name}` };
    case 'reads':
      return { da: `Hentning af oplysninger til ${name}`, en: `Fetching information for ${name}` };
    case 'writes':
      return { da: `Overførsel af oplysninger fra ${name}`, en: `Transferring information from ${name}` };
    default:
      return { da: `En funktion i ${name}`, en: `A function of ${name}` };
  }
}

export interface NotifiedAgreement {
  readonly organizationId: string;
  readonly name: string | null;
}

/** The agreements as CSV by RFC 4180, safe to open in a spreadsheet: a name that would be a formula is text. */
export function noticeCsv(agreements: readonly NotifiedAgreement[]): string {
  const lines = agreements.map(
    ({ organizationId, name }) => `${cell(organizationId)},${cell(name ?? '')}\r\n`,
  );
  return `organizationId,name\r\n${lines.join('')}`;
}

function cell(value: string): string {
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  // A Danish spreadsheet separates by semicolon: one inside a cell must not make two of it there either.
  return /[",;\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
