import { randomBytes, randomUUID } from 'node:crypto';
import { writeCall } from './calls/write-call.js';
import { knownQueryOf, knownRouteOf, noRoute } from './calls/known.js';
import type { KnownRoute } from './calls/known.js';
import type { Caller, Details, ObservedCall, Surroundings } from './calls/write-call.js';
import { publicAgent } from './calls/public-agent.js';
import { remembered } from './calls/remembered.js';
import { keyedHash } from './import/hashes.service.js';
import { Delivery } from './outbox/deliver.service.js';
import { NotStored, Outbox } from './outbox/outbox.service.js';
import { Segments } from './outbox/segments.service.js';
import { FREE, Gate } from './restrictions/gate.service.js';
import type { Judgement } from './restrictions/gate.service.js';
import type { CallToJudge } from './restrictions/decide.js';
import { StatusFeed } from './restrictions/status-feed.service.js';
import type { FeedView } from './restrictions/status-feed.service.js';
import { parseOperations } from './routes/operation.js';
import { readSettings } from './settings.js';
import type { EmitterSettings, Settings } from './settings.js';
import { describeSms } from './sms/describe-sms.js';
import type { AcceptedSms } from './sms/describe-sms.js';

/** The emitter of one process: takes what the hooks of a framework see, and answers whether a call may pass. */

export interface EmitterStats {
  /** Events that are not yet with Taxameter. */
  readonly waiting: {
    readonly memoryEvents: number;
    readonly memoryBytes: number;
    readonly diskEvents: number;
    readonly diskBytes: number;
    readonly diskFiles: number;
  };
  /** Events that Taxameter has taken, since the start. */
  readonly accepted: number;
  /** Events that it refused for good, since the start; they are kept in `refused.jsonl`. */
  readonly refused: number;
  readonly lastRefusal: string | null;
  /** Calls lost because memory or disk were full, since the start. */
  readonly dropped: number;
  /** Lines that a killed process had half written. */
  readonly torn: number;
  /** Calls of which no event could be made: a method that the contract does not name, or a failure in a hook. */
  readonly skipped: number;
  /** Calls that were answered here, by a throttle or a block. */
  readonly enforced: { readonly throttle: number; readonly block: number };
  /** Why nothing is sent or written now; null when all is well. */
  readonly trouble: string | null;
  /** null: restrictions are not honoured here. */
  readonly feed: FeedView | null;
}

/**
 * Starts the emitter: opens its folder, takes over what an earlier process has left, and asks the status feed.
 * @throws RangeError for a setting that is wrong, Error when the folder cannot be written to
 */
export async function startEmitter(given: EmitterSettings): Promise<Emitter> {
  const settings = readSettings(given);
  const segments = await Segments.open(settings.directory);
  const { url, token, directory, sendMs } = settings;
  const delivery = new Delivery(segments, { url, token }, { folder: directory, sendMs });
  const feed = settings.feed && (await startFeed(settings, settings.feed));
  if (feed?.view(Date.now()).origin === 'nothing') {
    process.emitWarning('the status feed has not answered yet: all calls pass until it does', {
      type: 'TaxameterWarning',
      detail: feed.view(Date.now()).trouble ?? '',
    });
  }
  delivery.start();
  return new Emitter(settings, new Outbox(segments, settings), delivery, feed);
}

function startFeed(settings: Settings, feed: NonNullable<Settings['feed']>): Promise<StatusFeed> {
  const { token, gateway, readyMs, url = settings.url } = feed;
  return StatusFeed.start({ url, token, gateway }, settings.directory, readyMs);
}

interface SeenCall {
  readonly call: ObservedCall;
  readonly caller: Caller | null;
  readonly details: Details;
}

/**
 * Calls become events so many at a time, and with each flush: one by one, between the work of the API, the same code finds
 * cold caches and took 9 µs instead of 5.
 */
const WRITTEN_TOGETHER = 64;

export class Emitter {
  private readonly around: Surroundings;
  private readonly gate: Gate;
  private seen: SeenCall[] = [];
  private skipped = 0;
  private closing: Promise<void> | undefined;

  /** Use `startEmitter`. */
  constructor(
    private readonly settings: Settings,
    private readonly outbox: Outbox,
    private readonly delivery: Delivery,
    private readonly feed: StatusFeed | null,
  ) {
    this.gate = new Gate(feed, settings);
    this.around = surroundingsOf(settings);
    outbox.beforeFlush = () => this.writeSeen();
  }

  /** Takes a call that has been answered; `caller` and `details` must not be changed afterwards. Never throws, never waits. */
  takeCall(call: ObservedCall, caller: Caller | null, details: Details): void {
    if (this.closing) this.skipped += 1;
    else if (this.seen.push({ call, caller, details }) >= WRITTEN_TOGETHER) this.writeSeen();
  }

  private writeSeen(): void {
    const { seen } = this;
    this.seen = [];
    for (const { call, caller, details } of seen) {
      try {
        const line = writeCall(call, caller, details, randomUUID(), this.around);
        if (line === null) this.skipped += 1;
        else this.outbox.add(line);
      } catch {
        this.skipped += 1;
      }
    }
  }

  /** A hook failed: the call goes on, without an event. */
  noteFailure(): void {
    this.skipped += 1;
  }

  /**
   * Takes an SMS that the carrier has accepted. When it resolves, the event is on disk and will be sent whatever happens to this
   * process.
   * @returns the `messageId`, under which the partner finds it on its statement
   * @throws SmsRefused naming the field, NotStored when the disk does not take it: call again with the same `messageId`
   */
  async emitSms(sms: AcceptedSms): Promise<string> {
    if (this.closing) throw new NotStored('the emitter is closed');
    const event = describeSms(sms, {
      source: this.settings.source,
      newMessageId: newMessageId(),
      now: new Date(),
      hash: keyedHash(this.settings.hashKey),
    });
    await this.outbox.addDurable(JSON.stringify(event));
    return event.id;
  }

  /** What is known of a template. */
  routeOf(template: string): KnownRoute {
    return this.around.routeOf(template);
  }

  /** False: nothing is to be enforced of the integration, and `judge` need not be asked. */
  isRestricted(integrationId: string): boolean {
    return this.feed?.statusOf(integrationId) !== undefined;
  }

  /**
   * Whether a call may pass, counted against its throttles. The hooks ask by themselves; ask yourself where a call is found to
   * send an SMS only later. Never throws.
   */
  judge(call: Omit<CallToJudge, 'isSms'> & { readonly isSms?: boolean }, acceptLanguage?: string): Judgement {
    try {
      return this.gate.judge(call, acceptLanguage, Date.now());
    } catch {
      this.skipped += 1;
      return FREE;
    }
  }

  stats(): EmitterStats {
    const { outbox, delivery, feed } = this;
    const { files, bytes, events } = outbox.segments.waiting;
    return {
      waiting: {
        memoryEvents: outbox.inMemory.events + this.seen.length,
        memoryBytes: outbox.inMemory.bytes,
        diskEvents: events,
        diskBytes: bytes,
        diskFiles: files,
      },
      accepted: delivery.accepted,
      refused: delivery.refused,
      lastRefusal: delivery.lastRefusal,
      dropped: outbox.dropped,
      torn: outbox.segments.torn,
      skipped: this.skipped,
      enforced: { ...this.gate.enforced },
      trouble: outbox.trouble ?? delivery.trouble,
      feed: feed && feed.view(Date.now()),
    };
  }

  /** Writes down what waits, sends what can be sent within `closeMs`, and leaves the rest on disk for the next start. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    await this.feed?.end();
    await this.outbox.end();
    await this.delivery.end(this.settings.closeMs);
    await this.outbox.segments.end();
  }
}

/**
 * Addresses, agents, queries and tokens come again and again, and to read and hash them costs more than all the rest of an event:
 * they are remembered, in bounds.
 */
function surroundingsOf(settings: Settings): Surroundings {
  const operations = parseOperations(settings.operations);
  const keyed = keyedHash(settings.hashKey);
  const hashed = remembered(20_000, (text) => {
    const [purpose, length, ...value] = text.split('\0');
    return keyed(purpose!, value.join('\0'), Number(length));
  });
  const readQuery = (query: string) => knownQueryOf(query, keyed);
  const knownQuery = remembered(5_000, readQuery);
  const knownRoute = remembered(5_000, (template) => knownRouteOf(template, operations));
  const unmatched = noRoute(operations);
  const writeAgent = (agent: string) => JSON.stringify(publicAgent(agent));
  const knownAgent = remembered(5_000, writeAgent);
  let known = { ms: Number.NaN, text: '' };
  return {
    source: JSON.stringify(settings.source),
    hash: (purpose, value, length) =>
      value.length > LONG ? keyed(purpose, value, length) : hashed(`${purpose}\0${length}\0${value}`),
    agentOf: (agent) => (agent.length > LONG ? writeAgent(agent) : knownAgent(agent)),
    routeOf: (template) => (template === null ? unmatched : knownRoute(template)),
    queryOf: (query) => (query.length > LONG ? readQuery(query) : knownQuery(query)),
    timeOf: (ms) => {
      if (ms !== known.ms) known = { ms, text: new Date(ms).toISOString() };
      return known.text;
    },
  };
}

/** Longer texts are not remembered, so that memory is bounded. */
const LONG = 500;

/** `sms_` and a UUIDv7: ids of one moment lie together in the table of all SMS ever sent. */
function newMessageId(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return `sms_${bytes.toString('hex')}`;
}
