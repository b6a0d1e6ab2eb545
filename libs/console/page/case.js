/** The page of one case: asks for everything every quarter of a minute, and takes what people do with the case. */
import { formsSignature } from './action-form.js';
import { handlingView } from './case-handling.js';
import { readCase } from './case-reader.js';
import { aboutView, reportView, seenView, stepsView } from './case-view.js';
import { place, redraw } from './dom.js';
import { createFeed } from './feeds.js';
import { createSubjectPage, subjectId } from './subject-page.js';
import { spokenLanguage } from './words.js';

const feed = createFeed(() => readCase(subjectId));
const page = createSubjectPage({
  feed,
  section: 'case',
  missing: 'case.missing',
  everyMs: 15_000,
  nameOf: ({ report }) => report.title[spokenLanguage()],
  drawSections,
});

/** Each only when something of its own has changed: somebody may be writing in another. @param {import('./case-reader.js').CasePage} value */
function drawSections(value) {
  const { breach, report, timeline } = value;
  place('handling-section').hidden = breach.moves.length === 0;
  const section = (
    /** @type {string} */ id,
    /** @type {unknown} */ own,
    /** @type {() => import('./dom.js').Child[]} */ view,
  ) => redraw(place(id), JSON.stringify([spokenLanguage(), own]), view);
  section('about', breach, () => aboutView(breach));
  section('seen', [breach, report.limit], () => seenView(value));
  section('handling', [breach.handling, breach.moves, formsSignature()], () => handlingView(breach, settle));
  section('report', report, () => reportView(breach.breachId, report));
  section('timeline', timeline, () => stepsView(timeline));
}

/** After a command: says so, and shows what holds now, also when somebody else was faster. @type {import('./action-form.js').Settle} */
function settle({ isDone, words }, done) {
  page.draw();
  place('announcement').textContent = isDone ? done : '';
  void page.refresh(feed.renew).then(() => {
    // What somebody else has done meanwhile may have taken the form away, and what it was answered with it.
    const isShown = [...document.querySelectorAll('main .problem')].some(
      ({ textContent }) => textContent === words,
    );
    if (words !== '' && !isShown) place('announcement').textContent = words;
    // The form may be gone with what it did: whoever uses a keyboard must not begin at the top again.
    if (document.activeElement !== document.body) return;
    const heading = place('handling-title');
    heading.tabIndex = -1;
    heading.focus();
  });
}

await page.open();
