/** Restricts an integration in two steps: what it shall be, and, with what that would bind in view, the confirmation. */
import { actionForm, resetForm } from './action-form.js';
import { command, question } from './commands.js';
import { element } from './dom.js';
import { chosenOf, forget, write, written, writtenInOneLine } from './fields.js';
import { FIELDS, fieldsOf } from './restrict-fields.js';
import { previewView } from './restrict-preview.js';
import { askingForLimit, termsOf } from './restriction-terms.js';
import { suggestionWords } from './restriction-words.js';
import { text } from './words.js';

/** @typedef {import('./integration-reader.js').IntegrationPage} IntegrationPage */
/** @typedef {import('./restrict-preview.js').Seen} Seen */

/** What waits for the confirmation; null while it is written. @type {Seen | null} */
let seen = null;
/** Why the confirmation was refused. */
let problem = '';
/** Says which limit is proposed, or why none is, in the language of the moment. @type {(() => string) | null} */
let suggestion = null;
/** Number of changes of the form itself: part of what decides whether it is drawn anew. */
let changes = 0;

/** The case that led here is what the restriction rests on, unless the reader takes it out. */
export function beginRestriction() {
  forget(FIELDS);
  const beginning = { scope: 'integration', mode: 'throttle', capability: 'all', reasonCode: 'load' };
  for (const [name, value] of Object.entries(beginning)) write(FIELDS + name, value);
  write(`${FIELDS}breachId`, new URLSearchParams(location.search).get('sag') ?? '');
  seen = null;
  problem = '';
  suggestion = null;
}

/** @param {IntegrationPage} page @param {{ settle: import('./action-form.js').Settle, drawAnew: (focusId?: string) => void }} doing */
export function restrictView(page, doing) {
  return seen ? confirmation(page, seen, doing) : writing(page, doing);
}

export function restrictSignature() {
  return changes;
}

/** @param {IntegrationPage} page @param {Parameters<typeof restrictView>[1]} doing */
function writing({ integration, agreements }, { drawAnew }) {
  const { integrationId } = integration;
  const change = () => {
    changes += 1;
    drawAnew();
  };
  const preview = async () => {
    const terms = currentTerms();
    const reason = writtenInOneLine(`${FIELDS}reason`);
    const outcome = await question('/v1/restrictions/preview', { integrationId, ...terms });
    problem = '';
    if (outcome.isDone) seen = { terms, reason, preview: outcome.body };
    return outcome;
  };
  return [
    problem !== '' && element('p', { class: 'problem', role: 'alert' }, problem),
    actionForm(
      'restrict-preview',
      fieldsOf(agreements, suggestion?.() ?? null, change, () => void suggest(integrationId, change)),
      [{ label: text('restrict.preview'), done: '', send: preview }],
      ({ isDone }) => {
        changes += 1;
        drawAnew(isDone ? 'confirm-title' : undefined);
      },
    ),
  ];
}

function currentTerms() {
  const breachId = written(`${FIELDS}breachId`) || null;
  return termsOf((name) => writtenInOneLine(FIELDS + name), chosenOf(`${FIELDS}agreements`), breachId);
}

/** Asks which throttle would leave normal use alone, and proposes it. @param {string} integrationId @param {() => void} change */
async function suggest(integrationId, change) {
  const asked = askingForLimit(currentTerms());
  const outcome = await question('/v1/restrictions/preview', { integrationId, ...asked });
  const use = outcome.isDone ? outcome.body.use : null;
  if (use) write(`${FIELDS}limit`, String(use.suggestedLimitPerMinute));
  const why = () => (outcome.isDone ? text('restrict.noSuggestion') : outcome.words);
  suggestion = use ? () => suggestionWords(use) : why;
  change();
}

/** @param {IntegrationPage} page @param {Seen} shown @param {Parameters<typeof restrictView>[1]} doing */
function confirmation({ integration, agreements }, shown, { settle, drawAnew }) {
  const { integrationId } = integration;
  const { terms, reason, preview } = shown;
  const { version } = preview;
  const back = (/** @type {string} */ focusId) => {
    seen = null;
    changes += 1;
    resetForm('restrict-confirm');
    drawAnew(focusId);
  };
  const change = element(
    'button',
    { type: 'button', class: 'quiet', 'data-key': 'back' },
    text('restrict.back'),
  );
  change.addEventListener('click', () => back('restrict-title'));
  const ask = (/** @type {boolean} */ isTemporary) => () =>
    command('/v1/approvals', {
      integrationId,
      request: { kind: 'restriction', restriction: terms, isTemporary },
      reason,
      version,
    });
  return [
    element('h3', { id: 'confirm-title', tabindex: '-1' }, text('restrict.confirm')),
    ...previewView(shown, agreements),
    actionForm(
      'restrict-confirm',
      [],
      [
        {
          label: text(terms.mode === 'block' ? 'restrict.blockNow' : 'restrict.throttleNow'),
          done: text('done.restricted'),
          send: () => command('/v1/restrictions', { integrationId, ...terms, reason, version }),
        },
      ],
      (outcome, done) => {
        if (outcome.isDone) beginRestriction();
        if (outcome.needsSecond) changes += 1;
        else {
          problem = outcome.words;
          back('restrict-title');
        }
        settle(outcome, done);
      },
      [
        { label: text('second.ask'), done: text('done.asked'), send: ask(false) },
        { label: text('second.temporary'), done: text('done.temporary'), send: ask(true), isQuiet: true },
      ],
    ),
    element('p', {}, change),
  ];
}
