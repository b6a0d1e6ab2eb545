/** Shows what a restriction would bind, before anybody confirms it. */
import { element, fact } from './dom.js';
import {
  agreementWords,
  bothWords,
  boundWords,
  suggestionWords,
  untilWords,
  whomWords,
} from './restriction-words.js';
import { counted, day, number, text, textIfKnown } from './words.js';

/** @typedef {import('./integration-reader.js').Agreement} Agreement */
/**
 * @typedef {object} Use
 * @property {string} day
 * @property {number} callsPerDay
 * @property {number} agreementsWithoutFigures
 * @property {number} suggestedLimitPerMinute
 * @property {{ da: string, en: string }} rule
 */
/**
 * @typedef {object} Preview
 * @property {number} version
 * @property {number} agreementCount
 * @property {Agreement[]} agreements the first 100
 * @property {Use | null} use
 * @property {import('./integration-reader.js').Terms[]} restrictions
 */
/** @typedef {{ terms: any, reason: string, preview: Preview }} Seen `terms` are what the API was asked about */

/** @param {Seen} seen @param {readonly Agreement[]} agreements */
export function previewView({ terms, reason, preview }, agreements) {
  const { use, agreementCount, restrictions } = preview;
  return [
    element(
      'dl',
      { class: 'facts' },
      ...fact(text('restriction.what'), element('strong', {}, boundWords(terms))),
      ...fact(text('restriction.whom'), whomWords(terms, agreements)),
      ...fact(text('preview.calls'), use === null ? text('preview.unknown') : callsWords(use)),
      ...fact(text('preview.agreements'), agreementsView(agreementCount, preview.agreements)),
      ...(terms.mode === 'throttle' && use !== null
        ? fact(text('preview.limit'), limitWords(terms, use))
        : []),
      ...fact(text('restriction.until'), untilWords(terms.until)),
      ...fact(text('restriction.reason'), textIfKnown(`reason-${terms.reasonCode}`) ?? terms.reasonCode),
      ...fact(text('restriction.clause'), terms.clause),
      ...(terms.breachId === null
        ? []
        : fact(text('restriction.breach'), element('code', {}, terms.breachId))),
      ...fact(text('restriction.note'), bothWords(terms.note)),
      ...fact(text('restriction.end'), bothWords(terms.endCondition)),
      ...fact(text('history.reason'), reason),
      ...(restrictions.length === 0
        ? []
        : fact(text('preview.already'), restrictions.map((one) => boundWords(one)).join('; '))),
    ),
  ];
}

/** @param {Use} use */
function callsWords({ callsPerDay, day: until, agreementsWithoutFigures }) {
  const words = text('preview.callsPerDay', { calls: number(callsPerDay), day: day(until) });
  if (agreementsWithoutFigures === 0) return words;
  return `${words} ${counted('preview.without', agreementsWithoutFigures)}`;
}

/** @param {any} terms @param {Use} use */
function limitWords({ limitPerMinute }, use) {
  const isFelt = limitPerMinute < use.suggestedLimitPerMinute;
  const words = suggestionWords(use);
  return isFelt ? `${words} ${text('preview.felt')}` : words;
}

/** @param {number} count @param {readonly Agreement[]} agreements */
function agreementsView(count, agreements) {
  const words = counted('preview.count', count);
  if (agreements.length === 0) return words;
  return element(
    'details',
    { 'data-key': 'preview-agreements' },
    element('summary', { 'data-key': 'preview-summary' }, words),
    element('ul', {}, ...agreements.map((agreement) => element('li', {}, agreementWords(agreement)))),
    count > agreements.length && element('p', { class: 'small' }, text('more')),
  );
}
