/** Turns the answers of the API about one partner into what its page shows. */
import { ask, askAll } from './feeds.js';

/** @typedef {import('./readers.js').Partner} Partner */
/**
 * @typedef {object} Contact name, mail and phone are null where they are not known
 * @property {string | null} name
 * @property {string | null} email
 * @property {string | null} phone
 * @property {string} language
 * @property {string[]} purposes
 */
/**
 * @typedef {object} PartnerVersion
 * @property {number} version
 * @property {string} from
 * @property {{ id: string | null, role: string }} actor
 * @property {string | null} reason
 * @property {Partner} partner
 */
/**
 * @typedef {object} PartnerPage
 * @property {Partner} partner
 * @property {{ items: { integrationId: string, name: string, kind: string }[], isCut: boolean }} integrations that it owns now
 * @property {Contact[]} contacts
 * @property {PartnerVersion[]} versions
 * @property {boolean} isCut of the versions
 */

/** @param {string} partnerId @returns {Promise<PartnerPage>} versions newest first */
export async function readPartner(partnerId) {
  const place = `/v1/partners/${encodeURIComponent(partnerId)}`;
  const [partner, integrations, contacts, versions] = await Promise.all([
    ask(place),
    askAll('/v1/integrations', { partnerId }),
    ask(`${place}/contacts`),
    askAll(`${place}/versions`),
  ]);
  return {
    partner,
    integrations,
    contacts: contacts.items,
    versions: versions.items,
    isCut: versions.isCut,
  };
}
