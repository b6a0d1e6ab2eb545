/** Turns the answers of the API about one integration into what its page shows. */
import { ask, askAll } from './feeds.js';

/** @typedef {import('@taxameter/contracts').RestrictionTerms} Terms */
/** @typedef {{ da: string, en: string }} Sentence */
/**
 * @typedef {object} Said one thing that partner or house said about a restriction
 * @property {number} version
 * @property {'reply' | 'mended' | 'objection' | 'answer'} kind
 * @property {string | null} text
 * @property {Sentence | null} answer
 * @property {string} at
 */
/**
 * @typedef {object} Effect whether a block works
 * @property {{ refused: number } | null} observed
 * @property {boolean} isLeaking
 * @property {Sentence} text
 * @property {{ gateway: string, knows: boolean, isStale: boolean }[]} gateways
 */
/**
 * @typedef {object} Told what is asked for of a restriction by itself
 * @property {Effect | null} effect null for one that is over
 * @property {Said[]} said oldest first
 * @property {boolean} isOverdue the partner has waited too long
 */
/**
 * @typedef {Terms & {
 *   restrictionId: string, integrationId: string, version: number, phase: 'planned' | 'in_force' | 'over', breachId: string | null,
 *   ended: 'lifted' | 'expired' | null, endedAt: string | null, answerDueAt: string | null,
 * }} Restriction
 */
/** @typedef {Restriction & Told} OpenRestriction */
/**
 * @typedef {object} Approval a request that waits for a second person
 * @property {string} approvalId
 * @property {number} version
 * @property {{ kind: 'restriction', restriction: Terms, isTemporary: boolean } | { kind: 'extension', until: string | null } |
 *   { kind: 'deactivation' } | { kind: 'reactivation' }} request
 * @property {string} reason
 * @property {string} askedBy
 * @property {string} askedAt
 * @property {string} expiresAt
 */
/**
 * @typedef {object} Step
 * @property {string} at
 * @property {Sentence} text
 * @property {{ id: string | null, role: string }} actor
 * @property {string | null} reason
 */
/** @typedef {{ organizationId: string, name: string | null }} Agreement */
/**
 * @typedef {object} IntegrationPage
 * @property {{ integrationId: string, version: number, name: string, kind: string, ownership: { partnerId: string, from: string }[] }} integration
 * @property {string} state
 * @property {{ move: string, to: string, by: string[] }[]} moves
 * @property {Agreement[]} agreements
 * @property {OpenRestriction[]} open in force, planned, or with a partner who waits for an answer; newest first
 * @property {Restriction[]} past the newest first
 * @property {Approval[]} approvals
 * @property {{ items: Step[], isCut: boolean }} timeline newest first
 * @property {boolean} isCut of agreements or restrictions there are more
 */

const STEPS_SHOWN = 50;
const PAST_SHOWN = 50;

/** @param {string} integrationId @returns {Promise<IntegrationPage>} */
export async function readIntegration(integrationId) {
  const place = `/v1/integrations/${encodeURIComponent(integrationId)}`;
  const only = { integrationId };
  const [integration, lifeCycle, agreements, restrictions, waiting, approvals, timeline] = await Promise.all([
    ask(place),
    ask(`${place}/life-cycle`),
    askAll(`${place}/agreements`),
    askAll('/v1/restrictions', only),
    askAll('/v1/replies/waiting'),
    askAll('/v1/approvals', { ...only, state: 'pending' }),
    ask(`${place}/timeline?limit=${STEPS_SHOWN}`),
  ]);
  /** @type {Restriction[]} */
  const newestFirst = restrictions.items.toReversed();
  const isOpen = (/** @type {Restriction} */ one) => one.phase !== 'over' || one.answerDueAt !== null;
  const overdue = new Set(waiting.items.filter((one) => one.isOverdue).map((one) => one.restrictionId));
  const open = newestFirst.filter(isOpen).map((one) => withTold(one, overdue.has(one.restrictionId)));
  const past = newestFirst.filter((one) => !isOpen(one));
  return {
    integration,
    state: lifeCycle.state,
    moves: lifeCycle.moves,
    agreements: agreements.items,
    open: await Promise.all(open),
    past: past.slice(0, PAST_SHOWN),
    approvals: approvals.items,
    timeline: { items: timeline.items, isCut: timeline.nextCursor !== null },
    isCut: agreements.isCut || restrictions.isCut || past.length > PAST_SHOWN,
  };
}

/** @param {Restriction} restriction @param {boolean} isOverdue @returns {Promise<OpenRestriction>} */
async function withTold(restriction, isOverdue) {
  const place = `/v1/restrictions/${encodeURIComponent(restriction.restrictionId)}`;
  const [effect, said] = await Promise.all([
    restriction.phase === 'over' ? null : ask(`${place}/effect`),
    askAll(`${place}/answers`),
  ]);
  return { ...restriction, effect, said: said.items, isOverdue };
}
