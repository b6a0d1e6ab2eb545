/** A page about one partner or one integration: its name, when it was asked, and what is wrong when there is nothing to show. */
import { place } from './dom.js';
import { SignedOut } from './feeds.js';
import { speakBothLanguages } from './languages.js';
import { clock, text } from './words.js';

/** The last part of the address. */
export const subjectId = decodeURIComponent(location.pathname.split('/').at(-1) ?? '');

/**
 * @template T
 * @typedef {object} Subject
 * @property {import('./feeds.js').Feed<T>} feed
 * @property {string} section the part of the page that is there when there is something to show
 * @property {string} missing the text for what does not exist
 * @property {(value: T) => string} nameOf
 * @property {(value: T) => void} drawSections
 * @property {number} everyMs how often it is asked for while somebody looks
 */

/**
 * @template T
 * @param {Subject<T>} subject
 */
export function createSubjectPage({ feed, section, missing, nameOf, drawSections, everyMs }) {
  let isSignedOut = false;

  function draw() {
    const { state, value, at, reason } = feed;
    const problem = isSignedOut
      ? text('partner.signedOut')
      : state === 'absent'
        ? text(missing)
        : reason && text(`failed.${reason.kind}`, { status: String(reason.status || '?') });
    place('problem').hidden = !problem;
    place('problem').textContent = problem ?? '';
    place(section).hidden = !value;
    if (!value) return;
    place('name').textContent = nameOf(value);
    document.title = `${nameOf(value)} – Taxameter`;
    place('as-of').textContent = at ? text('asOf', { time: clock(at) }) : '';
    drawSections(value);
  }

  /** @param {() => Promise<void>} asking */
  async function refresh(asking) {
    try {
      await asking();
      isSignedOut = false;
    } catch (error) {
      if (!(error instanceof SignedOut)) throw error;
      isSignedOut = true;
    }
    draw();
  }

  async function beat() {
    if (!document.hidden) await refresh(feed.refresh);
    setTimeout(() => void beat(), everyMs);
  }

  async function open() {
    speakBothLanguages(draw);
    draw();
    await beat();
  }

  return { draw, refresh, open };
}
