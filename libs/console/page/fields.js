/** Fields that remember what was written in them: a page that draws itself anew must not lose it. */
import { element } from './dom.js';

/** @typedef {{ value: string, label: string }} Option */

/** What was written and not sent yet, by key of the field. @type {Map<string, string>} */
const drafts = new Map();

/** @param {string} key */
export function written(key) {
  return drafts.get(key)?.trim() ?? '';
}

/** As a text of the API takes it: line breaks are control characters there. @param {string} key */
export function writtenInOneLine(key) {
  return written(key).replaceAll(/\s+/g, ' ');
}

/** @param {string} key @param {string} value */
export function write(key, value) {
  drafts.set(key, value);
}

/** Of all fields whose keys begin so. @param {string} prefix */
export function forget(prefix) {
  for (const key of [...drafts.keys()]) if (key.startsWith(prefix)) drafts.delete(key);
}

/**
 * @param {string} key
 * @param {string} label
 * @param {Record<string, string | boolean>} [attributes] with `rows` it has several lines
 */
export function field(key, label, attributes = {}) {
  const tag = 'rows' in attributes ? 'textarea' : 'input';
  const typed = /** @type {HTMLInputElement} */ (
    element(tag, { id: key, 'data-key': key, autocomplete: 'off', ...attributes })
  );
  typed.value = drafts.get(key) ?? '';
  typed.addEventListener('input', () => drafts.set(key, typed.value));
  return element('label', { for: key }, label, typed);
}

/** A list to choose one from. @param {string} key @param {string} label @param {readonly Option[]} options @param {() => void} onChange */
export function selection(key, label, options, onChange) {
  const chosen = written(key);
  const list = /** @type {HTMLSelectElement} */ (
    element(
      'select',
      { id: key, 'data-key': key },
      ...options.map(({ value, label: words }) =>
        element('option', { value, selected: value === chosen }, words),
      ),
    )
  );
  list.addEventListener('change', () => {
    drafts.set(key, list.value);
    onChange();
  });
  return element('label', { for: key }, label, list);
}

/** One of a few. @param {string} key @param {string} legend @param {readonly Option[]} options @param {() => void} onChange */
export function choice(key, legend, options, onChange) {
  const buttons = options.map(({ value, label }) => {
    const attributes = { name: key, value, checked: value === written(key), 'data-key': `${key}-${value}` };
    const button = element('input', { type: 'radio', ...attributes });
    button.addEventListener('change', () => {
      drafts.set(key, value);
      onChange();
    });
    return element('label', { class: 'option' }, button, label);
  });
  return element('fieldset', { class: 'options' }, element('legend', {}, legend), ...buttons);
}

/** Any number of many. The values hold no blank. @param {string} key @param {string} legend @param {readonly Option[]} options */
export function choices(key, legend, options) {
  const chosen = new Set(chosenOf(key));
  const boxes = options.map(({ value, label }) => {
    const box = /** @type {HTMLInputElement} */ (
      element('input', { type: 'checkbox', checked: chosen.has(value), 'data-key': `${key}-${value}` })
    );
    box.addEventListener('change', () => {
      if (box.checked) chosen.add(value);
      else chosen.delete(value);
      drafts.set(key, [...chosen].join(' '));
    });
    return element('label', { class: 'option' }, box, label);
  });
  return element('fieldset', {}, element('legend', {}, legend), element('div', { class: 'many' }, ...boxes));
}

/** The values chosen of many. @param {string} key */
export function chosenOf(key) {
  return written(key)
    .split(' ')
    .filter((value) => value !== '');
}
