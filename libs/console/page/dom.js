/**
 * Builds elements. Text always goes in as text and never as markup, so nothing that a partner named can become code.
 */

const SVG = 'http://www.w3.org/2000/svg';

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * @param {string} tag
 * @param {Record<string, string | boolean | undefined>} [attributes] false and undefined leave an attribute out
 * @param {...Child} children null, undefined and false are left out
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {...Child} children
 * @returns {SVGElement}
 */
export function drawing(tag, attributes = {}, ...children) {
  const shape = /** @type {SVGElement} */ (document.createElementNS(SVG, tag));
  return fill(shape, attributes, children);
}

/**
 * @template {Element} E
 * @param {E} node
 * @param {Record<string, string | number | boolean | undefined>} attributes
 * @param {Child[]} children
 */
function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    node.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child) node.append(child);
  return node;
}

/**
 * Puts new content into a place without taking away what the reader has opened or is focused on: both are found again
 * by `data-key`.
 * @param {Element} place
 * @param {Child[]} children
 */
export function replaceContent(place, children) {
  const open = new Set(keysOf(place.querySelectorAll('details[open]')));
  const focused = document.activeElement;
  const focusKey = focused && place.contains(focused) ? focused.getAttribute('data-key') : null;
  place.replaceChildren();
  for (const child of children) if (child) place.append(child);
  for (const details of place.querySelectorAll('details')) {
    if (open.has(details.getAttribute('data-key') ?? '')) details.open = true;
  }
  if (focusKey === null) return;
  for (const candidate of place.querySelectorAll('[data-key]')) {
    if (candidate.getAttribute('data-key') === focusKey && candidate instanceof HTMLElement) {
      candidate.focus({ preventScroll: true });
    }
  }
}

/** What each place shows now. @type {WeakMap<Element, string>} */
const drawn = new WeakMap();

/**
 * Puts new content into a place only when something has changed, so that nothing moves under the reader without need.
 * @param {Element} where
 * @param {string} signature of all that the content depends on
 * @param {() => Child[]} view
 */
export function redraw(where, signature, view) {
  if (drawn.get(where) === signature) return;
  drawn.set(where, signature);
  replaceContent(where, view());
}

/** @param {string} id @returns {HTMLElement} @throws Error when the page has no such place */
export function place(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no "${id}"`);
  return found;
}

/** A line of a list of facts (`dl`). @param {string} name @param {Child} value */
export function fact(name, value) {
  return [element('dt', {}, name), element('dd', {}, value)];
}

/** @param {Iterable<Element>} elements */
function keysOf(elements) {
  return [...elements].map((found) => found.getAttribute('data-key') ?? '');
}

/**
 * A table with a caption, in a frame that scrolls by itself on a narrow screen.
 * @param {string} caption read out, not shown
 * @param {readonly { readonly title: string, readonly isNumber?: boolean }[]} columns
 * @param {readonly (readonly Child[])[]} rows the first cell of each is its heading
 * @param {readonly Child[]} [sums] the last row
 */
export function table(caption, columns, rows, sums) {
  const cell = (/** @type {Child} */ content, /** @type {number} */ index) => {
    const kind = columns[index]?.isNumber ? 'number' : undefined;
    return index === 0
      ? element('th', { scope: 'row', class: kind }, content)
      : element('td', { class: kind }, content);
  };
  const line = (/** @type {readonly Child[]} */ row) => element('tr', {}, ...row.map(cell));
  const head = columns.map(({ title, isNumber }) =>
    element('th', { scope: 'col', class: isNumber ? 'number' : undefined }, title),
  );
  return element(
    'div',
    { class: 'frame', tabindex: '0', role: 'region', 'aria-label': caption, 'data-key': caption },
    element(
      'table',
      {},
      element('caption', { class: 'unseen' }, caption),
      element('thead', {}, element('tr', {}, ...head)),
      element('tbody', {}, ...rows.map(line)),
      sums && element('tfoot', {}, line(sums)),
    ),
  );
}
