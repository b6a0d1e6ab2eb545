/** Shows who is billed: the list of partners, and one partner with master data, contacts and history. */
import { element, table } from './dom.js';
import { integrationLink, partnerLink } from './links.js';
import { dated, spokenLanguage, text, textIfKnown } from './words.js';

/** @typedef {import('./readers.js').Partner} Partner */
/** @typedef {import('./partner-reader.js').PartnerPage} PartnerPage */

/** @param {import('./readers.js').Partners} value */
export function partnersView({ partners, isCut }) {
  if (partners.length === 0) return [element('p', { class: 'empty' }, text('partners.empty'))];
  const columns = [
    { title: text('partner.name') },
    { title: text('partner.cvr') },
    { title: text('partner.city') },
    { title: text('partner.delivery') },
    { title: text('partner.email') },
  ];
  const rows = partners.map((partner) => [
    partnerLink(partner.partnerId, partner.name),
    partner.cvr ?? partner.vatNumber ?? unknown(),
    partner.address?.city ?? unknown(),
    delivery(partner),
    partner.email ?? unknown(),
  ]);
  return [
    table(text('partners.title'), columns, rows),
    isCut && element('p', { class: 'small' }, text('more')),
  ];
}

/** @param {Partner} partner */
export function masterDataView(partner) {
  const { address } = partner;
  const lines = address
    ? [address.street, address.street2, `${address.postalCode} ${address.city}`, countryName(address.country)]
    : [];
  /** @type {[import('./texts.js').TextKey, import('./dom.js').Child][]} */
  const facts = [
    ['partner.id', element('code', {}, partner.partnerId)],
    ['partner.cvr', partner.cvr],
    ['partner.vatNumber', partner.vatNumber],
    ['partner.gln', partner.gln],
    ['partner.address', lines.length > 0 && brokenLines(lines.filter((line) => line !== undefined))],
    ['partner.delivery', delivery(partner)],
    ['partner.email', partner.email],
    ['partner.orderNumber', partner.orderNumber],
    ['partner.buyerReference', partner.buyerReference],
    ['partner.language', textIfKnown(`language.${partner.language}`) ?? partner.language],
  ];
  return [
    element(
      'dl',
      { class: 'facts' },
      ...facts.flatMap(([key, value]) => [
        element('dt', {}, text(key)),
        element('dd', {}, value || unknown()),
      ]),
    ),
  ];
}

/** @param {PartnerPage['contacts']} contacts */
export function contactsView(contacts) {
  if (contacts.length === 0) return [element('p', { class: 'empty' }, text('contacts.empty'))];
  const columns = [
    { title: text('partner.name') },
    { title: text('contact.purposes') },
    { title: text('contact.email') },
    { title: text('contact.phone') },
    { title: text('partner.language') },
  ];
  const rows = contacts.map(({ name, purposes, email, phone, language }) => [
    name ?? unknown(),
    purposes.map((purpose) => textIfKnown(`purpose.${purpose}`) ?? purpose).join(', '),
    email
      ? element('a', { href: `mailto:${encodeURIComponent(email)}`, 'data-key': email }, email)
      : unknown(),
    phone ? element('a', { href: `tel:${phone}`, 'data-key': phone }, phone) : unknown(),
    textIfKnown(`language.${language}`) ?? language,
  ]);
  return [table(text('contacts.title'), columns, rows)];
}

/** @param {PartnerPage} page */
export function integrationsView({ integrations }) {
  if (integrations.items.length === 0) {
    return [element('p', { class: 'empty' }, text('integrations.empty'))];
  }
  const columns = [
    { title: text('partner.name') },
    { title: text('integration.id') },
    { title: text('integration.kind') },
  ];
  const rows = integrations.items.map(({ integrationId, name, kind }) => [
    integrationLink(integrationId, { name }),
    element('code', {}, integrationId),
    textIfKnown(`kind.${kind}`) ?? kind,
  ]);
  return [
    table(text('integrations.caption'), columns, rows),
    integrations.isCut && element('p', { class: 'small' }, text('more')),
  ];
}

/** Each version with what it changed from the one before. @param {PartnerPage} page */
export function historyView({ versions, isCut }) {
  const columns = [
    { title: text('history.from') },
    { title: text('history.changed') },
    { title: text('history.actor') },
    { title: text('history.reason') },
  ];
  const rows = versions.map(({ version, from, partner, actor, reason }, index) => [
    element('time', { datetime: from }, dated(from)),
    version === 1 ? text('history.created') : changedFields(partner, versions[index + 1]?.partner),
    byWhom(actor),
    reason ?? '–',
  ]);
  return [
    table(text('history.title'), columns, rows),
    isCut && element('p', { class: 'small' }, text('more')),
  ];
}

/** @param {Partner} partner @param {Partner | undefined} before */
function changedFields(partner, before) {
  if (!before) return '…';
  const names = /** @type {(keyof Partner)[]} */ (Object.keys(partner)).filter(
    (name) => name !== 'version' && JSON.stringify(partner[name]) !== JSON.stringify(before[name]),
  );
  return names.map((name) => textIfKnown(`partner.${name}`) ?? name).join(', ');
}

/** The role says enough to read; the id is for looking somebody up. @param {{ id: string | null, role: string }} actor */
export function byWhom({ id, role }) {
  const words = textIfKnown(`role.${role}`) ?? role;
  return element(
    'span',
    {},
    words,
    id !== null && element('br'),
    id !== null && element('code', { class: 'small' }, id),
  );
}

/** @param {Partner} partner */
function delivery(partner) {
  return textIfKnown(`delivery.${partner.delivery}`) ?? partner.delivery;
}

function unknown() {
  return element('span', { class: 'faint' }, text('partner.unknown'));
}

/** @param {readonly string[]} lines */
function brokenLines(lines) {
  const parts = lines.flatMap((line, index) => (index === 0 ? [line] : [element('br'), line]));
  return element('span', {}, ...parts);
}

/** @param {string} code */
function countryName(code) {
  return new Intl.DisplayNames(spokenLanguage(), { type: 'region' }).of(code) ?? code;
}
