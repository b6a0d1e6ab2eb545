/** Shows what waits for a second person, and takes the decision. */
import { actionForm } from './action-form.js';
import { command } from './commands.js';
import { element, fact } from './dom.js';
import { field, writtenInOneLine } from './fields.js';
import { bothWords, boundWords, untilWords, whomWords } from './restriction-words.js';
import { dated, text, textIfKnown } from './words.js';

/** @typedef {import('./integration-reader.js').Approval} Approval */
/** @typedef {import('./integration-reader.js').IntegrationPage} IntegrationPage */

/** @param {IntegrationPage} page @param {import('./action-form.js').Settle} settle */
export function approvalsView({ approvals, agreements }, settle) {
  const cards = approvals.map((one) => element('li', {}, card(one, agreements, settle)));
  return [element('ul', { class: 'cases' }, ...cards)];
}

/** @param {Approval} approval @param {IntegrationPage['agreements']} agreements @param {import('./action-form.js').Settle} settle */
function card(approval, agreements, settle) {
  const { approvalId, request, reason, askedBy, askedAt, expiresAt } = approval;
  const isTemporary = request.kind === 'restriction' && request.isTemporary;
  return element(
    'article',
    { class: 'case case-warning', 'aria-labelledby': approvalId },
    element(
      'div',
      { class: 'case-head' },
      element('h3', { id: approvalId }, titleOf(request)),
      isTemporary && element('span', { class: 'badge severity-error' }, text('approval.temporary')),
    ),
    element(
      'dl',
      { class: 'facts' },
      ...detailsOf(request, agreements),
      ...fact(text('history.reason'), reason),
      ...fact(text('approval.askedBy'), element('code', {}, askedBy)),
      ...fact(text('approval.askedAt'), dated(askedAt)),
      ...fact(text('approval.expiresAt'), dated(expiresAt)),
    ),
    decisionForm(approval, settle),
  );
}

/** @param {Approval['request']} request */
function titleOf(request) {
  if (request.kind === 'restriction') return boundWords(request.restriction);
  return text(/** @type {const} */ (`request.${request.kind}`));
}

/** @param {Approval['request']} request @param {IntegrationPage['agreements']} agreements */
function detailsOf(request, agreements) {
  if (request.kind === 'extension') return fact(text('restriction.until'), untilWords(request.until));
  if (request.kind !== 'restriction') return [];
  const { restriction } = request;
  return [
    ...fact(text('restriction.whom'), whomWords(restriction, agreements)),
    ...fact(
      text('restriction.reason'),
      textIfKnown(`reason-${restriction.reasonCode}`) ?? restriction.reasonCode,
    ),
    ...fact(text('restriction.clause'), restriction.clause),
    ...fact(text('restriction.until'), untilWords(restriction.until)),
    ...fact(text('restriction.note'), bothWords(restriction.note)),
    ...fact(text('restriction.end'), bothWords(restriction.endCondition)),
  ];
}

/** @param {Approval} approval @param {import('./action-form.js').Settle} settle */
function decisionForm({ approvalId, version }, settle) {
  const key = `approval-${approvalId}`;
  const send = (/** @type {'approve' | 'decline'} */ verdict) => () =>
    command(`/v1/approvals/${encodeURIComponent(approvalId)}/${verdict}`, {
      reason: writtenInOneLine(`${key}-reason`),
      version,
    });
  return actionForm(
    key,
    [field(`${key}-reason`, text('form.reason'), { required: true, maxlength: '500' })],
    [
      { label: text('approval.approve'), done: text('done.approved'), send: send('approve') },
      { label: text('approval.decline'), done: text('done.declined'), send: send('decline'), isQuiet: true },
    ],
    settle,
  );
}
