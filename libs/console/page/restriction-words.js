/** Says in words what a restriction binds. */
import { element } from './dom.js';
import { dated, number, spokenLanguage, text, textIfKnown } from './words.js';

/** @typedef {Pick<import('./integration-reader.js').Terms, 'mode' | 'limitPerMinute' | 'capability'>} Bound */

const NAMES_SHOWN = 5;

/** `Spærret: afsendelse af SMS`. @param {Bound} terms */
export function boundWords({ mode, limitPerMinute, capability }) {
  const what = capability.startsWith('route:')
    ? text('binds.route', { route: capability.slice('route:'.length) })
    : (textIfKnown(`binds.${capability}`) ?? capability);
  if (mode === 'block') return text('binds.block', { what });
  return text('binds.throttle', { what, limit: number(limitPerMinute ?? 0) });
}

/**
 * @param {{ scope: string, organizationIds: readonly string[] }} terms
 * @param {readonly import('./integration-reader.js').Agreement[]} agreements that are known, for their names
 */
export function whomWords({ scope, organizationIds }, agreements) {
  if (scope === 'integration') return text('binds.everything');
  const names = new Map(agreements.map((agreement) => [agreement.organizationId, agreementWords(agreement)]));
  const shown = organizationIds.slice(0, NAMES_SHOWN).map((id) => names.get(id) ?? id);
  const others = organizationIds.length - shown.length;
  return shown.join(', ') + (others > 0 ? text('binds.others', { count: number(others) }) : '');
}

/** @param {import('./integration-reader.js').Agreement} agreement */
export function agreementWords({ organizationId, name }) {
  return name === null ? organizationId : `${name} (${organizationId})`;
}

/** @param {string | null} until */
export function untilWords(until) {
  return until === null ? text('until.open') : element('time', { datetime: until }, dated(until));
}

/**
 * Which throttle leaves normal use alone, and how that was found.
 * @param {{ suggestedLimitPerMinute: number, rule: { da: string, en: string } }} use
 */
export function suggestionWords({ suggestedLimitPerMinute, rule }) {
  const limit = number(suggestedLimitPerMinute);
  return `${text('restrict.suggested', { limit })} ${rule[spokenLanguage()]}`;
}

/** What the partner reads, in both languages: each is a text of its own and not a translation by the page. @param {{ da: string, en: string }} words */
export function bothWords({ da, en }) {
  return element(
    'span',
    {},
    element('span', { lang: 'da' }, da),
    element('br'),
    element('span', { lang: 'en', class: 'faint' }, en),
  );
}
