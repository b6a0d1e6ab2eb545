/** The page of applicants: the form and, by the secret in the address, how the application goes. */
import { element, replaceContent } from './dom.js';
import { formView, valuesOf } from './apply-form.js';
import { speakBothLanguages } from './languages.js';
import { day, moment, spokenLanguage, text, textIfKnown } from './words.js';

const place = /** @type {HTMLElement} */ (document.getElementById('apply-body'));

/** After `#`, so that the secret is sent to no server and stands in no log. */
function key() {
  const parameters = new URLSearchParams(location.hash.slice(1));
  const [id, secret] = [parameters.get('id'), parameters.get('secret')];
  return id && secret ? { id, secret } : null;
}

async function draw() {
  document.title = `${text('apply.title')} · Taxameter`;
  const known = key();
  const written = place.querySelector('form');
  const values = written ? [...new FormData(written)] : [];
  replaceContent(place, known ? await standing(known) : formView(apply));
  // Another language must not cost what was written.
  for (const [name, value] of values) {
    const input = place.querySelector(`[name="${name}"]`);
    if (input && 'value' in input) input.value = String(value);
  }
}

/** @param {HTMLFormElement} form */
async function apply(form) {
  const answer = await ask('POST', '/v1/applications', valuesOf(form));
  if (answer.problem !== null) {
    const problem = /** @type {HTMLElement} */ (form.querySelector('.problem'));
    problem.hidden = false;
    problem.textContent = answer.problem;
    return;
  }
  const { application, secret } = answer.body;
  location.hash = new URLSearchParams({ id: application.applicationId, secret }).toString();
}

/** @param {{ id: string, secret: string }} known */
async function standing({ id, secret }) {
  const path = `/v1/applications/${encodeURIComponent(id)}/for-applicant`;
  const { body, problem } = await ask('GET', path, undefined, secret);
  if (problem !== null) return [element('p', { class: 'problem', role: 'alert' }, text('apply.unknown'))];
  const isOpen = ['applied', 'in-review'].includes(body.state);
  const withdraw = element('button', { type: 'button', class: 'quiet' }, text('apply.withdraw'));
  withdraw.addEventListener('click', () => {
    if (!confirm(text('apply.confirm'))) return;
    void ask('POST', `${path}/withdraw`, { version: body.version }, secret).then(draw);
  });
  return [
    element('p', { class: 'lead' }, text('apply.keep')),
    element('h2', {}, body.details.integrationName),
    element('p', {}, element('span', { class: 'badge severity-info' }, stateOf(body.state))),
    body.note && element('p', { class: 'note' }, `${text('apply.note')} ${body.note}`),
    element('h3', {}, text('apply.steps')),
    element(
      'ul',
      {},
      ...body.steps.map((/** @type {any} */ step) =>
        element('li', {}, `${moment(step.at)}: ${step.text[spokenLanguage()]}`),
      ),
    ),
    body.checklist.length > 0 && element('h3', {}, text('checklist.title')),
    element('ul', {}, ...body.checklist.map(itemLine)),
    body.details.testDate &&
      element('p', {}, `${text('application.testDate')}: ${day(body.details.testDate)}`),
    isOpen && withdraw,
  ];
}

/** @param {string} state */
function stateOf(state) {
  return textIfKnown(`apply.${state}`) ?? textIfKnown(`application.${state}`) ?? state;
}

/** @param {import('./readers.js').Item} item */
function itemLine({ state, explanation }) {
  const badge = element('span', { class: `badge item-${state}` }, textIfKnown(`item.${state}`) ?? state);
  return element('li', {}, badge, ` ${explanation[spokenLanguage()]}`);
}

/**
 * @param {string} method @param {string} path @param {unknown} [body] @param {string} [secret]
 * @returns {Promise<{ body: any, problem: string | null }>}
 */
async function ask(method, path, body, secret) {
  const headers = {
    ...(body !== undefined && { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() }),
    ...(secret !== undefined && { authorization: `Bearer ${secret}` }),
  };
  try {
    const response = await fetch(path, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer = await response.json();
    return { body: answer, problem: response.ok ? null : String(answer.detail) };
  } catch {
    return { body: null, problem: text('failed.network') };
  }
}

window.addEventListener('hashchange', () => void draw());

speakBothLanguages(draw);
await draw();
