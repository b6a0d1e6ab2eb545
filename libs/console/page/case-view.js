/** Shows one case: what was measured against which limit, the report as the partner reads it, and what has happened. */
import { severityBadge, unitWords, meter, withCode } from './breaches-view.js';
import { placeOf } from './case-reader.js';
import { barChart } from './chart.js';
import { element, fact, table } from './dom.js';
import { integrationLink } from './links.js';
import { byWhom } from './partners-view.js';
import { clock, dated, day, moment, number, spokenLanguage, text } from './words.js';

/** @typedef {import('./case-reader.js').Case} Case */
/** @typedef {import('./case-reader.js').CasePage} CasePage */

/** @param {Case} breach */
export function aboutView({ breachId, ruleId }) {
  return [element('code', {}, ruleId), ' · ', element('code', {}, breachId)];
}

/** @param {CasePage} page */
export function seenView({ breach, report }) {
  const {
    severity,
    state,
    scope,
    observed,
    threshold,
    peak,
    openedAt,
    occurrence,
    retroactive,
    resolvedReason,
    flapping,
  } = breach;
  const isOurs = breach.moves.length > 0;
  const notes = [
    state === 'resolved' && text(resolvedReason === 'cleared' ? 'breach.cleared' : 'breach.resolved'),
    flapping === true && text('breach.flapping'),
    occurrence > 1 && text('breach.occurrence', { count: number(occurrence) }),
    retroactive && text('breach.retroactive'),
  ].filter((note) => note !== false);
  const { windowStart, windowEnd } = observed;
  return [
    element(
      'div',
      { class: 'case-head' },
      severityBadge(severity),
      ...notes.map((note) => element('span', { class: 'badge' }, note)),
    ),
    element(
      'div',
      { class: `case-facts case-${state === 'open' ? severity : 'resolved'}` },
      element(
        'dl',
        { class: 'facts' },
        ...fact(
          text('breach.integration'),
          isOurs ? integrationLink(scope.integrationId, { breachId: breach.breachId }) : scope.integrationId,
        ),
        ...fact(text('breach.agreement'), scope.organizationId ?? text('none')),
        ...(scope.route ? fact(text('breach.route'), element('code', {}, scope.route)) : []),
        ...fact(text('breach.window'), `${dated(windowStart)}–${clock(windowEnd)}`),
        ...(peak.value > observed.value
          ? fact(
              text('breach.peak'),
              text('case.peak', { value: number(peak.value), until: moment(peak.windowEnd) }),
            )
          : []),
        ...fact(text('breach.since'), element('time', { datetime: openedAt }, dated(openedAt))),
        ...fact(text('case.policy'), number(breach.policyVersion)),
      ),
      meter(observed.value, threshold, observed.unit),
    ),
    evidenceChart(breach, report.limit),
  ];
}

/** @param {Case} breach @param {number | null} limit */
function evidenceChart({ evidence, observed }, limit) {
  const [first] = evidence;
  const last = evidence.at(-1);
  if (!first || !last) return null;
  const unit = unitWords(observed.unit);
  const most = evidence.reduce((best, next) => (next.value > best.value ? next : best));
  const window = {
    day: day(first.windowStart),
    from: clock(first.windowStart),
    to: clock(last.windowEnd),
    unit,
  };
  return barChart({
    key: 'evidence',
    title: text('case.chart'),
    when: text('case.chartWhen', window),
    description: text('case.chartWords', {
      ...window,
      count: number(evidence.length),
      peak: number(most.value),
      peakTime: clock(most.windowStart),
    }),
    bars: asTimeline(evidence),
    limit,
    columns: { at: text('breach.window'), value: `${text('breach.value')} (${unit})` },
  });
}

/** More would be too narrow to see: then only what is known is drawn, side by side. */
const MOST_BARS = 200;

/**
 * Evidence leaves out the stretches that prove nothing; on a line of time their places stay empty.
 * @param {Case['evidence']} evidence oldest first, not empty
 */
export function asTimeline(evidence) {
  const starts = evidence.map(({ windowStart }) => Date.parse(windowStart));
  const [start = 0] = starts;
  const lengths = evidence.map(({ windowEnd }, index) => Date.parse(windowEnd) - (starts[index] ?? 0));
  const length = Math.min(...lengths);
  const count = ((starts.at(-1) ?? start) - start) / length + 1;
  if (!Number.isInteger(count) || count > MOST_BARS) {
    return evidence.map(({ windowStart, value }) => ({ at: new Date(windowStart), value }));
  }
  const known = new Map(evidence.map(({ value }, index) => [starts[index], value]));
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * length;
    return { at: new Date(at), value: known.get(at) ?? null };
  });
}

/** As the partner reads it, in the language of the page. @param {string} breachId @param {import('./case-reader.js').Report} report */
export function reportView(breachId, { sections }) {
  const language = spokenLanguage();
  const pdf = (/** @type {'da' | 'en'} */ of) =>
    element(
      'a',
      { href: `${placeOf(breachId)}/report.pdf?language=${of}`, download: true, 'data-key': `pdf-${of}` },
      text(`report.pdf.${of}`),
    );
  return [
    ...sections.map(({ id, title, paragraphs }) =>
      element(
        'div',
        { class: `report-part report-${id}` },
        element('h3', {}, title[language]),
        ...paragraphs.map((paragraph) => element('p', {}, ...withCode(paragraph[language]))),
      ),
    ),
    element('p', { class: 'links' }, pdf('da'), pdf('en')),
  ];
}

/** @param {CasePage['timeline']} timeline */
export function stepsView({ items, isCut }) {
  const hasReasons = items.some(({ reason, note }) => reason !== null || note !== null);
  const columns = [
    { title: text('timeline.at') },
    { title: text('timeline.what') },
    { title: text('history.actor') },
    ...(hasReasons ? [{ title: text('case.words') }] : []),
  ];
  const rows = items.map((step) => [
    element('time', { datetime: step.at }, dated(step.at)),
    step.text[spokenLanguage()],
    step.actor ? byWhom(step.actor) : text('case.byCalls'),
    ...(hasReasons ? [wordsOf(step)] : []),
  ]);
  return [
    table(text('timeline.caption'), columns, rows),
    isCut && element('p', { class: 'small' }, text('more')),
  ];
}

/** @param {import('./case-reader.js').Step} step */
function wordsOf({ reason, note }) {
  const words = [reason, note].filter((one) => one !== null);
  return words.length === 0 ? '–' : element('span', { class: 'spoken' }, words.join('\n'));
}
