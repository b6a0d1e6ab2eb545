/** Shows how near an integration comes to each limit: a bar for each rule, and a small one for each day. */
import { drawing, element } from './dom.js';
import { counted, share, spokenLanguage, text, when } from './words.js';

/** @typedef {{ da: string, en: string }} Sentence */
/**
 * @typedef {object} Reached
 * @property {string} day
 * @property {number} share
 * @property {Sentence} valueText
 * @property {Sentence} limitText
 * @property {string | null} organizationId
 * @property {string | null} route
 */
/**
 * @typedef {object} RuleStanding
 * @property {string} ruleId
 * @property {Sentence} title
 * @property {boolean} measured
 * @property {Reached | null} worst
 * @property {Reached | null} today
 * @property {{ day: string, share: number | null }[]} days
 */
/**
 * @typedef {object} Standing
 * @property {number} policyVersion
 * @property {string} from
 * @property {string} through
 * @property {boolean} complete
 * @property {boolean} truncated
 * @property {RuleStanding[]} rules nearest to its limit first
 */

const WIDTH = 300;
/** Where the limit stands on the bar: there is room to be above it. */
const LIMIT_AT = 240;
const DAYS_HEIGHT = 32;

/** @param {Standing} standing */
export function limitsView({ policyVersion, from, through, complete, truncated, rules }) {
  const measured = rules.filter(({ worst }) => worst !== null);
  const others = rules.filter(({ worst }) => worst === null);
  const notes = [
    text('limits.policy', { version: String(policyVersion) }),
    truncated && text('limits.truncated'),
    !complete && text('limits.incomplete'),
  ].filter((note) => note !== false);
  return [
    measured.length === 0 && complete && element('p', { class: 'empty calm' }, text('limits.none')),
    measured.length > 0 &&
      element('ul', { class: 'limits' }, ...measured.map((rule) => ruleView(rule, from, through))),
    others.length > 0 &&
      element(
        'details',
        { 'data-key': 'limits-others' },
        element('summary', {}, counted('limits.others', others.length)),
        element('ul', { class: 'small' }, ...others.map((rule) => element('li', {}, otherWords(rule)))),
      ),
    element('p', { class: 'small' }, notes.join(' ')),
  ];
}

/** @param {RuleStanding} rule @param {string} from @param {string} through */
function ruleView({ title, worst, today, days }, from, through) {
  const language = spokenLanguage();
  const reached = /** @type {Reached} */ (worst);
  const { organizationId, route } = reached;
  const highest = percent(reached.share);
  const place = [
    dayWords(reached.day),
    ...(organizationId === null ? [] : [`${text('limits.agreement')} ${organizationId}`]),
  ].join(' · ');
  const todayWords = today ? text('limits.today', { share: percent(today.share) }) : text('limits.todayNone');
  return element(
    'li',
    { class: `nearness nearness-${levelOf(reached.share)}` },
    element(
      'div',
      { class: 'limit-head' },
      element('h3', {}, title[language]),
      element(
        'p',
        { class: 'limit-share' },
        text(reached.share >= 1 ? 'limits.over' : 'limits.share', { share: highest }),
      ),
    ),
    bar(reached.share),
    element(
      'p',
      { class: 'limit-words' },
      text('limits.measured', { value: reached.valueText[language], limit: reached.limitText[language] }),
    ),
    element(
      'p',
      { class: 'small limit-place' },
      place,
      route !== null && ' · ',
      route !== null && element('code', {}, route),
    ),
    element('p', { class: 'small limit-today' }, todayWords),
    daysView(days, text('limits.days', { from: dayWords(from), through: dayWords(through), share: highest })),
  );
}

/** The words beside it say the same. @param {number} reached */
function bar(reached) {
  return drawing(
    'svg',
    { class: 'limit-bar', viewBox: `0 0 ${WIDTH} 14`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    drawing('rect', { class: 'limit-track', x: 0, y: 3, width: WIDTH, height: 8, rx: 4 }),
    drawing('rect', {
      class: 'limit-fill',
      ...{ x: 0, y: 3, height: 8, rx: 4 },
      width: Math.max(3, Math.min(WIDTH, reached * LIMIT_AT)),
    }),
    drawing('rect', { class: 'limit-edge', x: LIMIT_AT, y: 0, width: 2, height: 14 }),
  );
}

/** @param {RuleStanding['days']} days @param {string} words */
function daysView(days, words) {
  // Fewer days, where the partner has owned the integration for a short time, stand at the right.
  const step = WIDTH / 30;
  const first = 30 - days.length;
  const heightOf = (/** @type {number} */ reached) =>
    Math.max(2, Math.min(1.25, reached) * (DAYS_HEIGHT / 1.25));
  const line = DAYS_HEIGHT - DAYS_HEIGHT / 1.25;
  return drawing(
    'svg',
    { class: 'limit-days', viewBox: `0 0 ${WIDTH} ${DAYS_HEIGHT}`, role: 'img', 'aria-label': words },
    drawing('rect', { class: 'limit-ground', x: 0, y: DAYS_HEIGHT - 1, width: WIDTH, height: 1 }),
    drawing('line', { class: 'limit-mark', x1: 0, x2: WIDTH, y1: line, y2: line }),
    ...days.flatMap(({ share: reached }, index) => {
      if (reached === null) return [];
      const height = heightOf(reached);
      return [
        drawing('rect', {
          class: `limit-day limit-day-${levelOf(reached)}`,
          x: (first + index) * step + 1.5,
          y: DAYS_HEIGHT - height,
          width: step - 3,
          height,
        }),
      ];
    }),
  );
}

/** @param {RuleStanding} rule */
function otherWords({ title, measured }) {
  const words = title[spokenLanguage()];
  return measured ? words : text('limits.silent', { title: words });
}

/** @param {number} reached */
function levelOf(reached) {
  return reached >= 1 ? 'over' : reached >= 0.8 ? 'near' : 'calm';
}

/** Whole percent, cut: what is below a limit is never shown at it. @param {number} reached */
export function percent(reached) {
  return share(Math.floor(reached * 100 + 1e-9), 100);
}

/** @param {string} date `2026-10-25` */
function dayWords(date) {
  return when(`${date}T12:00:00Z`, { day: 'numeric', month: 'long' });
}
