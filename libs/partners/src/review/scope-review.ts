/** When use alone makes a new review necessary: an integration calls with scopes that nobody approved. */
import type { Integration, IntegrationObserved } from '@taxameter/contracts';
import { submit, type Application, type ApplicationDetails } from '../application/application.js';
import type { PartnerState } from '../partner/partner.js';

const WHY = {
  da: 'Set i brug uden at være ansøgt om.',
  en: 'Seen in use without having been asked for.',
};
/** In place of what a former owner wrote: that was between it and us. */
const TAKEN_OVER = {
  purpose: {
    da: 'Integrationen er overtaget fra en anden. Hvad den bruges til, er ikke oplyst endnu.',
    en: 'The integration was taken over from somebody else. What it is used for has not been told yet.',
  },
  why: { da: 'Godkendt hos den tidligere ejer.', en: 'Approved for the former owner.' },
};

/**
 * The application that the system makes in the place of the owner, who is its applicant, or null when there is nothing to review: a person has approved
 * or rejected all scopes, or an application is under way. To have asked is not enough: who withdraws an application would make
 * its scopes known by that. An integration that was recorded
 * without an application has no approved scopes to hold its use against.
 */
export function scopeReview(
  applicationId: string,
  integration: Integration,
  owner: PartnerState,
  applications: readonly Application[],
  observed: IntegrationObserved,
  now: Date,
): Application | null {
  const approved = approvedScopes(applications);
  if (approved === null) return null;
  if (applications.some(({ state }) => state === 'applied' || state === 'in-review')) return null;
  const decided = applications.filter(({ state }) => state === 'active' || state === 'rejected');
  const known = new Set(decided.flatMap(({ details }) => details.scopes.map(({ scope }) => scope)));
  const unknown = observed.scopes.filter((scope) => !known.has(scope));
  if (unknown.length === 0) return null;
  const { partnerId, name, cvr, email, language } = owner;
  const held = approved.partnerId === partnerId ? approved.details : takenOver(approved.details, language);
  const why = WHY[language];
  const details = {
    ...held,
    integrationName: integration.name,
    scopes: [...held.scopes, ...unknown.map((scope) => ({ scope, why }))],
    applicant: { name, cvr, email, language },
  };
  const { integrationId } = integration;
  return submit({ applicationId, partnerId, integrationId, details, openedBySystem: true }, now);
}

function takenOver(
  { scopes, ...details }: ApplicationDetails,
  language: PartnerState['language'],
): ApplicationDetails {
  const why = TAKEN_OVER.why[language];
  return {
    ...details,
    purpose: TAKEN_OVER.purpose[language],
    scopes: scopes.map(({ scope }) => ({ scope, why })),
    testDate: null,
  };
}

/** The application whose scopes hold: the newest that was approved; null when none was. */
export function approvedScopes(applications: readonly Application[]): Application | null {
  const approved = applications.filter(({ state }) => state === 'active');
  return approved.reduce<Application | null>(
    (newest, next) => (newest === null || String(next.decidedAt) >= String(newest.decidedAt) ? next : newest),
    null,
  );
}
