/** When use alone makes a new review necessary: an integration calls with scopes that nobody approved. */
import type { Integration, IntegrationObserved } from '@taxameter/contracts';
import { submit, type Application } from '../application/application.js';
import { ownerAt } from '../integration/integration.js';

const WHY = {
  da: 'Set i brug uden at være ansøgt om.',
  en: 'Seen in use without having been asked for.',
};

/**
 * The application that the system makes in the partner's place, or null when there is nothing to review: a person has approved
 * or rejected all scopes, or an application is under way. To have asked is not enough: who withdraws an application would make
 * its scopes known by that. An integration that was recorded
 * without an application has no approved scopes to hold its use against.
 */
export function scopeReview(
  applicationId: string,
  integration: Integration,
  applications: readonly Application[],
  observed: IntegrationObserved,
  now: Date,
): Application | null {
  const approved = approvedScopes(applications);
  const partnerId = ownerAt(integration, now);
  if (approved === null || partnerId === null) return null;
  if (applications.some(({ state }) => state === 'applied' || state === 'in-review')) return null;
  const decided = applications.filter(({ state }) => state === 'active' || state === 'rejected');
  const known = new Set(decided.flatMap(({ details }) => details.scopes.map(({ scope }) => scope)));
  const unknown = observed.scopes.filter((scope) => !known.has(scope));
  if (unknown.length === 0) return null;
  const why = WHY[approved.details.applicant.language];
  const scopes = [...approved.details.scopes, ...unknown.map((scope) => ({ scope, why }))];
  const details = { ...approved.details, scopes };
  const { integrationId } = integration;
  return submit({ applicationId, partnerId, integrationId, details, openedBySystem: true }, now);
}

/** The application whose scopes hold: the newest that was approved; null when none was. */
export function approvedScopes(applications: readonly Application[]): Application | null {
  const approved = applications.filter(({ state }) => state === 'active');
  return approved.reduce<Application | null>(
    (newest, next) => (newest === null || String(next.decidedAt) >= String(newest.decidedAt) ? next : newest),
    null,
  );
}
