/** Shows breach cases: who, by how much, since when, what to do, and the evidence. */
import { drawing, element, fact, table } from './dom.js';
import { caseLink, integrationLink } from './links.js';
import { clock, counted, moment, number, spokenLanguage, text, textIfKnown } from './words.js';

/** @typedef {import('./readers.js').Breach} Breach */

const SEVERITIES = /** @type {const} */ (['info', 'warning', 'error', 'critical']);
const METER_WIDTH = 240;

/** As many cases of one integration are folded into one line. */
const FOLDED_FROM = 4;

/**
 * What one integration does is one story, however many of its agreements it does it to.
 * @param {import('./readers.js').Breaches} value
 * @param {ReadonlySet<string>} shown ids that the reader has before him; others wait until he asks for them
 */
export function breachesView({ breaches, titles, isCut }, shown) {
  if (breaches.length === 0) return [element('p', { class: 'empty calm' }, text('breaches.empty'))];
  const items = [...groupsOf(breaches, shown)].map(([integrationId, group]) =>
    element('li', {}, groupOf(integrationId, group, titles)),
  );
  return [
    element('ul', { class: 'cases' }, ...items),
    isCut && element('p', { class: 'small' }, text('more')),
  ];
}

/**
 * By integration, in the order in which its first case comes.
 * @param {readonly Breach[]} breaches @param {ReadonlySet<string>} shown
 */
export function groupsOf(breaches, shown) {
  /** @type {Map<string, Breach[]>} */
  const groups = new Map();
  for (const breach of breaches) {
    if (!shown.has(breach.breachId)) continue;
    const { integrationId } = breach.scope;
    const group = groups.get(integrationId);
    if (group) group.push(breach);
    else groups.set(integrationId, [breach]);
  }
  return groups;
}

/** @param {string} integrationId @param {readonly Breach[]} group @param {import('./readers.js').Breaches['titles']} titles */
function groupOf(integrationId, group, titles) {
  const cards = element(
    'ul',
    { class: 'cases' },
    ...group.map((breach) => element('li', {}, breachCard(breach, titleOf(breach, titles)))),
  );
  if (group.length < FOLDED_FROM) return cards;
  const worst = worstOpen(group);
  const agreements = new Set(group.map(({ scope }) => scope.organizationId ?? ''));
  const key = `group-${integrationId}`;
  return element(
    'details',
    { class: `case group case-${worst?.severity ?? 'resolved'}`, 'data-key': key },
    element(
      'summary',
      { 'data-key': `${key}-summary` },
      element('strong', {}, integrationId),
      ` · ${counted('breaches.cases', group.length)} · ${counted('breaches.agreements', agreements.size)}`,
      worst && severityBadge(worst.severity),
      worst && element('span', { class: 'small' }, counted('breaches.worst', worst.count)),
    ),
    cards,
  );
}

/** @param {Breach} breach @param {import('./readers.js').Breaches['titles']} titles */
export function titleOf(breach, titles) {
  return titles[breach.ruleId]?.[spokenLanguage()] ?? breach.ruleId;
}

/** The worst severity among open cases; null when there is none. @param {readonly Breach[]} breaches */
export function worstOpen(breaches) {
  const open = breaches.filter(({ state }) => state === 'open');
  const worst = SEVERITIES.findLast((severity) => open.some((breach) => breach.severity === severity));
  if (!worst) return null;
  return { severity: worst, count: open.filter(({ severity }) => severity === worst).length };
}

/** @param {Breach} breach @param {string} title */
function breachCard(breach, title) {
  const {
    breachId,
    severity,
    state,
    scope,
    observed,
    threshold,
    openedAt,
    retroactive,
    occurrence,
    peak,
    resolvedReason,
    flapping,
  } = breach;
  const level = state === 'open' ? severity : 'resolved';
  const notes = [
    state === 'resolved' && text(resolvedReason === 'cleared' ? 'breach.cleared' : 'breach.resolved'),
    flapping === true && text('breach.flapping'),
    occurrence > 1 && text('breach.occurrence', { count: number(occurrence) }),
    retroactive && text('breach.retroactive'),
  ].filter((note) => note !== false);
  return element(
    'article',
    { class: `case case-${level}`, 'aria-labelledby': `case-${breachId}` },
    element(
      'div',
      { class: 'case-head' },
      element('h3', { id: `case-${breachId}` }, caseLink(breachId, title)),
      severityBadge(severity),
      ...notes.map((note) => element('span', { class: 'badge' }, note)),
    ),
    element(
      'div',
      { class: 'case-facts' },
      element(
        'dl',
        { class: 'facts' },
        ...fact(text('breach.integration'), integrationLink(scope.integrationId, { breachId })),
        ...fact(text('breach.agreement'), scope.organizationId ?? text('none')),
        ...(scope.route ? fact(text('breach.route'), element('code', {}, scope.route)) : []),
        ...(peak && peak.value > observed.value ? fact(text('breach.peak'), number(peak.value)) : []),
        ...fact(text('breach.since'), element('time', { datetime: openedAt }, moment(openedAt))),
      ),
      meter(observed.value, threshold, observed.unit),
    ),
    element(
      'div',
      { class: 'guidance' },
      element('h4', {}, text('breach.guidance')),
      element('p', {}, ...withCode(breach.guidance[spokenLanguage()])),
    ),
    evidenceOf(breach, title),
  );
}

/** The word carries the meaning; the colour only helps. @param {Breach['severity']} severity */
export function severityBadge(severity) {
  const dots = SEVERITIES.map((_, index) =>
    drawing('circle', {
      class: index <= SEVERITIES.indexOf(severity) ? 'dot-on' : 'dot-off',
      cx: 4 + index * 9,
      cy: 4,
      r: 3,
    }),
  );
  return element(
    'span',
    { class: `badge severity-${severity}` },
    drawing('svg', { class: 'dots', viewBox: '0 0 35 8', 'aria-hidden': 'true' }, ...dots),
    text(`severity.${severity}`),
  );
}

/** Observed against the limit, to one scale. @param {number} value @param {number} threshold @param {string} unit */
export function meter(value, threshold, unit) {
  const top = Math.max(value, threshold, 1) * 1.12;
  const x = (/** @type {number} */ figure) => ((figure / top) * METER_WIDTH).toFixed(1);
  const unitText = unitWords(unit);
  const name = text('breach.meter', {
    observed: number(value),
    threshold: `${number(threshold)} ${unitText}`,
  });
  return element(
    'div',
    { class: 'meter' },
    element(
      'p',
      { class: 'meter-words' },
      element('strong', {}, number(value)),
      ` ${unitText}`,
      element(
        'span',
        { class: 'faint' },
        ` · ${text('breach.threshold').toLowerCase()} ${number(threshold)}`,
      ),
    ),
    drawing(
      'svg',
      { viewBox: `0 0 ${METER_WIDTH} 14`, role: 'img', 'aria-label': name, preserveAspectRatio: 'none' },
      drawing('rect', { class: 'meter-track', x: 0, y: 3, width: METER_WIDTH, height: 8, rx: 4 }),
      drawing('rect', { class: 'meter-fill', x: 0, y: 3, width: x(value), height: 8, rx: 4 }),
      drawing('rect', { class: 'meter-limit', x: x(threshold), y: 0, width: 2, height: 14 }),
    ),
  );
}

/** @param {string} unit as a rule names it */
export function unitWords(unit) {
  return textIfKnown(`unit.${unit}`) ?? unit;
}

/** @param {Breach} breach @param {string} title */
function evidenceOf({ breachId, evidence, observed }, title) {
  if (evidence.length === 0) return null;
  const unit = unitWords(observed.unit);
  const columns = [
    { title: text('breach.window') },
    { title: `${text('breach.value')} (${unit})`, isNumber: true },
  ];
  return element(
    'details',
    { 'data-key': `evidence-${breachId}` },
    element('summary', { 'data-key': `summary-${breachId}` }, counted('breach.evidence', evidence.length)),
    table(
      text('breach.evidenceCaption', { title }),
      columns,
      evidence.map(({ windowStart, windowEnd, value }) => [
        `${moment(windowStart)}–${clock(windowEnd)}`,
        number(value),
      ]),
    ),
  );
}

/** Guidance marks names of parameters by backticks. @param {string} sentence */
export function withCode(sentence) {
  return sentence.split('`').map((part, index) => (index % 2 === 1 ? element('code', {}, part) : part));
}
