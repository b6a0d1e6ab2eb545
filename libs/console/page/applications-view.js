/** Shows open applications: who, what for, what the calls show, and the decisions that a person can take. */
import { decide } from './decisions.js';
import { element, fact, table } from './dom.js';
import { field, forget, written } from './fields.js';
import { integrationLink } from './links.js';
import { day, moment, number, share, spokenLanguage, text, textIfKnown } from './words.js';

/** @typedef {import('./readers.js').Application} Application */
/** @typedef {import('./readers.js').Item} Item */

/** What the last decision was answered, by application. @type {Map<string, string>} */
const refusals = new Map();

/**
 * @param {import('./readers.js').Applications} value
 * @param {() => void} onDecided
 */
export function applicationsView({ applications, isCut }, onDecided) {
  if (applications.length === 0) return [element('p', { class: 'empty calm' }, text('applications.empty'))];
  return [
    element('ul', { class: 'cases' }, ...applications.map((one) => element('li', {}, card(one, onDecided)))),
    isCut && element('p', { class: 'small' }, text('more')),
  ];
}

/** @param {Application} application @param {() => void} onDecided */
function card(application, onDecided) {
  const { applicationId, kind, state, details, integrationId, submittedAt, awaitsAnswer } = application;
  return element(
    'article',
    {
      class: `case application case-${state === 'applied' ? 'info' : 'warning'}`,
      'aria-labelledby': `title-${applicationId}`,
    },
    element(
      'div',
      { class: 'case-head' },
      element('h3', { id: `title-${applicationId}` }, details.integrationName),
      element('span', { class: 'badge severity-info' }, textIfKnown(`application.${state}`) ?? state),
      kind === 'scopes' && element('span', { class: 'badge' }, text('application.scopes')),
      awaitsAnswer && element('span', { class: 'badge severity-warning' }, text('application.awaits')),
    ),
    element(
      'dl',
      { class: 'facts' },
      ...fact(text('application.applicant'), nameOf(details.applicant)),
      ...fact(text('application.submitted'), moment(submittedAt)),
      ...(integrationId === null ? [] : fact(text('breach.integration'), integrationLink(integrationId))),
      ...fact(text('application.expected'), expectedOf(details.expected)),
      ...(details.testDate === null ? [] : fact(text('application.testDate'), day(details.testDate))),
    ),
    element('p', { class: 'purpose' }, details.purpose),
    scopesOf(details.scopes),
    checklistOf(application),
    decisionOf(application, onDecided),
  );
}

/** @param {Application['details']['applicant']} applicant */
function nameOf({ name, cvr, email }) {
  return [name, cvr && `CVR ${cvr}`, email].filter(Boolean).join(' · ');
}

/** @param {Application['details']['expected']} expected */
function expectedOf({ callsPerDay, smsPerMonth }) {
  return text('application.volume', { calls: number(callsPerDay), sms: number(smsPerMonth) });
}

/** @param {Application['details']['scopes']} scopes */
function scopesOf(scopes) {
  const columns = [{ title: text('application.scope') }, { title: text('application.why') }];
  const rows = scopes.map(({ scope, why }) => [element('code', {}, scope), why]);
  return table(text('application.scopesCaption'), columns, rows);
}

/** @param {Application} application */
function checklistOf({ applicationId, checklist, observedUntil, details }) {
  if (checklist.length === 0) return null;
  const columns = [
    { title: text('checklist.item') },
    { title: text('checklist.state') },
    { title: text('checklist.figure'), isNumber: true },
    { title: text('checklist.limit'), isNumber: true },
    { title: text('checklist.explanation') },
  ];
  const rows = checklist.map((item) => [
    textIfKnown(`checklist.${item.id}`) ?? item.id,
    element('span', { class: `badge item-${item.state}` }, text(stateKey(item.state))),
    figure(item, item.figure),
    figure(item, item.limit),
    item.explanation[spokenLanguage()],
  ]);
  return element(
    'div',
    { class: 'review' },
    element('h4', {}, text('checklist.title')),
    table(text('checklist.caption', { name: details.integrationName, id: applicationId }), columns, rows),
    element(
      'p',
      { class: 'small' },
      observedUntil === null
        ? text('checklist.noCalls')
        : text('checklist.until', { time: moment(observedUntil) }),
    ),
  );
}

/** @param {Item['state']} state */
function stateKey(state) {
  return /** @type {const} */ (`item.${state}`);
}

/** @param {Item} item @param {number | null} value */
function figure({ unit }, value) {
  if (value === null) return '–';
  return unit === 'ratio' ? share(value, 1) : number(value);
}

/** The note goes to the applicant; to begin a review takes the client id instead. @param {Application} application @param {() => void} onDecided */
function decisionOf(application, onDecided) {
  const { applicationId, state, details } = application;
  const isNew = state === 'applied';
  const language = text(
    details.applicant.language === 'da' ? 'application.inDanish' : 'application.inEnglish',
  );
  const moves = isNew ? ['accept', 'reject'] : ['approve', 'ask', 'reject'];
  const refusal = refusals.get(applicationId);
  const form = element(
    'form',
    { class: 'decision' },
    isNew && field(`integrationId-${applicationId}`, text('application.clientId'), { maxlength: '100' }),
    field(`note-${applicationId}`, `${text('application.note')} (${language})`, {
      maxlength: '1000',
      rows: '2',
    }),
    element('p', { class: 'moves' }, ...moves.map((move) => button(application, move, onDecided))),
    element('p', { class: 'problem', role: 'alert', hidden: refusal === undefined }, refusal),
  );
  // A decision is one of the buttons: the enter key in a field is none.
  form.addEventListener('submit', (event) => event.preventDefault());
  return form;
}

/** @param {Application} application @param {string} move @param {() => void} onDecided */
function button(application, move, onDecided) {
  const { applicationId } = application;
  const key = `${move}-${applicationId}`;
  const made = element(
    'button',
    { type: 'button', class: move === 'reject' ? 'quiet' : 'act', 'data-key': key },
    textIfKnown(`move.${move}`) ?? move,
  );
  made.addEventListener('click', () => {
    const note = written(`note-${applicationId}`);
    const integrationId = written(`integrationId-${applicationId}`);
    void decide(application, move, { note, integrationId }).then((refusal) => {
      if (refusal === null) {
        refusals.delete(applicationId);
        forget(`note-${applicationId}`);
        forget(`integrationId-${applicationId}`);
      } else refusals.set(applicationId, refusal);
      onDecided();
    });
  });
  return made;
}

/** Changes whenever a refusal does: part of what decides whether the section is drawn anew. */
export function refusalSignature() {
  return JSON.stringify([...refusals]);
}
