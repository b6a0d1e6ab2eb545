import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Posts one batch of events to the HTTP door until the door has answered, and says in a sentence why it did
 * not.
 */

export interface Door {
  /** Base address of Taxameter, `http://localhost:3000`. */
  readonly url: string;
  readonly token: string;
  readonly retry?: Retry;
}

export interface Retry {
  readonly attempts: number;
  /** Doubles with each attempt. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  readonly timeoutMs: number;
}

// About two minutes in all: enough for a restart of the door, short enough that a person still watches.
const RETRY: Retry = { attempts: 10, firstWaitMs: 500, longestWaitMs: 30_000, timeoutMs: 30_000 };

export interface DoorAnswer {
  readonly accepted: number;
  readonly rejected: readonly { readonly index: number; readonly field: string; readonly reason: string }[];
}

/** The door refused, or stayed away for all attempts. What it has accepted stays accepted. */
export class SendingFailed extends Error {
  override readonly name = 'SendingFailed';
  constructor(
    message: string,
    /** Of an answer that refuses; null where there was none, or none of a door. */
    readonly status: number | null = null,
    /** Code of the problem, where Taxameter itself has answered; null where it was a proxy, a firewall or another server. */
    readonly code: string | null = null,
  ) {
    super(message);
  }
}

/**
 * Retries 429, 5xx and a broken network with the same bytes, so with the same ids.
 * @param body a JSON array of CloudEvents
 * @throws SendingFailed
 */
export async function postBatch(door: Door, body: string): Promise<DoorAnswer> {
  const retry = door.retry ?? RETRY;
  let waitMs = retry.firstWaitMs;
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await offerBatch(door, body, retry.timeoutMs);
    if ('accepted' in outcome) return outcome;
    if (attempt >= retry.attempts) {
      throw new SendingFailed(
        `${door.url} did not take the events after ${attempt} attempts (last: ${outcome.trouble}). ` +
          'Run the same import again later: what was accepted is not counted twice.',
      );
    }
    // Half of the wait is random, so that two importers do not come back at the same moment.
    const jitteredMs = waitMs * (0.5 + Math.random() / 2);
    await wait(Math.min(Math.max(jitteredMs, outcome.retryAfterMs), retry.longestWaitMs));
    waitMs = Math.min(waitMs * 2, retry.longestWaitMs);
  }
}

/** The door is away, or has too much to do: the same again later. */
export interface Trouble {
  readonly trouble: string;
  readonly retryAfterMs: number;
}

/**
 * Offers a batch once.
 * @param body a JSON array of CloudEvents
 * @param signal gives up before the time is over
 * @throws SendingFailed when the door refuses it and would do so again
 */
export async function offerBatch(
  door: Door,
  body: string | Uint8Array,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<DoorAnswer | Trouble> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const address = eventsAddress(door.url);
  let answer: HttpAnswer;
  try {
    answer = await post(address, door.token, body, signal ? AbortSignal.any([timeout, signal]) : timeout);
  } catch (error) {
    return { trouble: timeout.aborted ? 'no answer in time' : reasonOf(error), retryAfterMs: 0 };
  }
  const { status, text, retryAfterSec } = answer;
  if (status === 202) return readAnswer(text, door.url);
  if (status === 429 || status >= 500) {
    return {
      trouble: `status ${status}${detailOf(text)}`,
      retryAfterMs: Number.isFinite(retryAfterSec) ? retryAfterSec * 1000 : 0,
    };
  }
  throw refusal(door.url, status, text);
}

interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  /** 0 where it was not said, NaN where it is a date. */
  readonly retryAfterSec: number;
}

const PLAIN = { request: httpRequest, agent: new HttpAgent({ keepAlive: true }) };
const SECURE = { request: httpsRequest, agent: new HttpsAgent({ keepAlive: true }) };

/**
 * Not by `fetch`, which copies the body and leads it through streams: in somebody else's API that is noticed. Follows no
 * redirect, which would carry the token to another address.
 */
function post(
  address: URL,
  token: string,
  body: string | Uint8Array,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { request, agent } = address.protocol === 'https:' ? SECURE : PLAIN;
  const headers = {
    'content-type': 'application/cloudevents-batch+json',
    'content-length': Buffer.byteLength(body),
    authorization: `Bearer ${token}`,
  };
  return new Promise((resolve, reject) => {
    request(address, { method: 'POST', headers, agent, signal }, (response) => {
      const retryAfterSec = Number(response.headers['retry-after'] ?? 0);
      readText(response).then(
        (text) => resolve({ status: response.statusCode!, text, retryAfterSec }),
        reject,
      );
    })
      .on('error', reject)
      .end(body);
  });
}

/** @throws SendingFailed for an address that is none */
function eventsAddress(url: string): URL {
  try {
    return new URL('v1/events', url.endsWith('/') ? url : `${url}/`);
  } catch {
    throw new SendingFailed(`"${url}" is not an address such as http://localhost:3000`);
  }
}

function readAnswer(text: string, url: string): DoorAnswer {
  let answer: Partial<DoorAnswer> | null;
  try {
    answer = JSON.parse(text) as Partial<DoorAnswer> | null;
  } catch {
    answer = null;
  }
  if (typeof answer?.accepted !== 'number' || !Array.isArray(answer.rejected)) {
    throw new SendingFailed(
      `${url} answered 202 without { accepted, rejected }: is it the door of Taxameter?`,
    );
  }
  return { accepted: answer.accepted, rejected: answer.rejected };
}

function refusal(url: string, status: number, text: string): SendingFailed {
  if (status === 401) {
    return new SendingFailed(`${url} does not know the token (401): give a valid one with --token.`, status);
  }
  if (status === 403) {
    return new SendingFailed(
      `${url} knows the token but it may not send events (403): it needs role ingest.`,
      status,
    );
  }
  if (status === 404) {
    return new SendingFailed(`${url} has no /v1/events (404): is --url the address of Taxameter?`, status);
  }
  return new SendingFailed(
    `${url} refused the events with status ${status}${detailOf(text)}.`,
    status,
    codeOf(text),
  );
}

const PROBLEM = 'urn:taxameter:problem:';

function codeOf(text: string): string | null {
  const { type } = problemOf(text);
  return typeof type === 'string' && type.startsWith(PROBLEM) ? type.slice(PROBLEM.length) : null;
}

function detailOf(text: string): string {
  const { detail, title } = problemOf(text);
  const sentence = detail ?? title;
  return typeof sentence === 'string' ? `: ${sentence.slice(0, 300)}` : '';
}

/** Problem details (RFC 9457), or nothing where the answer is none. */
function problemOf(text: string): { type?: unknown; detail?: unknown; title?: unknown } {
  try {
    return (JSON.parse(text) as object | null) ?? {};
  } catch {
    return {};
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return (error as NodeJS.ErrnoException).code ?? error.message;
}
