/** The page on which ops try a policy on the past: the form, how far it is, what it found, and whom to tell. */
import { actionForm, formsSignature } from './action-form.js';
import { isUnderWay, noticesView, resultView } from './back-test-view.js';
import { command, refused } from './commands.js';
import { instantOfDanish } from './danish-time.js';
import { element, place, redraw } from './dom.js';
import { ask, askAll, SignedOut } from './feeds.js';
import { field, write, written } from './fields.js';
import { speakBothLanguages } from './languages.js';
import { clock, spokenLanguage, text } from './words.js';

/** @typedef {import('./back-test-view.js').BackTest} BackTest */

const FORM = 'back-test';
const ASKED_EVERY_MS = 1_000;

/** @type {BackTest | null} */
let shown = null;
/** @type {import('./back-test-view.js').ComparedCase[]} */
let cases = [];
/** @type {{ items: import('./back-test-view.js').Notice[], isCut: boolean } | null} */
let notices = null;
let problem = '';

function draw() {
  const language = spokenLanguage();
  document.title = `${text('backTest.title')} – Taxameter`;
  place('problem').hidden = problem === '';
  place('problem').textContent = problem;
  redraw(place('try'), JSON.stringify([language, formsSignature()]), formView);
  place('result-section').hidden = shown === null;
  place('told-section').hidden = notices === null;
  const backTest = shown;
  if (backTest) {
    redraw(place('result'), JSON.stringify([language, backTest, cases]), () =>
      resultView(backTest, cases, () => void cancel()),
    );
  }
  const found = notices;
  if (found) {
    redraw(place('notices'), JSON.stringify([language, found]), () => noticesView(found.items, found.isCut));
  }
}

function formView() {
  const take = element(
    'button',
    { type: 'button', class: 'quiet', 'data-key': 'take' },
    text('backTest.take'),
  );
  take.addEventListener('click', () => void fillFrom(() => textOf('/v1/policies/in-force?format=yaml')));
  const file = /** @type {HTMLInputElement} */ (
    element('input', { type: 'file', accept: '.yaml,.yml,.json,text/yaml', 'data-key': 'file' })
  );
  file.addEventListener('change', () => {
    const [chosen] = file.files ?? [];
    if (chosen) void fillFrom(() => chosen.text());
  });
  const content = [
    element('div', { class: 'beside' }, take, element('label', {}, text('backTest.file'), file)),
    field(`${FORM}-yaml`, text('backTest.yaml'), { rows: '14', spellcheck: 'false', class: 'code' }),
    element(
      'div',
      { class: 'beside' },
      field(`${FORM}-from`, text('backTest.from'), { type: 'datetime-local' }),
      field(`${FORM}-to`, text('backTest.to'), { type: 'datetime-local' }),
    ),
  ];
  return [
    actionForm(
      FORM,
      content,
      [{ label: text('backTest.start'), done: text('backTest.started'), send: start }],
      settle,
    ),
  ];
}

/** @param {() => Promise<string>} read */
async function fillFrom(read) {
  const yaml = await read().catch(() => null);
  problem = yaml === null ? text('problem.network') : '';
  if (yaml !== null) {
    write(`${FORM}-yaml`, yaml);
    /** @type {HTMLTextAreaElement} */ (place(`${FORM}-yaml`)).value = yaml;
  }
  draw();
}

/** @param {string} path */
async function textOf(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(String(response.status));
  return response.text();
}

/** What is tried stays in the form: it is tried again with another figure. */
async function start() {
  const kept = ['yaml', 'from', 'to'].map(
    (name) => /** @type {const} */ ([name, written(`${FORM}-${name}`)]),
  );
  const [yaml, from, to] = kept.map(([, value]) => value);
  if (!yaml) return refused(text('backTest.noPolicy'));
  const [begin, end] = [from, to].map((local) => (local ? instantOfDanish(local) : null));
  if (!begin || !end) return refused(text('backTest.noTime'));
  const outcome = await command('/v1/back-tests', { yaml, from: begin, to: end });
  if (outcome.isDone) setTimeout(() => kept.forEach(([name, value]) => refill(name, value)), 0);
  return outcome;
}

/** @param {string} name @param {string} value */
function refill(name, value) {
  write(`${FORM}-${name}`, value);
  /** @type {HTMLInputElement} */ (place(`${FORM}-${name}`)).value = value;
}

/** @type {import('./action-form.js').Settle} */
function settle({ isDone, body }, done) {
  place('announcement').textContent = isDone ? done : '';
  if (isDone) {
    location.hash = body.backTestId;
    void follow(body.backTestId);
  }
  draw();
}

/** Asks for it until it is done, unless another one takes its place. @param {string} backTestId */
async function follow(backTestId) {
  [shown, cases, notices, problem] = [null, [], null, ''];
  const path = `/v1/back-tests/${encodeURIComponent(backTestId)}`;
  const isOurs = () => location.hash.slice(1) === backTestId;
  try {
    for (;;) {
      /** @type {BackTest} */
      const found = await ask(path);
      if (!isOurs()) return;
      shown = found;
      place('as-of').textContent = text('asOf', { time: clock(new Date()) });
      draw();
      if (!isUnderWay(found)) break;
      await new Promise((resume) => setTimeout(resume, ASKED_EVERY_MS));
    }
    const [fresh, sharper] = await Promise.all([
      askAll(`${path}/cases`, { change: 'new' }),
      askAll(`${path}/cases`, { change: 'sharper' }),
    ]);
    const told = shown.state === 'done' ? await askAll(`${path}/notices`) : null;
    if (!isOurs()) return;
    cases = [...fresh.items, ...sharper.items].slice(0, 200);
    notices = told;
  } catch (error) {
    problem = error instanceof SignedOut ? text('partner.signedOut') : text('problem.network');
  }
  draw();
}

async function cancel() {
  if (shown) await command(`/v1/back-tests/${encodeURIComponent(shown.backTestId)}/cancel`, {});
}

speakBothLanguages(draw);
draw();
if (location.hash.length > 1) await follow(location.hash.slice(1));
