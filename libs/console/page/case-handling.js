/** What ops do with a case: where the work stands, and a form for each move that can be made from there. */
import { actionForm } from './action-form.js';
import { placeOf } from './case-reader.js';
import { command, refused } from './commands.js';
import { instantOfDanish } from './danish-time.js';
import { element, fact } from './dom.js';
import { field, written, writtenInOneLine } from './fields.js';
import { integrationLink } from './links.js';
import { clock, dated, day, text } from './words.js';

/** @typedef {import('./case-reader.js').Case} Case */
/** @typedef {import('./case-reader.js').Move} Move */
/** @typedef {import('./action-form.js').Settle} Settle */
/** @typedef {import('./commands.js').Outcome} Outcome */
/**
 * @typedef {object} Form
 * @property {string} path
 * @property {(key: string) => import('./dom.js').Child[]} fields
 * @property {(key: string) => Record<string, unknown> | string} bodyOf a text says why it cannot be sent
 */

const reasonField = (/** @type {string} */ key) =>
  field(`${key}-reason`, text('form.reason'), { required: true, maxlength: '500' });
const reasonOf = (/** @type {string} */ key) => ({ reason: writtenInOneLine(`${key}-reason`) });

/** In the order in which a case is worked on. @type {Record<Move, Form>} */
export const FORMS = {
  acknowledge: { path: 'acknowledge', fields: () => [], bodyOf: () => ({}) },
  assign: {
    path: 'assign',
    fields: (key) => [field(`${key}-name`, text('handling.assignTo'), { maxlength: '100' })],
    bodyOf: (key) => ({ assignee: writtenInOneLine(`${key}-name`) || null }),
  },
  contact: {
    path: 'contact',
    fields: (key) => [field(`${key}-until`, text('handling.deadlineOther'), { type: 'datetime-local' })],
    bodyOf: (key) => timeOf(`${key}-until`, 'deadline', {}),
  },
  note: {
    path: 'notes',
    fields: (key) => [
      field(`${key}-text`, text('handling.noteText'), { required: true, rows: '3', maxlength: '2000' }),
    ],
    bodyOf: (key) => ({ note: written(`${key}-text`) }),
  },
  snooze: {
    path: 'snooze',
    fields: (key) => [field(`${key}-until`, text('handling.snoozeUntil'), { type: 'datetime-local' })],
    bodyOf: (key) => timeOf(`${key}-until`, 'until', { until: null }),
  },
  resolve: { path: 'resolve', fields: (key) => [reasonField(key)], bodyOf: reasonOf },
  markFalsePositive: { path: 'false-positive', fields: (key) => [reasonField(key)], bodyOf: reasonOf },
  reopen: { path: 'reopen', fields: (key) => [reasonField(key)], bodyOf: reasonOf },
};

/** @param {Case} breach @param {Settle} settle */
export function handlingView(breach, settle) {
  const { handling, moves, scope, breachId } = breach;
  const { state, assignee, deadline, snoozedUntil, isFalsePositive } = handling;
  const names = /** @type {Move[]} */ (Object.keys(FORMS)).filter((move) => moves.includes(move));
  return [
    element(
      'dl',
      { class: 'facts' },
      ...fact(
        text('handling.state'),
        element(
          'span',
          { class: `badge ${state === 'resolved' ? 'item-ok' : 'severity-info'}` },
          text(isFalsePositive ? 'handling.falsePositive' : `handling.state.${state}`),
        ),
      ),
      ...fact(text('handling.assignee'), assignee ?? text('handling.nobody')),
      ...fact(text('handling.deadline'), deadline ? lastMoment(deadline) : text('handling.noDeadline')),
      ...(snoozedUntil ? fact(text('handling.snoozed'), dated(snoozedUntil)) : []),
    ),
    preparedMessage(handling.contact),
    element('div', { class: 'handling-moves' }, ...names.map((move) => moveForm(move, breach, settle))),
    state !== 'resolved' &&
      element('p', {}, integrationLink(scope.integrationId, { breachId, name: text('handling.restrict') })),
  ];
}

/** Folded, with what it does: opening it and pressing the button are two decisions. @param {Move} move @param {Case} breach @param {Settle} settle */
function moveForm(move, { breachId, handling }, settle) {
  const { path, fields, bodyOf } = FORMS[move];
  const key = `case-${move}`;
  const words = text(`move.${move}`);
  const send = async () => {
    const body = bodyOf(key);
    if (typeof body === 'string') return refused(body);
    return command(`${placeOf(breachId)}/${path}`, { ...body, version: handling.version });
  };
  return element(
    'details',
    { 'data-key': `${key}-details` },
    element('summary', { 'data-key': `${key}-summary` }, words),
    actionForm(
      key,
      [element('p', { class: 'small' }, text(`move.${move}.what`)), ...fields(key)],
      [{ label: words, done: text(`done.${move}`), send }],
      settle,
    ),
  );
}

/** The midnight with which a day ends is told as that day. @param {string} deadline */
export function lastMoment(deadline) {
  return clock(deadline) === clock('2026-01-01T00:00:00+01:00')
    ? day(Date.parse(deadline) - 1)
    : dated(deadline);
}

/** @param {string} key @param {string} name @param {Record<string, unknown>} empty what is sent when nothing was chosen */
function timeOf(key, name, empty) {
  if (written(key) === '') return empty;
  const instant = instantOfDanish(written(key));
  return instant === null ? text('handling.noTime') : { [name]: instant };
}

/** Both languages, since the reader chooses what the partner gets. @param {import('./case-reader.js').Handling['contact']} contact */
function preparedMessage(contact) {
  if (!contact) return null;
  const message = (/** @type {'da' | 'en'} */ language) => {
    const { subject, text: body } = contact[language];
    return element(
      'details',
      { 'data-key': `message-${language}` },
      element('summary', { 'data-key': `message-${language}-summary` }, text(`report.language.${language}`)),
      element(
        'div',
        { class: 'message', lang: language },
        element('h4', {}, subject),
        element('p', { class: 'spoken' }, body),
      ),
      copyButton(`${subject}\n\n${body}`, language),
    );
  };
  return element(
    'div',
    { class: 'prepared' },
    element('h3', {}, text('handling.message')),
    element('p', { class: 'small' }, text('handling.messageWhen', { at: dated(contact.at) })),
    message('da'),
    message('en'),
  );
}

/** @param {string} words @param {string} language */
function copyButton(words, language) {
  const button = element(
    'button',
    { type: 'button', class: 'quiet', 'data-key': `copy-${language}` },
    text('handling.copy'),
  );
  button.addEventListener('click', () => {
    void navigator.clipboard.writeText(words).then(
      () => (button.textContent = text('handling.copied')),
      () => (button.textContent = text('handling.notCopied')),
    );
  });
  return button;
}
