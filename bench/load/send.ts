import { randomOf } from '@taxameter/contracts/testing';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { membersOf, minuteOf, type LoadEvent } from './personas.js';
import { lineOf, type Outcome } from './sent-file.js';

/** Sends what the personas do through the HTTP door, and writes down what became of it. */
export interface Load {
  readonly url: string;
  /** With the role `ingest`. */
  readonly token: string;
  readonly file: string;
  readonly seed: number;
  readonly members: number;
  /** Stops after so many sendings, copies included. */
  readonly events: number;
  /** The first minute, in ms since 1970. */
  readonly fromMs: number;
  readonly requestsAtOnce: number;
  /** How long an event is sent again after 503, a lost connection or silence; then its outcome is unknown. */
  readonly patienceMs: number;
}

export interface Sent {
  readonly ok: number;
  readonly failed: number;
  readonly unknown: number;
  readonly seconds: number;
}

const EVENTS_PER_REQUEST = 500;
const REQUEST_MS = 30_000;
const AGAIN_AFTER_MS = 250;
const MINUTE_MS = 60_000;

export async function sendLoad(
  load: Load,
  onProgress: (sent: number) => void = () => undefined,
): Promise<Sent> {
  const file = createWriteStream(load.file, { flags: 'a' });
  const counts: Record<Outcome, number> = { ok: 0, failed: 0, unknown: 0 };
  const begunMs = performance.now();
  const batches = inBatches(load);
  const sendOn = async () => {
    for (let next = batches.next(); !next.done; next = batches.next()) {
      const outcomes = await sendBatch(load, next.value);
      let lines = '';
      for (const [index, event] of next.value.entries()) {
        counts[outcomes[index]!] += 1;
        lines += `${lineOf(outcomes[index]!, event)}\n`;
      }
      if (!file.write(lines)) await once(file, 'drain');
      onProgress(counts.ok + counts.failed + counts.unknown);
    }
  };
  await Promise.all(Array.from({ length: load.requestsAtOnce }, sendOn));
  file.end();
  await once(file, 'finish');
  return { ...counts, seconds: (performance.now() - begunMs) / 1000 };
}

function* inBatches(load: Load): Generator<LoadEvent[]> {
  const random = randomOf(load.seed);
  const members = membersOf(load.members, random);
  let batch: LoadEvent[] = [];
  let left = load.events;
  for (let minuteMs = Math.floor(load.fromMs / MINUTE_MS) * MINUTE_MS; left > 0; minuteMs += MINUTE_MS) {
    // The door refuses what lies ahead of its clock, and the file would fill with refusals.
    if (minuteMs > Date.now()) {
      const sent = (load.events - left).toLocaleString('en');
      throw new Error(
        `after ${sent} sendings these members have come to this very minute: take more members or more hours`,
      );
    }
    for (const member of members) {
      for (const { event, copies } of minuteOf(member, minuteMs, random)) {
        for (let copy = 0; copy < copies && left > 0; copy += 1, left -= 1) batch.push(event);
        if (batch.length < EVENTS_PER_REQUEST) continue;
        yield batch;
        batch = [];
      }
    }
  }
  if (batch.length > 0) yield batch;
}

/** The door promises: 202 is stored, 503 means send all again, with the same ids. */
async function sendBatch(load: Load, events: readonly LoadEvent[]): Promise<Outcome[]> {
  const body = JSON.stringify(events);
  for (const deadline = performance.now() + load.patienceMs; ; await sleep(AGAIN_AFTER_MS)) {
    const answer = await post(load, body);
    if (answer?.status === 202) {
      const refused = new Set(answer.rejected.map(({ index }) => index));
      return events.map((_, index) => (refused.has(index) ? 'failed' : 'ok'));
    }
    if (answer && answer.status < 500 && answer.status !== 429) {
      throw new Error(`${load.url} answers ${answer.status}: ${answer.text}`);
    }
    if (performance.now() > deadline) return events.map(() => 'unknown');
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly rejected: readonly { readonly index: number }[];
}

/** Undefined when there was no answer. */
async function post(load: Load, body: string): Promise<Answer | undefined> {
  try {
    const response = await fetch(`${load.url}/v1/events`, {
      method: 'POST',
      headers: {
        'content-type': 'application/cloudevents-batch+json',
        authorization: `Bearer ${load.token}`,
      },
      body,
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    const text = await response.text();
    const rejected =
      response.status === 202 ? (JSON.parse(text) as { rejected: { index: number }[] }).rejected : [];
    return { status: response.status, text: text.slice(0, 300), rejected };
  } catch {
    return undefined;
  }
}
