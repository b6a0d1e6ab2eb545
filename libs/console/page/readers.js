/**
 * Turns the answers of the API into what the pages show (`partner-reader.js`, `integration-reader.js`: of one partner, of one
 * integration). No other file asks.
 */
import { ask, askAll } from './feeds.js';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const QUARTERS_BACK = 5;
const RUNS_SHOWN = 4;

/**
 * @typedef {object} UsageRow one integration on one agreement
 * @property {string} integrationId
 * @property {string | null} organizationId null where the calls belong to no agreement
 * @property {number} calls
 * @property {number} errors answered with 4xx or 5xx
 * @property {number} sms
 */
/** @typedef {{ calls: number, errors: number, sms: number }} Totals */
/** @typedef {{ integrationId: string, start: Date, minutes: { at: Date, calls: number }[] }} BusyHour */
/**
 * @typedef {object} Usage
 * @property {string} quarter
 * @property {Totals} totals of everything, also where `rows` is cut
 * @property {UsageRow[]} rows most calls first
 * @property {BusyHour | null} busyHour
 * @property {boolean} isCut
 */

/** @type {{ of: string, hour: BusyHour | null } | null} */
let knownHour = null;

/**
 * The newest quarter with usage, by the server's clock: in the first days of a quarter that is the one to be invoiced.
 * @returns {Promise<Usage | null>} null when nothing was counted for a year
 */
export async function readUsage() {
  const found = await newestSummary();
  if (!found) return null;
  const { quarter, summary } = found;
  const { items, isCut } = await askAll('/v1/usage', { granularity: 'quarter', quarter });
  const [busiest] = summary.integrations;
  // Looking for the hour takes three questions: they are asked only when something was counted since.
  const of = `${quarter} ${summary.totals.calls} ${busiest?.integrationId}`;
  if (knownHour?.of !== of) knownHour = { of, hour: busiest && (await readBusyHour(quarter, busiest)) };
  return {
    quarter,
    totals: totalsOf(summary.totals),
    rows: items.map(usageRow).toSorted((left, right) => right.calls - left.calls || right.sms - left.sms),
    busyHour: knownHour.hour,
    isCut,
  };
}

async function newestSummary() {
  let quarter = null;
  for (let back = 0; back < QUARTERS_BACK; back += 1) {
    /** @type {any} */
    const summary = await ask(`/v1/usage/summary${quarter ? `?quarter=${quarter}` : ''}`);
    quarter ??= quarterOf(new Date(summary.windowStart));
    const { calls, sms, smsTest } = summary.totals;
    if (calls + sms + smsTest > 0) return { quarter, summary };
    quarter = previous(quarter);
  }
  return null;
}

/** A day after its first instant, a Danish quarter is also the quarter in UTC. @param {Date} start */
function quarterOf(start) {
  const inside = new Date(start.getTime() + DAY_MS);
  return `${inside.getUTCFullYear()}-Q${Math.floor(inside.getUTCMonth() / 3) + 1}`;
}

/** @param {string} quarter */
function previous(quarter) {
  const [year = 0, number = 0] = quarter.split('-Q').map(Number);
  return number === 1 ? `${year - 1}-Q4` : `${year}-Q${number - 1}`;
}

/**
 * The busiest hour of the latest day of the integration with the most calls. One integration, so that a handful of rows
 * give it exactly, however many integrations there are.
 * @param {string} quarter
 * @param {{ integrationId: string, calls: number }} busiest
 * @returns {Promise<BusyHour | null>}
 */
async function readBusyHour(quarter, { integrationId, calls }) {
  if (calls === 0) return null;
  const only = { integrationId, groupBy: 'integration' };
  const days = await askAll('/v1/usage', { granularity: 'day', quarter, ...only });
  const lastDay = days.items.findLast((day) => day.calls > 0);
  if (!lastDay) return null;
  const range = { from: lastDay.windowStart, to: lastDay.windowEnd };
  const hours = await askAll('/v1/usage', { granularity: 'hour', ...range, ...only });
  const [hour] = hours.items.toSorted((left, right) => right.calls - left.calls);
  if (!hour) return null;
  const answer = await askAll('/v1/usage', {
    granularity: 'minute',
    from: hour.windowStart,
    to: hour.windowEnd,
    ...only,
  });
  const start = new Date(hour.windowStart);
  const found = new Map(answer.items.map((item) => [Date.parse(item.windowStart), item.calls]));
  const minutes = Array.from({ length: 60 }, (_, index) => {
    const at = start.getTime() + index * MINUTE_MS;
    return { at: new Date(at), calls: found.get(at) ?? 0 };
  });
  return { integrationId, start, minutes };
}

/** @param {any} measures @returns {Totals} */
function totalsOf({ calls, calls4xx, calls5xx, sms }) {
  return { calls, errors: calls4xx + calls5xx, sms };
}

/** @param {any} item @returns {UsageRow} */
function usageRow(item) {
  return { ...totalsOf(item), integrationId: item.integrationId, organizationId: item.organizationId };
}

/** @typedef {import('@taxameter/contracts').Breach & { peak?: { value: number, windowEnd: string } }} Breach */
/** @typedef {{ breaches: Breach[], titles: Record<string, { da: string, en: string }>, isCut: boolean }} Breaches */

/** Open cases first, the newest first among them. @returns {Promise<Breaches>} */
export async function readBreaches() {
  const [{ items, isCut }, rules] = await Promise.all([askAll('/v1/breaches'), ask('/v1/rules')]);
  const order = (/** @type {Breach} */ breach) => (breach.state === 'open' ? 1 : 0);
  const breaches = items.toSorted(
    (left, right) => order(right) - order(left) || Date.parse(right.openedAt) - Date.parse(left.openedAt),
  );
  const titles = Object.fromEntries(rules.rules.map((/** @type {any} */ rule) => [rule.ruleId, rule.title]));
  return { breaches, titles, isCut };
}

/**
 * @typedef {object} Invoice amounts are decimal kroner as text
 * @property {string} number
 * @property {string} partnerName
 * @property {string} quarter
 * @property {number} smsCount
 * @property {string} net
 * @property {string} vat
 * @property {string} gross
 * @property {{ invoice: object | null, statement: object | null }} documents null while it is being drawn
 */
/**
 * @typedef {object} Run
 * @property {string} runId
 * @property {string} quarter
 * @property {string} status
 * @property {{ held: number }} totals
 * @property {Record<string, number>} partnersByStatus
 */
/** @typedef {{ reason: string, count: number }} Hold */
/** @typedef {{ invoices: Invoice[], runs: Run[], holds: Hold[], isCut: boolean }} Invoices holds of the newest run */

/** @returns {Promise<Invoices>} */
export async function readInvoices() {
  const [invoices, allRuns] = await Promise.all([askAll('/v1/invoices'), askAll('/v1/billing/runs')]);
  const runs = allRuns.items.filter(({ status }) => status !== 'cancelled').slice(0, RUNS_SHOWN);
  const [newest] = runs;
  const holds = newest && newest.totals.held > 0 ? await readHolds(newest.runId) : [];
  return { invoices: invoices.items, runs, holds, isCut: invoices.isCut };
}

/** @param {string} runId @returns {Promise<Hold[]>} */
async function readHolds(runId) {
  const { holds } = await ask(`/v1/billing/runs/${encodeURIComponent(runId)}`);
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { reason, quantity } of holds) counts.set(reason, (counts.get(reason) ?? 0) + quantity);
  return [...counts].map(([reason, count]) => ({ reason, count }));
}

/** @typedef {import('@taxameter/contracts').Partner} Partner */
/** @typedef {{ partners: Partner[], isCut: boolean }} Partners */
/** By name, as people look for them. @returns {Promise<Partners>} */
export async function readPartners() {
  const { items, isCut } = await askAll('/v1/partners');
  return { partners: items.toSorted((left, right) => left.name.localeCompare(right.name, 'da')), isCut };
}

/**
 * @typedef {object} Item of the checklist
 * @property {string} id
 * @property {'ok' | 'warning' | 'missing' | 'unknown'} state
 * @property {number | null} figure
 * @property {number | null} limit
 * @property {string} unit
 * @property {{ da: string, en: string }} explanation
 */
/**
 * @typedef {object} Application
 * @property {string} applicationId
 * @property {number} version
 * @property {'new' | 'scopes'} kind
 * @property {string} state
 * @property {string | null} integrationId
 * @property {string} submittedAt
 * @property {boolean} awaitsAnswer
 * @property {{
 *   integrationName: string, purpose: string, testDate: string | null,
 *   scopes: { scope: string, why: string }[],
 *   expected: { callsPerDay: number, smsPerMonth: number },
 *   applicant: { name: string, cvr: string | null, email: string, language: 'da' | 'en' },
 * }} details
 * @property {Item[]} checklist
 * @property {string | null} observedUntil
 */
/** @typedef {{ applications: Application[], isCut: boolean }} Applications that wait for somebody, the oldest first */

const APPLICATIONS_SHOWN = 20;

/** @returns {Promise<Applications>} */
export async function readApplications() {
  const states = /** @type {const} */ (['applied', 'in-review']);
  const lists = await Promise.all(
    states.map((state) => ask(`/v1/applications?state=${state}&limit=${APPLICATIONS_SHOWN}`)),
  );
  const open = lists.flatMap(({ items }) => items);
  const isCut = lists.some(({ nextCursor }) => nextCursor !== null) || open.length > APPLICATIONS_SHOWN;
  const oldest = open
    .toSorted((left, right) => (left.submittedAt < right.submittedAt ? -1 : 1))
    .slice(0, APPLICATIONS_SHOWN);
  const applications = await Promise.all(
    oldest.map(({ applicationId }) => ask(`/v1/applications/${encodeURIComponent(applicationId)}`)),
  );
  return { applications, isCut };
}

/**
 * @typedef {object} Account of one room and topic, over all its partitions
 * @property {string} room
 * @property {string} topic
 * @property {number} read
 * @property {number} counted
 * @property {number} duplicate
 * @property {number} quarantined
 * @property {number} ignored
 * @property {number} lag
 */
/** @typedef {{ accounts: Account[], waiting: number }} Accounting */

/** @returns {Promise<Accounting>} */
export async function readAccounting() {
  const { partitions, outbox } = await ask('/v1/accounting');
  /** @type {Map<string, Account>} */
  const accounts = new Map();
  for (const { room, topic, ...counts } of partitions) {
    const key = `${room} ${topic}`;
    const none = { read: 0, counted: 0, duplicate: 0, quarantined: 0, ignored: 0, lag: 0 };
    const sum = accounts.get(key) ?? { room, topic, ...none };
    for (const name of /** @type {(keyof typeof none)[]} */ (Object.keys(none))) sum[name] += counts[name];
    accounts.set(key, sum);
  }
  const waiting = outbox.reduce(
    (/** @type {number} */ sum, /** @type {any} */ room) => sum + room.waiting,
    0,
  );
  return { accounts: [...accounts.values()], waiting };
}

/** What the account does not explain; 0 when it adds up. @param {Account} account */
export function unexplained({ read, counted, duplicate, quarantined, ignored }) {
  return read - counted - duplicate - quarantined - ignored;
}
