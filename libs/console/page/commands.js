/** Sends commands to the API: each takes effect once, however often it is sent, and a refusal comes back in plain words. */
import { text, textIfKnown } from './words.js';

/**
 * @typedef {object} Outcome
 * @property {boolean} isDone
 * @property {boolean} needsSecond one person may not do it alone
 * @property {any} body the answer
 * @property {string} words why it was not done; empty when it was
 */

/** Refusals that mean: what the reader saw holds no longer. */
const OVERTAKEN = ['stale-version', 'move-not-allowed', 'restriction-over', 'approval-over'];

/** Keys of commands whose answer never came: the same command, sent again, must not take effect twice. @type {Map<string, string>} */
const unanswered = new Map();

/**
 * @param {string} path
 * @param {object} body
 * @returns {Promise<Outcome>}
 */
export async function command(path, body) {
  const signature = `${path} ${JSON.stringify(body)}`;
  const key = unanswered.get(signature) ?? crypto.randomUUID();
  unanswered.set(signature, key);
  const { status, ...outcome } = await post(path, body, { 'idempotency-key': key });
  // Of 5xx nobody knows whether it was done before.
  if (status > 0 && status < 500) unanswered.delete(signature);
  return outcome;
}

/** A question that needs a body and changes nothing. @param {string} path @param {object} body @returns {Promise<Outcome>} */
export async function question(path, body) {
  return post(path, body, {});
}

/** What was not even sent. @param {string} words @returns {Outcome} */
export function refused(words) {
  return { isDone: false, needsSecond: false, body: {}, words };
}

/**
 * @param {string} path @param {object} body @param {Record<string, string>} headers
 * @returns {Promise<Outcome & { status: number }>} status 0 when no answer came
 */
async function post(path, body, headers) {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    const answer = await response.json().catch(() => ({}));
    const { status, ok } = response;
    const code = String(answer.type ?? '').replace('urn:taxameter:problem:', '');
    const words = ok ? '' : wordsOf(status, code, String(answer.detail ?? status));
    return { status, isDone: ok, needsSecond: code === 'second-person-needed', body: answer, words };
  } catch {
    return { status: 0, ...refused(text('problem.network')) };
  }
}

/** @param {number} status @param {string} code @param {string} detail */
function wordsOf(status, code, detail) {
  if (status === 401) return text('partner.signedOut');
  if (status === 403) return text('problem.role');
  if (status >= 500) return text('problem.server', { status: String(status) });
  if (OVERTAKEN.includes(code)) return text('problem.overtaken');
  return textIfKnown(`problem.${code}`) ?? text('problem.impossible', { detail });
}
