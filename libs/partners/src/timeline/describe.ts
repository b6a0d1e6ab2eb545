/** The steps of a timeline in words, for people. */
import type { SmsBudget } from '@taxameter/contracts';
import type { Answer } from '../answer/answer.js';
import type { Approval } from '../approval/approval.js';
import type { Restriction } from '../restriction/restriction.js';
import { inWords, type Sentence } from './in-words.js';

export function describeRestrictionStep(action: string, restriction: Restriction): Sentence {
  switch (action) {
    case 'restriction_created':
      return whatItBinds(restriction);
    case 'restriction_changed': {
      const { da, en } = whatItBinds(restriction);
      return { da: `Begrænsningen er ændret. ${da}`, en: `The restriction was changed. ${en}` };
    }
    case 'restriction_lifted':
      return { da: 'Begrænsningen er ophævet.', en: 'The restriction was lifted.' };
    default:
      return { da: 'Begrænsningen er udløbet.', en: 'The restriction has expired.' };
  }
}

export function describeIntegrationStep(action: string, isHandedOver: boolean): Sentence {
  switch (action) {
    case 'integration_created':
      return { da: 'Integrationen er oprettet.', en: 'The integration was recorded.' };
    case 'integration_deactivated':
      return { da: 'Integrationen er deaktiveret.', en: 'The integration was deactivated.' };
    case 'integration_reactivated':
      return { da: 'Integrationen er genoptaget og aktiv igen.', en: 'The integration was reinstated.' };
    default:
      return isHandedOver
        ? { da: 'Integrationen har skiftet ejer.', en: 'The integration has a new owner.' }
        : {
            da: 'Integrationens oplysninger er rettet.',
            en: 'The details of the integration were corrected.',
          };
  }
}

export function describeBudget({ messagesPerQuarter, stopsAtLimit }: SmsBudget): Sentence {
  if (messagesPerQuarter === null) {
    return { da: 'Partneren har fjernet sit SMS-loft.', en: 'The partner has removed its SMS budget.' };
  }
  const stop = stopsAtLimit
    ? { da: ', og SMS stoppes, når det er nået', en: '; SMS stop when it is reached' }
    : { da: ' uden stop', en: ' without a stop' };
  return {
    da: `Partneren har sat et SMS-loft på ${messagesPerQuarter.toLocaleString('da-DK')} SMS pr. kvartal${stop.da}.`,
    en: `The partner has set an SMS budget of ${messagesPerQuarter.toLocaleString('en-GB')} a quarter${stop.en}.`,
  };
}

export function describeAnswer({ kind, answerDueAt }: Pick<Answer, 'kind' | 'answerDueAt'>): Sentence {
  const { da, en } = SAID[kind];
  if (answerDueAt === null) return { da, en };
  const end = inWords(answerDueAt);
  return { da: `${da} Den får svar inden ${end.da}.`, en: `${en} It gets an answer before ${end.en}.` };
}

const SAID: Readonly<Record<Answer['kind'], Sentence>> = {
  reply: {
    da: 'Partneren har skrevet om begrænsningen.',
    en: 'The partner has written about the restriction.',
  },
  mended: { da: 'Partneren melder, at fejlen er rettet.', en: 'The partner says that the fault is mended.' },
  objection: {
    da: 'Partneren gør indsigelse mod begrænsningen.',
    en: 'The partner objects to the restriction.',
  },
  answer: { da: 'Partneren har fået svar.', en: 'The partner was answered.' },
};

export function describeApprovalStep(action: string, { request, expiresAt }: Approval): Sentence {
  const what = REQUESTS[request.kind];
  switch (action) {
    case 'approval_created': {
      const end = inWords(expiresAt);
      const isTemporary = request.kind === 'restriction' && request.isTemporary;
      const da = isTemporary
        ? ' Den gælder straks og ophører af sig selv, hvis ingen godkender den'
        : ' Svarfrist';
      const en = isTemporary
        ? ' It holds at once and ends by itself unless it is approved'
        : ' To be decided';
      return {
        da: `En anden person er bedt om at godkende ${what.da}.${da} inden ${end.da}.`,
        en: `A second person was asked to approve ${what.en}.${en} before ${end.en}.`,
      };
    }
    case 'approval_approved':
      return { da: `En anden person har godkendt ${what.da}.`, en: `A second person approved ${what.en}.` };
    case 'approval_declined':
      return { da: `En anden person har afvist ${what.da}.`, en: `A second person declined ${what.en}.` };
    default:
      return {
        da: `Ingen har godkendt ${what.da} inden fristen.`,
        en: `Nobody approved ${what.en} in time.`,
      };
  }
}

const REQUESTS: Readonly<Record<Approval['request']['kind'], Sentence>> = {
  restriction: { da: 'en begrænsning', en: 'a restriction' },
  extension: { da: 'en forlængelse af en begrænsning', en: 'a longer restriction' },
  deactivation: { da: 'en deaktivering', en: 'a deactivation' },
  reactivation: { da: 'en genaktivering', en: 'a reactivation' },
};

function whatItBinds(restriction: Restriction): Sentence {
  const { mode, limitPerMinute, from, until } = restriction;
  const what = capabilityInWords(restriction.capability);
  const whom = scopeInWords(restriction);
  const end = endInWords(until);
  const begin = inWords(from);
  return mode === 'block'
    ? {
        da: `${what.da} afvises for ${whom.da} fra ${begin.da} ${end.da}.`,
        en: `${what.en} refused for ${whom.en} from ${begin.en} ${end.en}.`,
      }
    : {
        da: `${what.da} begrænses til ${limitPerMinute} i minuttet for ${whom.da} fra ${begin.da} ${end.da}.`,
        en: `${what.en} limited to ${limitPerMinute} a minute for ${whom.en} from ${begin.en} ${end.en}.`,
      };
}

function capabilityInWords(capability: string): Sentence {
  switch (capability) {
    case 'all':
      return { da: 'Alle kald', en: 'All calls are' };
    case 'sms':
      return { da: 'Afsendelse af SMS', en: 'Sending SMS is' };
    case 'reads':
      return { da: 'Kald, der læser,', en: 'Calls that read are' };
    case 'writes':
      return { da: 'Kald, der skriver,', en: 'Calls that write are' };
    default: {
      const route = capability.replace(/^route:/, '');
      return { da: `Kald til ${route}`, en: `Calls of ${route} are` };
    }
  }
}

function scopeInWords({ scope, organizationIds }: Restriction): Sentence {
  if (scope === 'integration') return { da: 'hele integrationen', en: 'the whole integration' };
  const count = organizationIds.length;
  return count === 1
    ? { da: `aftale ${organizationIds[0]}`, en: `agreement ${organizationIds[0]}` }
    : { da: `${count} aftaler`, en: `${count} agreements` };
}

function endInWords(until: string | null): Sentence {
  if (until === null) return { da: 'og indtil videre', en: 'until further notice' };
  const end = inWords(until);
  return { da: `til ${end.da}`, en: `to ${end.en}` };
}
