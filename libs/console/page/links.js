/** Leads from one page to another. */
import { element } from './dom.js';

/**
 * @param {string} integrationId
 * @param {{ name?: string, breachId?: string }} [about] its name where it is known; the breach that a restriction may rest on
 */
export function integrationLink(integrationId, { name, breachId } = {}) {
  const query = breachId === undefined ? '' : `?${new URLSearchParams({ sag: breachId })}`;
  const href = `/integrationer/${encodeURIComponent(integrationId)}${query}`;
  return element('a', { href, 'data-key': href }, name ?? integrationId);
}

/** @param {string} partnerId @param {string} [name] */
export function partnerLink(partnerId, name) {
  const href = `/partnere/${encodeURIComponent(partnerId)}`;
  return element('a', { href, 'data-key': href }, name ?? partnerId);
}

/** @param {string} breachId @param {string} title */
export function caseLink(breachId, title) {
  const href = `/sager/${encodeURIComponent(breachId)}`;
  return element('a', { href, 'data-key': href }, title);
}
