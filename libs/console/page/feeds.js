/**
 * Asks the API and keeps the latest answer of each part, whatever happens to the others: a part that does not run in this
 * process is `absent`, one that fails keeps its last figures and says why.
 */

/**
 * @typedef {object} Reason why an answer did not come
 * @property {'network' | 'role' | 'server'} kind
 * @property {number} status HTTP status, 0 when there was none
 */

/**
 * @template T
 * @typedef {object} Feed
 * @property {'loading' | 'ready' | 'absent' | 'failed'} state
 * @property {T | null} value the latest answer, kept when a later one fails
 * @property {Date | null} at when the answer came, by this computer's clock
 * @property {Reason | null} reason
 * @property {() => Promise<void>} refresh throws SignedOut only
 * @property {() => Promise<void>} renew asks after this moment, also when a question is under way; throws SignedOut only
 */

export class SignedOut extends Error {}

class NoAnswer extends Error {
  /** @param {Reason} reason */
  constructor(reason) {
    super(reason.kind);
    this.reason = reason;
  }
}

class Absent extends Error {}

// A list on the page is for reading: beyond this the page says that there is more.
const MAX_PAGES = 4;
const PAGE_SIZE = 500;

/**
 * @template T
 * @param {() => Promise<T>} load
 * @returns {Feed<T>}
 */
export function createFeed(load) {
  /** @type {Promise<void> | null} */
  let underWay = null;
  /** @type {Feed<T>} */
  const feed = {
    state: 'loading',
    value: null,
    at: null,
    reason: null,
    refresh: () => {
      // A slow answer must not be overtaken by a later question.
      underWay ??= take().finally(() => {
        underWay = null;
      });
      return underWay;
    },
    renew: async () => {
      await underWay;
      await feed.refresh();
    },
  };
  const take = async () => {
    try {
      const value = await load();
      Object.assign(feed, { state: 'ready', value, at: new Date(), reason: null });
    } catch (error) {
      if (error instanceof SignedOut) throw error;
      if (error instanceof Absent) Object.assign(feed, { state: 'absent', value: null, reason: null });
      else Object.assign(feed, { state: 'failed', reason: reasonOf(error) });
    }
  };
  return feed;
}

/** @param {unknown} error @returns {Reason} */
function reasonOf(error) {
  return error instanceof NoAnswer ? error.reason : { kind: 'server', status: 0 };
}

/**
 * @param {string} path
 * @returns {Promise<any>}
 */
export async function ask(path) {
  const response = await fetch(path, { headers: { accept: 'application/json' } }).catch(() => {
    throw new NoAnswer({ kind: 'network', status: 0 });
  });
  if (response.ok) return response.json();
  if (response.status === 401) throw new SignedOut();
  if (response.status === 404) throw new Absent();
  throw new NoAnswer({ kind: response.status === 403 ? 'role' : 'server', status: response.status });
}

/**
 * A list to its end, or to where it is too long to read.
 * @param {string} path
 * @param {Record<string, string>} [query]
 * @returns {Promise<{ items: any[], isCut: boolean }>}
 */
export async function askAll(path, query = {}) {
  const items = [];
  let cursor = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const parameters = new URLSearchParams({ ...query, limit: String(PAGE_SIZE), ...(cursor && { cursor }) });
    const answer = await ask(`${path}?${parameters}`);
    items.push(...answer.items);
    cursor = answer.nextCursor;
    if (!cursor) return { items, isCut: false };
  }
  return { items, isCut: true };
}

/**
 * Trades the secret of a set-up link for the session cookie.
 * @param {string} setup
 * @returns {Promise<'signed-in' | 'used' | 'network'>}
 */
export async function signIn(setup) {
  try {
    const response = await fetch('/v1/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ setup }),
    });
    return response.ok ? 'signed-in' : 'used';
  } catch {
    return 'network';
  }
}
