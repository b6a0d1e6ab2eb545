/** Shows what partner and house have said about a restriction, by when the partner gets an answer, and takes the answer. */
import { actionForm } from './action-form.js';
import { command } from './commands.js';
import { element } from './dom.js';
import { field, written } from './fields.js';
import { bothWords } from './restriction-words.js';
import { dated, text } from './words.js';

/** @typedef {import('./integration-reader.js').OpenRestriction} OpenRestriction */
/** @typedef {import('./integration-reader.js').Said} Said */

/** @param {OpenRestriction} restriction @param {import('./action-form.js').Settle} settle */
export function exchangeView({ restrictionId, said, answerDueAt, isOverdue }, settle) {
  if (said.length === 0) return null;
  return element(
    'section',
    { class: 'guidance', 'aria-label': text('exchange.title') },
    element('h4', {}, text('exchange.title')),
    element('ol', { class: 'exchange' }, ...said.map(saidLine)),
    answerDueAt !== null &&
      element(
        'p',
        {},
        element(
          'span',
          { class: `badge ${isOverdue ? 'severity-critical' : 'severity-warning'}` },
          text(isOverdue ? 'exchange.overdue' : 'exchange.waiting'),
        ),
        ` ${text('exchange.due', { time: dated(answerDueAt) })}`,
      ),
    answerDueAt !== null && answerForm(restrictionId, said.at(-1)?.version ?? 0, settle),
  );
}

/** @param {Said} said */
function saidLine({ kind, text: words, answer, at }) {
  return element(
    'li',
    {},
    element('strong', {}, text(kindKey(kind))),
    ' ',
    element('time', { class: 'small', datetime: at }, dated(at)),
    element('p', { class: 'spoken' }, answer ? bothWords(answer) : words),
  );
}

/** @param {Said['kind']} kind */
function kindKey(kind) {
  return /** @type {const} */ (`said.${kind}`);
}

/** @param {string} restrictionId @param {number} version @param {import('./action-form.js').Settle} settle */
function answerForm(restrictionId, version, settle) {
  const key = `answer-${restrictionId}`;
  const limits = { required: true, maxlength: '2000', rows: '3' };
  return actionForm(
    key,
    [
      field(`${key}-da`, text('answer.da'), { ...limits, lang: 'da' }),
      field(`${key}-en`, text('answer.en'), { ...limits, lang: 'en' }),
    ],
    [
      {
        label: text('answer.send'),
        done: text('done.answered'),
        send: () =>
          command(`/v1/restrictions/${encodeURIComponent(restrictionId)}/answers`, {
            answer: { da: written(`${key}-da`), en: written(`${key}-en`) },
            version,
          }),
      },
    ],
    settle,
  );
}
