/** The page of one integration: asks for everything every quarter of a minute, and takes what people decide about it. */
import { formsSignature } from './action-form.js';
import { approvalsView } from './approvals-view.js';
import { place, redraw } from './dom.js';
import { ask, createFeed, SignedOut } from './feeds.js';
import { readIntegration } from './integration-reader.js';
import { aboutView, standingView, timelineView } from './integration-view.js';
import { limitsView } from './limits-view.js';
import { beginRestriction, restrictSignature, restrictView } from './restrict-form.js';
import { restrictionsView } from './restrictions-view.js';
import { createSubjectPage, subjectId } from './subject-page.js';
import { spokenLanguage } from './words.js';

/** @typedef {import('./integration-reader.js').IntegrationPage} IntegrationPage */

const feed = createFeed(() => readIntegration(subjectId));
/** Measured by another room, which may not run here: the page does without it. */
const limits = createFeed(() => ask(`/v1/integrations/${encodeURIComponent(subjectId)}/standing`));
const LIMITS_EVERY_MS = 60_000;
/** While some days are not measured yet. */
const LIMITS_NEXT_MS = 1_000;
const page = createSubjectPage({
  feed,
  section: 'integration',
  missing: 'integration.missing',
  everyMs: 15_000,
  nameOf: ({ integration }) => integration.name,
  drawSections,
});

/** Each only when something of its own has changed: somebody may be writing in another. @param {IntegrationPage} value */
function drawSections(value) {
  place('approvals-section').hidden = value.approvals.length === 0;
  place('restrict-section').hidden = !value.moves.some(({ move }) => move === 'restrict');
  const { integration, state, moves, agreements, open, past, approvals, timeline } = value;
  const section = (
    /** @type {string} */ id,
    /** @type {unknown} */ own,
    /** @type {() => import('./dom.js').Child[]} */ view,
  ) => redraw(place(id), JSON.stringify([spokenLanguage(), own]), view);
  const forms = formsSignature();
  place('limits-section').hidden = limits.value === null;
  if (limits.value) section('limits', limits.value, () => limitsView(limits.value));
  section('about', integration, () => aboutView(value));
  section('standing', [integration, state, moves, forms], () => standingView(value, settle));
  section('approvals', [approvals, agreements, forms], () => approvalsView(value, settle));
  section('restrictions', [open, past, agreements, forms], () => restrictionsView(value, settle));
  section('restrict', [agreements, restrictSignature(), forms], () =>
    restrictView(value, { settle, drawAnew }),
  );
  section('timeline', timeline, () => timelineView(timeline));
}

/** @param {string} [focusId] where the reader is led */
function drawAnew(focusId) {
  page.draw();
  if (focusId === undefined) return;
  const target = place(focusId);
  target.tabIndex = -1;
  target.focus();
}

/** After a command: says so, and shows what holds now, also when somebody else was faster. @type {import('./action-form.js').Settle} */
function settle({ isDone, words }, done) {
  const section = /** @type {HTMLElement | null | undefined} */ (document.activeElement?.closest('.card'));
  page.draw();
  place('announcement').textContent = isDone ? done : '';
  void page.refresh(feed.renew).then(() => {
    // Of what somebody else has settled meanwhile the form is gone, and what it was answered with it.
    if (words !== '' && !isShown(words)) place('announcement').textContent = words;
    // The form is gone together with what it was about: whoever uses a keyboard must not begin at the top again.
    if (document.activeElement !== document.body) return;
    const heading = section?.getAttribute('aria-labelledby');
    drawAnew(section?.hidden === false && heading ? heading : 'standing-title');
  });
}

/** @param {string} words */
function isShown(words) {
  return [...document.querySelectorAll('main .problem')].some(({ textContent }) => textContent === words);
}

async function beatLimits() {
  if (!document.hidden) {
    await limits.refresh().catch((error) => {
      // The page itself says that the reader is signed out.
      if (!(error instanceof SignedOut)) throw error;
    });
    page.draw();
  }
  setTimeout(() => void beatLimits(), limits.value?.complete === false ? LIMITS_NEXT_MS : LIMITS_EVERY_MS);
}

beginRestriction();
await page.open();
await beatLimits();
