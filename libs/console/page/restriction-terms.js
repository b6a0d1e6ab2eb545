/** Makes of a filled-in form what the API takes as a restriction. */
import { instantOfDanish } from './danish-time.js';

/** @typedef {(name: string) => string} Written what was written in a field, on one line; empty where nothing was */

/**
 * @param {Written} written
 * @param {readonly string[]} organizationIds the agreements chosen
 * @param {string | null} breachId the case that it rests on
 */
export function termsOf(written, organizationIds, breachId) {
  const isThrottle = written('mode') === 'throttle';
  const isOfAgreements = written('scope') === 'agreements';
  const capability = written('capability');
  return {
    scope: isOfAgreements ? 'agreements' : 'integration',
    organizationIds: isOfAgreements ? [...organizationIds] : [],
    mode: isThrottle ? 'throttle' : 'block',
    limitPerMinute: isThrottle ? Number(written('limit')) : null,
    capability: capability === 'route' ? `route:${written('route')}` : capability,
    reasonCode: written('reasonCode'),
    clause: written('clause'),
    note: { da: written('noteDa'), en: written('noteEn') },
    endCondition: { da: written('endDa'), en: written('endEn') },
    until: instantOfDanish(written('until')),
    breachId,
  };
}

/**
 * What is asked to learn which throttle would leave normal use alone: the texts are not written yet, and the question changes nothing.
 * @param {ReturnType<typeof termsOf>} terms
 */
export function askingForLimit(terms) {
  const words = { da: '–', en: '–' };
  const unwritten = { until: null, clause: '–', note: words, endCondition: words, breachId: null };
  // Normal use is known of all calls together, whatever is to be restricted.
  return { ...terms, ...unwritten, capability: 'all', limitPerMinute: 1 };
}
