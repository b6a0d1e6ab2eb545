/** The steps of an application in words, for people. */
import type { Application } from './application.js';

export function describeApplicationStep(
  action: string,
  kind: Application['kind'],
): { da: string; en: string } {
  switch (action) {
    case 'application_created':
      return kind === 'new'
        ? { da: 'Der er ansøgt om integrationen.', en: 'The integration was applied for.' }
        : {
            da: 'Der er bedt om en ny gennemgang af scopes.',
            en: 'A new review of its scopes was asked for.',
          };
    case 'application_accepted':
      return { da: 'Den tekniske gennemgang er begyndt.', en: 'The technical review has begun.' };
    case 'application_change_asked':
      return { da: 'Ansøgeren er bedt om at ændre noget.', en: 'The applicant was asked for a change.' };
    case 'application_approved':
      return kind === 'new'
        ? { da: 'Integrationen er godkendt.', en: 'The integration was approved.' }
        : { da: 'De ændrede scopes er godkendt.', en: 'The changed scopes were approved.' };
    case 'application_rejected':
      return { da: 'Ansøgningen er afvist.', en: 'The application was rejected.' };
    case 'application_withdrawn':
      return { da: 'Ansøgningen er trukket tilbage.', en: 'The application was withdrawn.' };
    default:
      return { da: 'Ansøgningen er ændret.', en: 'The application was changed.' };
  }
}
