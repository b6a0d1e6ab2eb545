import { createHmac, randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Clock } from '../clock.js';
import type { Channel, ChannelAnswer, Outgoing } from './delivery-worker.service.js';
import { isPublicAddress } from './public-address.js';
import { readRetryAfter } from './retry-schedule.js';
import { addressOf, checkWebhookUrl } from './webhook-url.js';

/**
 * Signed webhooks (Standard Webhooks 1.0.0) to URLs that users typed. The name is resolved once, every address is checked,
 * and the connection goes to a checked address: a second lookup could answer otherwise (DNS rebinding).
 */

export interface WebhookEndpoint {
  readonly url: string;
  /** All that are active, `whsec_…`: during a rotation the new and the old one. */
  readonly secrets: readonly string[];
}

export interface Address {
  readonly address: string;
  readonly family: number;
}

export interface WebhookOptions {
  /** The endpoint of a target as it is now; null when it wants nothing any more. */
  readonly endpointOf: (target: string) => Promise<WebhookEndpoint | null>;
  readonly clock: Clock;
  /** `WEBHOOK_ALLOWED_HOSTS` */
  readonly allowedHosts: readonly string[];
  /** The resolver; specs give one of their own. */
  readonly resolve?: (host: string) => Promise<readonly Address[]>;
}

const SECRET_PREFIX = 'whsec_';
const SECRET_BYTES = 32;
const MAX_ANSWER_BYTES = 4 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;
/** Of a failed answer's body, this much is kept to show what the receiver said. */
const SHOWN_CHARACTERS = 300;

/** A new secret for one endpoint: 256 random bits. */
export function newWebhookSecret(): string {
  return SECRET_PREFIX + randomBytes(SECRET_BYTES).toString('base64');
}

/** The value of `webhook-signature`: one `v1,…` for each secret, over `id.timestamp.body`. */
export function signWebhook(
  id: string,
  timestampSeconds: number,
  body: string,
  secrets: readonly string[],
): string {
  return secrets
    .map((secret) => {
      const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
      return `v1,${createHmac('sha256', key).update(`${id}.${timestampSeconds}.${body}`).digest('base64')}`;
    })
    .join(' ');
}

export function webhookChannel(options: WebhookOptions): Channel {
  return { send: (outgoing, signal) => sendWebhook(options, outgoing, signal) };
}

async function sendWebhook(
  options: WebhookOptions,
  outgoing: Outgoing,
  signal: AbortSignal,
): Promise<ChannelAnswer> {
  const endpoint = await options.endpointOf(outgoing.target);
  if (!endpoint) return answer('gone', null, 'the target wants nothing any more');
  const verdict = checkWebhookUrl(endpoint.url, options.allowedHosts);
  if (!verdict.ok) return answer('retry', null, `not sent: ${verdict.reason}`);
  const { url, isAllowedHost } = verdict;
  const addresses = await resolveOnce(url, options.resolve ?? resolveByDns);
  const closed = addresses.filter(({ address }) => !isPublicAddress(address));
  if (addresses.length === 0 || (closed.length > 0 && !isAllowedHost)) {
    return answer(
      'retry',
      null,
      'not sent: the host has no address, or one that is not on the public internet',
    );
  }
  const timestampSeconds = Math.floor(options.clock.now().getTime() / 1_000);
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(outgoing.payload)),
    'user-agent': 'taxameter-webhook/1',
    'webhook-id': outgoing.id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': signWebhook(outgoing.id, timestampSeconds, outgoing.payload, endpoint.secrets),
  };
  const response = await post(url, addresses, headers, outgoing.payload, signal);
  return judge(response, options.clock.now());
}

const resolveByDns = (host: string) => lookup(host, { all: true });

async function resolveOnce(
  url: URL,
  resolve: NonNullable<WebhookOptions['resolve']>,
): Promise<readonly Address[]> {
  const literal = addressOf(url);
  if (literal === null) return resolve(url.hostname);
  return [{ address: literal, family: literal.includes(':') ? 6 : 4 }];
}

interface Response {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** node:http follows no redirects. `agent: false` keeps no connection that a later, unchecked request could share. */
function post(
  url: URL,
  addresses: readonly Address[],
  headers: Record<string, string>,
  body: string,
  signal: AbortSignal,
): Promise<Response> {
  const lookupChecked: LookupFunction = (_host, options, done) => {
    if (options.all) done(null, [...addresses]);
    else done(null, addresses[0]!.address, addresses[0]!.family);
  };
  const { request } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    // Once a status has come it decides; what then breaks is the body, which nobody needs.
    let hasStatus = false;
    const fail = (error: Error) => {
      if (!hasStatus) reject(error);
    };
    const outgoing = request(
      url,
      {
        method: 'POST',
        agent: false,
        headers,
        signal,
        lookup: lookupChecked,
        maxHeaderSize: MAX_HEADER_BYTES,
      },
      (response) => {
        hasStatus = true;
        const status = response.statusCode ?? 0;
        const retryAfter = response.headers['retry-after'];
        void readSome(response).then((text) => resolve({ status, retryAfter, text }));
      },
    );
    outgoing.on('error', fail);
    outgoing.on('close', () => fail(new Error('the connection was closed without an answer')));
    outgoing.end(body);
  });
}

/** The first kilobytes of an answer's body; of a success nothing, since its status says all. Never throws. */
async function readSome(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    if (isSuccess(response.statusCode ?? 0)) return '';
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= MAX_ANSWER_BYTES) break;
    }
  } catch {
    // A body that breaks off says nothing against the status.
  } finally {
    response.destroy();
  }
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString('utf8');
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function judge({ status, retryAfter, text }: Response, now: Date): ChannelAnswer {
  if (isSuccess(status)) return answer('delivered', status, 'accepted');
  if (status === 410) return answer('gone', status, 'the endpoint answered 410: it wants nothing any more');
  if (status >= 300 && status < 400)
    return answer('retry', status, 'redirects are not followed: change the URL');
  const said = text.trim().slice(0, SHOWN_CHARACTERS);
  return {
    ...answer('retry', status, said === '' ? `answered ${status}` : `answered ${status}: ${said}`),
    retryAfterMs: readRetryAfter(retryAfter, now),
  };
}

function answer(outcome: ChannelAnswer['outcome'], status: number | null, detail: string): ChannelAnswer {
  return { outcome, status, detail, retryAfterMs: null };
}
