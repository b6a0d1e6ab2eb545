/** Turns the answers of the API about one case into what its page shows. */
import { ask } from './feeds.js';

/** @typedef {{ da: string, en: string }} Sentence */
/** @typedef {{ subject: string, text: string }} Message */
/**
 * @typedef {object} Handling
 * @property {number} version
 * @property {'open' | 'acknowledged' | 'contacted' | 'resolved'} state
 * @property {string | null} assignee
 * @property {string | null} deadline
 * @property {string | null} snoozedUntil
 * @property {boolean} isFalsePositive
 * @property {{ at: string, da: Message, en: Message } | null} contact
 */
/** @typedef {'acknowledge' | 'assign' | 'contact' | 'snooze' | 'resolve' | 'markFalsePositive' | 'reopen' | 'note'} Move */
/**
 * @typedef {import('@taxameter/contracts').Breach & {
 *   peak: { value: number, windowEnd: string }, handling: Handling, moves: Move[],
 * }} Case moves: what the reader can do; a partner nothing
 */
/**
 * @typedef {object} Report
 * @property {Sentence} title
 * @property {number | null} limit what each measurement can be held against
 * @property {{ id: string, title: Sentence, paragraphs: Sentence[] }[]} sections
 */
/**
 * @typedef {object} Step
 * @property {string} at
 * @property {Sentence} text
 * @property {{ id: string | null, role: string } | null} actor null: calls did it
 * @property {string | null} reason
 * @property {string | null} note
 */
/** @typedef {{ breach: Case, report: Report, timeline: { items: Step[], isCut: boolean } }} CasePage timeline: newest first */

const STEPS_SHOWN = 100;

/** @param {string} breachId @returns {Promise<CasePage>} */
export async function readCase(breachId) {
  const place = placeOf(breachId);
  const [breach, report, timeline] = await Promise.all([
    ask(place),
    ask(`${place}/report`),
    ask(`${place}/timeline?limit=${STEPS_SHOWN}`),
  ]);
  return { breach, report, timeline: { items: timeline.items, isCut: timeline.nextCursor !== null } };
}

/** Where the API has a case. @param {string} breachId */
export function placeOf(breachId) {
  return `/v1/breaches/${encodeURIComponent(breachId)}`;
}
