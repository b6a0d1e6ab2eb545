/** A form that sends one command: what it answered stays beside it, and what one person may not do alone is asked for. */
import { element } from './dom.js';
import { forget } from './fields.js';
import { text } from './words.js';

/** @typedef {import('./commands.js').Outcome} Outcome */
/**
 * @typedef {object} Act one button
 * @property {string} label
 * @property {string} done what is said when it was done
 * @property {() => Promise<Outcome>} send
 * @property {boolean} [isQuiet]
 */
/** Draws anew and asks again. @typedef {(outcome: Outcome, done: string) => void} Settle */

/** Why the last command of a form was refused, by its key. @type {Map<string, string>} */
const refusals = new Map();
/** Forms whose command needs a second person. @type {Set<string>} */
const needSecond = new Set();
/** @type {Set<string>} */
const underWay = new Set();

/**
 * @param {string} key also the beginning of the keys of its fields
 * @param {readonly import('./dom.js').Child[]} content
 * @param {readonly Act[]} acts
 * @param {Settle} settle
 * @param {readonly Act[]} [asking] in their place where a second person is needed
 */
export function actionForm(key, content, acts, settle, asking = []) {
  const mustAsk = needSecond.has(key);
  const offered = mustAsk ? asking : acts;
  const buttons = offered.map(({ label, isQuiet }, index) =>
    element('button', { class: isQuiet ? 'quiet' : 'act', 'data-key': `${key}-act-${index}` }, label),
  );
  const refusal = refusals.get(key);
  const form = element(
    'form',
    { class: 'decision' },
    ...content,
    mustAsk && element('p', { class: 'note', role: 'alert' }, text('second.needed')),
    element('p', { class: 'moves' }, ...buttons),
    refusal !== undefined && element('p', { class: 'problem', role: 'alert' }, refusal),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const submitter = /** @type {HTMLElement} */ (event.submitter);
    const act = offered[buttons.indexOf(submitter)] ?? offered[0];
    if (act) void run(key, act, settle);
  });
  return form;
}

/** @param {string} key @param {Act} act @param {Settle} settle */
async function run(key, { send, done }, settle) {
  // A second press while the first is on its way.
  if (underWay.has(key)) return;
  underWay.add(key);
  try {
    const outcome = await send();
    if (outcome.isDone) {
      resetForm(key);
      forget(key);
    } else if (outcome.needsSecond) {
      needSecond.add(key);
      refusals.delete(key);
    } else {
      refusals.set(key, outcome.words);
    }
    settle(outcome, done);
  } finally {
    underWay.delete(key);
  }
}

/** As if it had never been sent; what was written in it stays. @param {string} key */
export function resetForm(key) {
  refusals.delete(key);
  needSecond.delete(key);
}

/** Changes whenever a form would look otherwise: part of what decides whether a section is drawn anew. */
export function formsSignature() {
  return JSON.stringify([[...refusals], [...needSecond]]);
}
