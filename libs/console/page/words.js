/**
 * Says things in the chosen language: texts, numbers, amounts, dates. Times are always Danish time.
 */
import { TEXTS } from './texts.js';

/** @typedef {import('./texts.js').Language} Language */

const ZONE = 'Europe/Copenhagen';
const LOCALES = { da: 'da-DK', en: 'en-GB' };
const REMEMBERED = 'taxameter.language';

/** @type {Language} */
let language = 'da';

/** Danish unless the reader has chosen English before. */
export function rememberedLanguage() {
  try {
    return localStorage.getItem(REMEMBERED) === 'en' ? 'en' : 'da';
  } catch {
    // Storage may be switched off in a browser: the page then starts in Danish each time.
    return 'da';
  }
}

/** @param {Language} chosen */
export function speak(chosen) {
  language = chosen;
  document.documentElement.lang = chosen;
  try {
    localStorage.setItem(REMEMBERED, chosen);
  } catch {
    // as above
  }
}

/** @returns {Language} */
export function spokenLanguage() {
  return language;
}

/**
 * @param {string} key a key of the table; another gives undefined
 * @param {Record<string, string>} [values]
 * @returns {string | undefined}
 */
export function textIfKnown(key, values = {}) {
  const texts = /** @type {Record<string, string | undefined>} */ (TEXTS[language]);
  const template = Object.hasOwn(texts, key) ? texts[key] : undefined;
  return template?.replaceAll(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/**
 * @param {import('./texts.js').TextKey} key
 * @param {Record<string, string>} [values]
 */
export function text(key, values) {
  return textIfKnown(key, values) ?? key;
}

/** Puts its text into every place of the page that names one. */
export function drawTexts() {
  for (const node of document.querySelectorAll('[data-text]')) {
    node.textContent = textIfKnown(node.getAttribute('data-text') ?? '') ?? '';
  }
  for (const node of document.querySelectorAll('[data-label]')) {
    node.setAttribute('aria-label', textIfKnown(node.getAttribute('data-label') ?? '') ?? '');
  }
}

/**
 * The form of a text that suits a number: `key.one` or `key.other`, with `{count}`.
 * @param {string} key
 * @param {number} count
 */
export function counted(key, count) {
  const form = new Intl.PluralRules(LOCALES[language]).select(count) === 'one' ? 'one' : 'other';
  return textIfKnown(`${key}.${form}`, { count: number(count) }) ?? key;
}

/** @param {number} value */
export function number(value) {
  return new Intl.NumberFormat(LOCALES[language], { maximumFractionDigits: 2 }).format(value);
}

/** @param {number} part @param {number} whole */
export function share(part, whole) {
  const format = { style: /** @type {const} */ ('percent'), maximumFractionDigits: 1 };
  return new Intl.NumberFormat(LOCALES[language], format).format(whole === 0 ? 0 : part / whole);
}

/**
 * A decimal amount in kroner, given as text so that it never passes through a float.
 * @param {string} decimal `1234.50`
 * @param {boolean} [withCurrency]
 */
export function amount(decimal, withCurrency = false) {
  const style = withCurrency
    ? { style: /** @type {const} */ ('currency'), currency: 'DKK' }
    : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  const format = new Intl.NumberFormat(LOCALES[language], style);
  return format.format(/** @type {any} */ (decimal));
}

/** @param {string | number | Date} instant */
export function clock(instant) {
  return when(instant, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}

/** @param {string | number | Date} instant */
export function day(instant) {
  return when(instant, { day: 'numeric', month: 'long', year: 'numeric' });
}

/** Day and time; the year is left out. @param {string | number | Date} instant */
export function moment(instant) {
  const date = when(instant, { weekday: 'short', day: 'numeric', month: 'long' });
  return language === 'da' ? `${date} kl. ${clock(instant)}` : `${date}, ${clock(instant)}`;
}

/** Day with its year, and time: for what may be long ago. @param {string | number | Date} instant */
export function dated(instant) {
  const words =
    language === 'da' ? `${day(instant)} kl. ${clock(instant)}` : `${day(instant)}, ${clock(instant)}`;
  // With spaces that do not break, as in `quarter`.
  return words.replaceAll(' ', '\u00a0');
}

/** `2026-Q3` as people say it; another text stays as it is. @param {string} name */
export function quarter(name) {
  const [, year, digit] = /^(\d{4})-Q([1-4])$/.exec(name) ?? [];
  // With spaces that do not break: in a narrow column it would take three lines.
  return year && digit ? text('quarter', { number: digit, year }).replaceAll(' ', '\u00a0') : name;
}

/** @param {string | number | Date} instant @param {Intl.DateTimeFormatOptions} options */
export function when(instant, options) {
  const date = new Date(instant);
  if (Number.isNaN(date.getTime())) return String(instant);
  return new Intl.DateTimeFormat(LOCALES[language], { timeZone: ZONE, ...options }).format(date);
}
