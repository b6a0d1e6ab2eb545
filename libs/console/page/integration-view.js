/** Shows where an integration stands, the moves from there, and what has happened to it. */
import { actionForm } from './action-form.js';
import { command, refused } from './commands.js';
import { element, table } from './dom.js';
import { field, written, writtenInOneLine } from './fields.js';
import { partnerLink } from './links.js';
import { byWhom } from './partners-view.js';
import { dated, spokenLanguage, text, textIfKnown } from './words.js';

/** @typedef {import('./integration-reader.js').IntegrationPage} IntegrationPage */
/** @typedef {import('./action-form.js').Settle} Settle */

/** @type {Readonly<Record<string, string>>} */
const BADGES = {
  active: 'item-ok',
  restricted: 'severity-warning',
  deactivated: 'severity-critical',
  rejected: 'severity-critical',
  withdrawn: 'severity-critical',
};
/**
 * Where on the pages a move is made; one that is not here has a form in this section, or is not made by our people.
 * @type {Readonly<Record<string, string>>}
 */
const PLACES = {
  restrict: '#restrict-title',
  lift: '#restrictions-title',
  accept: '/#applications',
  ask: '/#applications',
  approve: '/#applications',
  reject: '/#applications',
};

/** @param {IntegrationPage} page */
export function aboutView({ integration }) {
  const { ownership } = integration;
  const owner = ownership.findLast(({ from }) => Date.parse(from) <= Date.now()) ?? ownership[0];
  return [
    element('code', {}, integration.integrationId),
    ` · ${textIfKnown(`kind.${integration.kind}`) ?? integration.kind}`,
    ...(owner ? [` · ${text('integration.owner')} `, partnerLink(owner.partnerId)] : []),
  ];
}

/** @param {IntegrationPage} page @param {Settle} settle */
export function standingView({ integration, state, moves }, settle) {
  const columns = [
    { title: text('standing.move') },
    { title: text('standing.to') },
    { title: text('standing.by') },
  ];
  const rows = moves.map(({ move, to, by }) => [
    moveWords(move),
    stateWords(to),
    by.map((mover) => textIfKnown(`mover.${mover}`) ?? mover).join(', '),
  ]);
  const can = (/** @type {string} */ move) => moves.some((one) => one.move === move);
  return [
    element(
      'p',
      {},
      `${text('standing.now')} `,
      element('span', { class: `badge ${BADGES[state] ?? 'severity-info'}` }, stateWords(state)),
    ),
    rows.length > 0
      ? table(text('standing.moves'), columns, rows)
      : element('p', {}, text('standing.noMoves')),
    can('deactivate') && statusForm(integration, 'deactivate', settle),
    can('reinstate') && statusForm(integration, 'reinstate', settle),
  ];
}

/** @param {string} state */
function stateWords(state) {
  return textIfKnown(`state.${state}`) ?? state;
}

/** @param {string} move */
function moveWords(move) {
  const words = textIfKnown(`lifeCycle.${move}`) ?? move;
  const href = PLACES[move];
  return href === undefined ? words : element('a', { href, 'data-key': `move-${move}` }, words);
}

/**
 * Deactivating stops everything, so the name is typed to confirm it.
 * @param {IntegrationPage['integration']} integration @param {'deactivate' | 'reinstate'} move @param {Settle} settle
 */
function statusForm({ integrationId, version, name }, move, settle) {
  const isDeactivation = move === 'deactivate';
  const path = `/v1/integrations/${encodeURIComponent(integrationId)}/${isDeactivation ? 'deactivate' : 'reactivate'}`;
  const isNamed = () => !isDeactivation || written(`${move}-name`) === name;
  const reason = () => writtenInOneLine(`${move}-reason`);
  const send = async (/** @type {() => Promise<import('./commands.js').Outcome>} */ sending) =>
    isNamed() ? sending() : refused(text('deactivate.wrongName', { name }));
  const request = { kind: isDeactivation ? 'deactivation' : 'reactivation' };
  const words = text(isDeactivation ? 'lifeCycle.deactivate' : 'lifeCycle.reinstate');
  const form = actionForm(
    move,
    [
      isDeactivation && element('p', {}, text('deactivate.what')),
      field(`${move}-reason`, text('form.reason'), { required: true, maxlength: '500' }),
      isDeactivation && field(`${move}-name`, text('deactivate.name', { name }), { required: true }),
    ],
    [
      {
        label: words,
        done: text(isDeactivation ? 'done.deactivated' : 'done.reinstated'),
        send: () => send(() => command(path, { reason: reason(), version })),
      },
    ],
    settle,
    [
      {
        label: text('second.ask'),
        done: text('done.asked'),
        send: () => send(() => command('/v1/approvals', { integrationId, request, reason: reason() })),
      },
    ],
  );
  return element(
    'details',
    { 'data-key': `${move}-details` },
    element('summary', { 'data-key': `${move}-summary` }, words),
    form,
  );
}

/** @param {IntegrationPage['timeline']} timeline */
export function timelineView({ items, isCut }) {
  const columns = [
    { title: text('timeline.at') },
    { title: text('timeline.what') },
    { title: text('history.actor') },
    { title: text('history.reason') },
  ];
  const rows = items.map((step) => [
    element('time', { datetime: step.at }, dated(step.at)),
    step.text[spokenLanguage()],
    byWhom(step.actor),
    step.reason ?? '–',
  ]);
  return [
    table(text('timeline.caption'), columns, rows),
    isCut && element('p', { class: 'small' }, text('more')),
  ];
}
