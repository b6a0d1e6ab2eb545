/** Shows what restricts an integration: in force with whether it works, and what is over. */
import { element, fact, table } from './dom.js';
import { exchangeView } from './exchange-view.js';
import { changeView, liftView } from './restriction-change.js';
import { bothWords, boundWords, untilWords, whomWords } from './restriction-words.js';
import { counted, dated, spokenLanguage, text, textIfKnown } from './words.js';

/** @typedef {import('./integration-reader.js').IntegrationPage} IntegrationPage */
/** @typedef {import('./integration-reader.js').OpenRestriction} OpenRestriction */
/** @typedef {import('./action-form.js').Settle} Settle */

/** @param {IntegrationPage} page @param {Settle} settle */
export function restrictionsView({ open, past, agreements, isCut }, settle) {
  const cards = open.map((one) => element('li', {}, card(one, agreements, settle)));
  return [
    cards.length === 0
      ? element('p', { class: 'empty calm' }, text('restrictions.none'))
      : element('ul', { class: 'cases' }, ...cards),
    past.length > 0 && pastView(past, agreements),
    isCut && element('p', { class: 'small' }, text('more')),
  ];
}

/** @param {OpenRestriction} restriction @param {IntegrationPage['agreements']} agreements @param {Settle} settle */
function card(restriction, agreements, settle) {
  const { restrictionId, phase, mode, reasonCode, clause, from, until, note, endCondition, breachId } =
    restriction;
  return element(
    'article',
    { class: `case case-${mode === 'block' ? 'error' : 'warning'}`, 'aria-labelledby': restrictionId },
    element(
      'div',
      { class: 'case-head' },
      element('h3', { id: restrictionId }, boundWords(restriction)),
      element('span', { class: 'badge' }, text(phaseKey(phase))),
    ),
    effectView(restriction),
    element(
      'dl',
      { class: 'facts' },
      ...fact(text('restriction.whom'), whomWords(restriction, agreements)),
      ...fact(text('restriction.reason'), textIfKnown(`reason-${reasonCode}`) ?? reasonCode),
      ...fact(text('restriction.clause'), clause),
      ...fact(text('restriction.from'), element('time', { datetime: from }, dated(from))),
      ...fact(text('restriction.until'), untilWords(until)),
      ...fact(text('restriction.note'), bothWords(note)),
      ...fact(text('restriction.end'), bothWords(endCondition)),
      ...(breachId === null ? [] : fact(text('restriction.breach'), element('code', {}, breachId))),
    ),
    exchangeView(restriction, settle),
    phase !== 'over' && changeView(restriction, settle),
    phase !== 'over' && liftView(restriction, settle),
  );
}

/** @param {OpenRestriction['phase']} phase */
function phaseKey(phase) {
  return /** @type {const} */ (`phase.${phase}`);
}

/** Whether it works, and which gateways have heard of it. @param {OpenRestriction} restriction */
function effectView({ effect, mode }) {
  if (effect === null) return null;
  const { observed, isLeaking, gateways } = effect;
  const works = observed !== null && observed.refused > 0;
  const verdict = isLeaking ? 'conclusion conclusion-wrong' : works ? 'conclusion' : 'small';
  const unaware = gateways.filter(({ knows }) => !knows);
  const names = unaware.map(({ gateway, isStale }) =>
    isStale ? text('effect.stale', { gateway }) : gateway,
  );
  return element(
    'div',
    { class: 'effect' },
    mode === 'block' && element('p', { class: verdict }, effect.text[spokenLanguage()]),
    element(
      'p',
      { class: 'small' },
      gateways.length === 0
        ? text('effect.noGateways')
        : unaware.length === 0
          ? counted('effect.allKnow', gateways.length)
          : text('effect.unaware', { gateways: names.join(', ') }),
    ),
  );
}

/** @param {IntegrationPage['past']} past @param {IntegrationPage['agreements']} agreements */
function pastView(past, agreements) {
  const columns = [
    { title: text('restriction.what') },
    { title: text('restriction.whom') },
    { title: text('restriction.reason') },
    { title: text('restriction.clause') },
    { title: text('restriction.from') },
    { title: text('restriction.ended') },
  ];
  const rows = past.map((one) => [
    boundWords(one),
    whomWords(one, agreements),
    textIfKnown(`reason-${one.reasonCode}`) ?? one.reasonCode,
    one.clause,
    dated(one.from),
    // Over, though nobody has written it down yet, is what has run out.
    `${text(one.ended === 'lifted' ? 'ended.lifted' : 'ended.expired')} ${dated(one.endedAt ?? one.until ?? '')}`,
  ]);
  return element(
    'details',
    { 'data-key': 'past' },
    element('summary', { 'data-key': 'past-summary' }, counted('restrictions.past', past.length)),
    table(text('restrictions.pastCaption'), columns, rows),
  );
}
