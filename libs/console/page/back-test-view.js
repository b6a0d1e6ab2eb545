/** Shows what a back-test found, how far it is, and the messages to those whom the policy would hit. */
import { unitWords } from './breaches-view.js';
import { element, table } from './dom.js';
import { integrationLink } from './links.js';
import { dated, number, spokenLanguage, text, textIfKnown } from './words.js';

/** @typedef {'new' | 'gone' | 'sharper' | 'milder' | 'same'} Change */
/**
 * @typedef {object} Figures
 * @property {'info' | 'warning' | 'error' | 'critical'} severity
 * @property {string} openedAt
 * @property {number} value
 * @property {number} threshold
 * @property {string} unit
 */
/**
 * @typedef {object} ComparedCase
 * @property {Change} change
 * @property {string} ruleId
 * @property {string} integrationId
 * @property {string | null} organizationId
 * @property {string | null} route
 * @property {Figures | null} candidate
 * @property {Figures | null} today
 */
/** @typedef {{ subject: string, text: string }} Message */
/** @typedef {{ integrationId: string, message: { da: Message, en: Message } }} Notice */
/**
 * @typedef {object} BackTest
 * @property {string} backTestId
 * @property {'queued' | 'running' | 'done' | 'cancelled' | 'failed'} state
 * @property {string} from
 * @property {string} to
 * @property {{ integrations: number, judged: number } | null} progress
 * @property {number} cases
 * @property {string | null} error
 * @property {{ ruleId: string, change: Change, cases: number }[]} summary
 * @property {string[]} hit
 */

/** @type {readonly Change[]} */
const CHANGES = ['new', 'gone', 'sharper', 'milder', 'same'];

/** @param {BackTest} backTest */
export function isUnderWay({ state }) {
  return state === 'queued' || state === 'running';
}

/** @param {BackTest} backTest @param {readonly ComparedCase[]} cases @param {() => void} cancel */
export function resultView(backTest, cases, cancel) {
  const { summary } = backTest;
  return [
    element('p', { role: 'status' }, stateWords(backTest)),
    isUnderWay(backTest) && progressView(backTest, cancel),
    summary.length === 0 &&
      backTest.state === 'done' &&
      element('p', { class: 'empty calm' }, text('backTest.nothing')),
    summary.length > 0 && summaryTable(summary),
    cases.length > 0 && casesTable(cases),
  ];
}

/** @param {BackTest} backTest */
function stateWords({ state, progress, cases, error, from, to }) {
  if (state === 'queued') return text('backTest.queued');
  if (state === 'failed') return text('backTest.failed', { reason: error ?? '?' });
  if (state === 'cancelled') return text('backTest.cancelled');
  if (state === 'done') {
    return text('backTest.done', { from: dated(from), to: dated(to), cases: number(cases) });
  }
  return progress
    ? text('backTest.running', {
        judged: number(progress.judged),
        integrations: number(progress.integrations),
      })
    : text('backTest.looking');
}

/** @param {BackTest} backTest @param {() => void} cancel */
function progressView({ progress }, cancel) {
  const button = element(
    'button',
    { type: 'button', class: 'quiet', 'data-key': 'cancel' },
    text('backTest.cancel'),
  );
  button.addEventListener('click', cancel);
  const known = progress && {
    max: String(Math.max(1, progress.integrations)),
    value: String(progress.judged),
  };
  return element(
    'p',
    { class: 'moves' },
    element('progress', { ...known, 'aria-label': text('backTest.result') }),
    button,
  );
}

/** @param {BackTest['summary']} summary */
export function summaryRows(summary) {
  const ids = [...new Set(summary.map(({ ruleId }) => ruleId))].sort();
  return ids.map((id) => [
    id,
    ...CHANGES.map((change) => summary.find((one) => one.ruleId === id && one.change === change)?.cases ?? 0),
  ]);
}

/** @param {BackTest['summary']} summary */
function summaryTable(summary) {
  const columns = [
    { title: text('backTest.rule') },
    { title: text('backTest.new'), isNumber: true },
    { title: text('backTest.gone'), isNumber: true },
    { title: text('backTest.sharper'), isNumber: true },
    { title: text('backTest.milder'), isNumber: true },
    { title: text('backTest.same'), isNumber: true },
  ];
  const rows = summaryRows(summary).map(([id, ...counts]) => [
    element('code', {}, String(id)),
    ...counts.map((count) => (count === 0 ? '–' : number(Number(count)))),
  ]);
  return table(text('backTest.summary'), columns, rows);
}

/** @param {readonly ComparedCase[]} cases */
function casesTable(cases) {
  const columns = [
    { title: text('backTest.who') },
    { title: text('backTest.rule') },
    { title: text('backTest.when') },
    { title: text('backTest.candidate') },
    { title: text('backTest.today') },
  ];
  const rows = cases.map(({ integrationId, ruleId, organizationId, route, candidate, today }) => [
    integrationLink(integrationId, {}),
    element(
      'span',
      {},
      element('code', {}, ruleId),
      element('br'),
      element('code', { class: 'small' }, [organizationId, route].filter((part) => part !== null).join(' ')),
    ),
    candidate && dated(candidate.openedAt),
    figures(candidate),
    figures(today),
  ]);
  return element(
    'div',
    {},
    element('h3', {}, text('backTest.cases')),
    table(text('backTest.cases'), columns, rows),
  );
}

/** @param {Figures | null} found */
function figures(found) {
  if (!found) return text('backTest.noCase');
  return text('backTest.figure', {
    severity: textIfKnown(`severity.${found.severity}`) ?? found.severity,
    value: `${number(found.value)} ${unitWords(found.unit)}`,
    threshold: number(found.threshold),
  });
}

/** @param {readonly Notice[]} notices @param {boolean} isCut */
export function noticesView(notices, isCut) {
  if (notices.length === 0) return [element('p', { class: 'empty calm' }, text('backTest.nobody'))];
  const language = spokenLanguage();
  const download = element(
    'a',
    { class: 'act', download: 'notices.txt', 'data-key': 'download' },
    text('backTest.download'),
  );
  download.setAttribute('href', `data:text/plain;charset=utf-8,${encodeURIComponent(asText(notices))}`);
  return [
    element('p', {}, download),
    ...notices.map(({ integrationId, message }) =>
      element(
        'details',
        { 'data-key': `notice-${integrationId}` },
        element('summary', {}, message[language].subject),
        element('pre', { class: 'message' }, message[language].text),
      ),
    ),
    isCut && element('p', { class: 'small' }, text('more')),
  ];
}

/** Both languages of each, one after the other. @param {readonly Notice[]} notices */
export function asText(notices) {
  return notices
    .flatMap(({ integrationId, message: { da, en } }) => [
      `===== ${integrationId}`,
      ...[da, en].map(({ subject, text: words }) => `${subject}\n\n${words}`),
    ])
    .join('\n\n');
}
