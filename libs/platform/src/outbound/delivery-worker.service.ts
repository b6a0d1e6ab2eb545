import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import type { Clock } from '../clock.js';
import type { Logger } from '../logging.service.js';
import { startLoop, type Loop } from '../loop.service.js';
import { afterAttempt, type AttemptResult } from './retry-schedule.js';

/**
 * Sends what is due. A delivery is leased in one short transaction, sent outside any transaction, and its result is written
 * in another one, so that a slow receiver holds no connection and no lock. A process that dies while it sends leaves a lease
 * that runs out: the delivery is then sent again, at least once, with the same id.
 */

/** A delivery as a channel is given it. */
export interface Outgoing {
  /** The same on every attempt: by it a receiver knows a repetition. */
  readonly id: string;
  readonly target: string;
  readonly payload: string;
}

export interface ChannelAnswer extends AttemptResult {
  /** The HTTP status, or the SMTP reply code, where there was an answer. */
  readonly status: number | null;
  /** One line for people. No secrets: it is stored and shown. */
  readonly detail: string;
}

/** How one kind of target is reached. It should heed the signal: when it is aborted, nobody waits for the answer. */
export interface Channel {
  send(outgoing: Outgoing, signal: AbortSignal): Promise<ChannelAnswer>;
}

export interface DeliveryOptions {
  readonly room: string;
  readonly database: DataSource;
  readonly clock: Clock;
  readonly logger: Logger;
  /** By the name that `enqueueDelivery` was given. */
  readonly channels: Readonly<Record<string, Channel>>;
  /** In the transaction that records it: the target said that it wants nothing any more. */
  readonly onGone?: (tx: EntityManager, target: string, detail: string) => Promise<void>;
  /** Limits, for specs. */
  readonly timeoutMs?: number;
  readonly idleMs?: number;
}

const TIMEOUT_MS = 15_000;
const IDLE_MS = 500;
/** Far above the time limit, so that a lease runs out only when its process has died. */
const LEASE_MS = 60_000;
/** At once in this process, and at once to one target over all processes. */
const MAX_IN_FLIGHT = 16;
export const MAX_IN_FLIGHT_PER_TARGET = 2;
/** On a stop, an answer that is on its way is waited for this long. */
const STOP_GRACE_MS = 1_000;
const MAX_DETAIL = 1_000;

interface Claim extends Outgoing {
  readonly channel: string;
  /** Number of the attempt, and the fencing token. */
  readonly number: number;
}

/** Starts the room's sending. `stop` waits a second for answers, then records what is unanswered as an attempt that failed. */
export function startDeliveries(options: DeliveryOptions): Loop {
  const inFlight = new Set<Promise<void>>();
  const stopping = new AbortController();
  const loop = startLoop({
    name: `deliveries of ${options.room}`,
    idleMs: options.idleMs ?? IDLE_MS,
    logger: options.logger,
    step: async () => {
      const claims = await claimDue(options, MAX_IN_FLIGHT - inFlight.size);
      for (const claim of claims) {
        const running = deliver(options, claim, stopping.signal).finally(() => {
          inFlight.delete(running);
          loop.wake();
        });
        inFlight.add(running);
      }
      return claims.length > 0;
    },
  });
  return {
    wake: () => loop.wake(),
    stop: async () => {
      await loop.stop();
      const answered = new AbortController();
      const grace = sleep(STOP_GRACE_MS, undefined, { signal: answered.signal }).catch(() => undefined);
      await Promise.race([Promise.all(inFlight), grace]);
      answered.abort();
      stopping.abort();
      await Promise.all(inFlight);
    },
  };
}

/**
 * Leases due deliveries, oldest first. One claim at a time per room (a few ms), else two processes would each fill the places
 * of a target. Those on their way rank first among a target's, so they use up its places.
 */
async function claimDue({ database, clock }: DeliveryOptions, limit: number): Promise<Claim[]> {
  if (limit <= 0) return [];
  const now = clock.now();
  return database.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock(7340004, hashtext(current_schema()))');
    const [claims] = await tx.query<[Claim[], number]>(
      `update outbound_delivery set lease_until = $2, attempts = attempts + 1
       where id in (
         select id from outbound_delivery
         where state = 'pending' and id in (
           select id from (
             select id, next_attempt_at, coalesce(lease_until > $1, false) as is_leased,
               row_number() over (
                 partition by target order by coalesce(lease_until > $1, false) desc, next_attempt_at, id
               ) as place
             from outbound_delivery
             where state = 'pending' and (next_attempt_at <= $1 or lease_until > $1)
           ) candidate
           where not is_leased and place <= $3 order by next_attempt_at, id limit $4
         )
         for update skip locked
       )
       returning id, channel, target, payload, attempts as number`,
      [now, new Date(now.getTime() + LEASE_MS), MAX_IN_FLIGHT_PER_TARGET, limit],
    );
    return claims;
  });
}

async function deliver(options: DeliveryOptions, claim: Claim, stopping: AbortSignal): Promise<void> {
  const started = performance.now();
  const at = options.clock.now();
  const answer = await send(options, claim, stopping);
  try {
    await record(options, claim, answer, { at, durationMs: Math.round(performance.now() - started) });
  } catch (error) {
    // The lease runs out and it is sent again: at least once.
    options.logger.error({ err: error, delivery: claim.id }, 'the result of a delivery was not recorded');
  }
}

/** Never throws, and never waits longer than the time limit, whatever the channel does. */
async function send(options: DeliveryOptions, claim: Claim, stopping: AbortSignal): Promise<ChannelAnswer> {
  const channel = options.channels[claim.channel];
  if (!channel) return failure(`this process has no channel "${claim.channel}"`);
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const ending = new AbortController();
  let end: (answer: ChannelAnswer) => void = () => undefined;
  const ended = new Promise<ChannelAnswer>((resolve) => (end = resolve));
  const giveUp = (detail: string) => {
    end(failure(detail));
    ending.abort();
  };
  const onStop = () => giveUp('the process stopped before an answer came');
  const timer = setTimeout(() => giveUp(`no answer within ${timeoutMs} ms`), timeoutMs);
  stopping.addEventListener('abort', onStop, { once: true });
  try {
    const { id, target, payload } = claim;
    return await Promise.race([channel.send({ id, target, payload }, ending.signal), ended]);
  } catch (error) {
    return failure(error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(timer);
    stopping.removeEventListener('abort', onStop);
  }
}

function failure(detail: string): ChannelAnswer {
  return { outcome: 'retry', retryAfterMs: null, status: null, detail };
}

async function record(
  options: DeliveryOptions,
  claim: Claim,
  answer: ChannelAnswer,
  { at, durationMs }: { at: Date; durationMs: number },
): Promise<void> {
  const next = afterAttempt(answer, claim.number, options.clock.now(), Math.random());
  const isHeld = await options.database.transaction(async (tx) => {
    // What was tried is written down even by one who lost the lease: it happened.
    await tx.query(
      `insert into outbound_attempt (delivery_id, number, at, outcome, status, duration_ms, detail)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [claim.id, claim.number, at, answer.outcome, answer.status, durationMs, oneLine(answer.detail)],
    );
    const [, updated] = await tx.query<[unknown, number]>(
      `update outbound_delivery set state = $3, next_attempt_at = $4, lease_until = null
       where id = $1 and attempts = $2 and state = 'pending'`,
      [claim.id, claim.number, next.state, next.nextAttemptAt],
    );
    if (updated > 0 && answer.outcome === 'gone') await options.onGone?.(tx, claim.target, answer.detail);
    return updated > 0;
  });
  const about = { delivery: claim.id, target: claim.target, attempt: claim.number, status: answer.status };
  if (!isHeld) options.logger.warn(about, 'a delivery took longer than its lease: another attempt decides');
  else if (next.state === 'failed') options.logger.error(about, 'a delivery was given up');
}

/** PostgreSQL refuses NUL and half surrogate pairs, and a receiver's text must not forge lines. */
function oneLine(text: string): string {
  return text.slice(0, MAX_DETAIL).replaceAll(/[\p{Cc}\p{Cs}]+/gu, ' ');
}
