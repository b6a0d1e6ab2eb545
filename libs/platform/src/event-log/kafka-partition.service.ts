import type { EachBatchPayload, IHeaders, KafkaMessage } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { applyRange, type PartitionWork } from './apply-range.service.js';
import { fetchedOffsetOf } from './kafkajs-mends.service.js';
import { gapAt, type Gap, type LogExtent, type LogPosition } from './log-position.js';
import { readPosition, type RecordRange } from './process-records.service.js';
import type { StoredRecord } from './record.js';
import { orAborted, type Places } from './waiting.service.js';

/**
 * Reads one topic-partition of Kafka for one room, from where the room's database says.
 *
 * A batch is worked on after it was handed over: kafkajs fetches again only when it has been given back all batches of the last
 * fetch, and node and the database stood idle for a third of the time meanwhile. Of a partition one batch is in work or waits for
 * its place, and the next one waits with kafkajs. At the hand-over kafkajs is told that it may read on behind the batch; when the work
 * comes to nothing it is sent back to the position of the database.
 */

const HEARTBEAT_MS = 500;
const RETRY_MS = 1_000;
/** How often a partition in a gap looks whether somebody has decided about it: one row of the database. */
const GAP_LOOK_MS = 2_000;
/** A batch that waits longer for the one before it is given back: kafkajs fetches nothing of all partitions meanwhile. */
const HELD_BACK_MS = 2_000;
const MAX_RECORDS_PER_RANGE = 5_000;
const MAX_BYTES_PER_RANGE = 8_000_000;
/** A new leader may know of a smaller end for a moment; what stays beyond the end is another log. */
const LOOKS_BEYOND_END = 4;

/** What a partition needs of the consumer that it is assigned to. */
export interface PartitionConsumer {
  seek(topic: string, partition: number, offset: number): void;
  pause(topic: string, partition: number): void;
  resume(topic: string, partition: number): void;
  extentOf(topic: string, partition: number): Promise<LogExtent>;
}

export class KafkaPartition {
  private ready: Promise<void> = Promise.resolve();
  /** Counts assignments and looks: what an earlier one is still waiting for counts nothing. */
  private turn = 0;
  private leave = new AbortController();
  private inWork: Promise<void> = Promise.resolve();

  constructor(
    readonly work: PartitionWork,
    private readonly consumer: PartitionConsumer,
    /** Of all partitions of the consumer: batches in work at a time. */
    private readonly places: Places,
    /** Aborted when the process ends. */
    private readonly leaving: AbortSignal,
  ) {}

  /**
   * Newly assigned, or found to read from elsewhere: goes to the position of the database, which alone decides. What Kafka
   * keeps for the group is for people.
   */
  begin(): void {
    this.release();
    const { turn, inWork } = this;
    this.ready = inWork.then(() => this.findPosition(turn));
  }

  /** Assigned to another process: nothing is steered any more, and what waits for the database is given back. */
  release(): void {
    this.turn += 1;
    this.leave.abort();
    this.leave = new AbortController();
  }

  /** Resolves when nothing is in work. */
  settled(): Promise<void> {
    return this.inWork;
  }

  private async findPosition(turn: number): Promise<void> {
    const { database, status, logger } = this.work;
    const { topic, partition } = status;
    if (status.state === 'stopped') return;
    for (let looks = 0; !this.leaving.aborted && turn === this.turn;) {
      try {
        const position = await readPosition(database, topic, partition);
        const extent = await this.consumer.extentOf(topic, partition);
        if (turn !== this.turn) return;
        if (isMoved(status, position)) status.nextAppendedAt = null;
        Object.assign(status, position);
        status.logEnd = extent.next;
        const gap = gapAt(position.nextOffset, extent);
        if (gap === null) {
          this.consumer.resume(topic, partition);
          this.consumer.seek(topic, partition, position.nextOffset);
          status.state = 'running';
          status.reason = null;
          status.gap = null;
          return;
        }
        looks += 1;
        if (gap.kind === 'lost' || looks === LOOKS_BEYOND_END) return this.gap(turn, gap);
      } catch (error) {
        status.state = 'retrying';
        status.reason = error instanceof Error ? error.message : String(error);
        logger.warn({ err: error, room: status.room, topic, partition }, 'the position is not known yet');
      }
      await sleep(RETRY_MS, undefined, { signal: this.leaving }).catch(() => undefined);
    }
  }

  /** kafkajs would begin somewhere else without a word (K7). Which records may be skipped is for a person to say. */
  private gap(turn: number, { kind, sentence }: Gap): void {
    const { status, logger } = this.work;
    const { room, topic, partition, generation, nextOffset } = status;
    status.state = 'gap';
    status.reason = sentence;
    status.gap = kind;
    this.consumer.pause(topic, partition);
    logger.error({ room, topic, partition, generation, nextOffset }, `a partition stands still: ${sentence}`);
    void this.watchGap(turn);
  }

  /**
   * Goes on when the position was moved, and for no other reason: a log that was cut short grows past the position by itself,
   * and what came between would be lost.
   */
  private async watchGap(turn: number): Promise<void> {
    const { database, status, logger } = this.work;
    const { room, topic, partition } = status;
    for (;;) {
      await sleep(GAP_LOOK_MS, undefined, { signal: this.leaving }).catch(() => undefined);
      if (this.leaving.aborted || turn !== this.turn) return;
      try {
        const position = await readPosition(database, topic, partition);
        if (turn === this.turn && isMoved(status, position)) return this.begin();
      } catch (error) {
        logger.warn({ err: error, room, topic, partition }, 'the position cannot be looked at');
      }
    }
  }

  /**
   * Resolves when the batch is in work, or is not to be. Never throws for what is in the batch or for the database: kafkajs
   * would crash the whole consumer over it (K2, K3, K18).
   * @throws kafkajs's error when the group is forming anew, so that it joins again
   */
  async take(payload: EachBatchPayload): Promise<void> {
    const leave = new AbortController();
    const quit = () => leave.abort();
    this.leaving.addEventListener('abort', quit);
    let lost: unknown;
    const beat = setInterval(() => {
      payload.heartbeat().catch((error: unknown) => {
        if (!isMembershipLost(error)) return;
        lost = error;
        quit();
      });
    }, HEARTBEAT_MS);
    try {
      if (!this.leaving.aborted) await this.handOver(payload, leave.signal);
    } finally {
      clearInterval(beat);
      this.leaving.removeEventListener('abort', quit);
    }
    if (lost !== undefined) throw lost as Error;
  }

  private async handOver(payload: EachBatchPayload, leave: AbortSignal): Promise<void> {
    await orAborted(this.ready, leave);
    const isFree = await Promise.race([
      this.inWork.then(() => true),
      sleep(HELD_BACK_MS, false, { signal: leave }).catch(() => false),
    ]);
    if (leave.aborted) return;
    if (!isFree) return this.setAside();
    if (!this.isNext(payload)) return;
    payload.resolveOffset(payload.batch.lastOffset());
    this.inWork = this.applyInItsPlace(payload).catch((error: unknown) => {
      this.work.logger.error({ err: error, topic: this.work.status.topic }, 'a batch was not finished');
      this.begin();
    });
  }

  /** What keeps this partition from going on does not keep the others: it is left out of fetches until its batch is done. */
  private setAside(): void {
    const { turn } = this;
    const { status } = this.work;
    const { topic, partition } = status;
    this.consumer.pause(topic, partition);
    void this.inWork.then(() => {
      if (turn !== this.turn || status.state === 'stopped' || status.state === 'gap') return;
      this.consumer.resume(topic, partition);
      this.consumer.seek(topic, partition, status.nextOffset);
    });
  }

  private async applyInItsPlace(payload: EachBatchPayload): Promise<void> {
    const { turn, leave } = this;
    let giveBack = await this.places.take(leave.signal);
    const withoutPlace = async (pause: Promise<void>) => {
      giveBack?.();
      await pause;
      giveBack = await this.places.take(leave.signal);
    };
    try {
      if (giveBack) await this.applyBatch(payload, turn, leave.signal, withoutPlace);
    } finally {
      giveBack?.();
    }
  }

  private isNext(payload: EachBatchPayload): boolean {
    const { batch } = payload;
    const { status } = this.work;
    if (status.state === 'stopped' || status.state === 'gap') payload.pause();
    // A log that has become shorter would be read on from the position once it has grown past it, and what came between be lost.
    else if (payload.isStale()) return false;
    else if (fetchedOffsetOf(batch) > status.nextOffset || status.nextOffset > Number(batch.highWatermark)) {
      status.logEnd = Number(batch.highWatermark);
      this.begin();
    } else return true;
    return false;
  }

  private async applyBatch(
    payload: EachBatchPayload,
    turn: number,
    leave: AbortSignal,
    between: (pause: Promise<void>) => Promise<void>,
  ): Promise<void> {
    const { batch } = payload;
    const { status } = this.work;
    const { topic, partition } = status;
    const backToPosition = () => {
      if (turn === this.turn) this.consumer.seek(topic, partition, status.nextOffset);
    };
    status.logEnd = Number(batch.highWatermark);
    const toOffset = Number(batch.lastOffset()) + 1;
    for (const range of rangesOf(status, batch.messages, toOffset)) {
      status.nextAppendedAt = range.records[0]?.appendedAt ?? null;
      const applied = await applyRange(this.work, range, leave, between);
      if (applied === 'applied' || applied === 'fenced') status.nextAppendedAt = null;
      if (applied === 'left') return;
      if (applied === 'stopped') return this.consumer.pause(topic, partition);
      if (applied === 'fenced') return backToPosition();
    }
    // The batch lay below the position, whole or in part.
    if (status.nextOffset > toOffset) backToPosition();
    const committed = { topic: batch.topic, partitions: [{ partition, offset: String(status.nextOffset) }] };
    // For lag tools only.
    await payload.commitOffsetsIfNecessary({ topics: [committed] }).catch(() => undefined);
  }
}

/**
 * What lies between two offsets, in pieces that one transaction holds well. Offsets that the log no longer has, compacted away
 * or taken by control records, belong to the piece before them.
 */
function* rangesOf(
  position: Pick<RecordRange, 'topic' | 'partition' | 'generation'> & LogPosition,
  messages: readonly KafkaMessage[],
  toOffset: number,
): Generator<RecordRange> {
  const { topic, partition, generation, nextOffset: fromOffset } = position;
  let records: StoredRecord[] = [];
  let bytes = 0;
  let from = fromOffset;
  for (const message of messages) {
    if (Number(message.offset) < fromOffset) continue;
    const size = message.value?.length ?? 0;
    const isFull = records.length >= MAX_RECORDS_PER_RANGE || bytes + size > MAX_BYTES_PER_RANGE;
    if (records.length > 0 && isFull) {
      const to = records.at(-1)!.offset + 1;
      yield { topic, partition, generation, records, fromOffset: from, toOffset: to };
      [records, bytes, from] = [[], 0, to];
    }
    records.push(storedRecord(topic, partition, message));
    bytes += size;
  }
  if (toOffset > from) yield { topic, partition, generation, records, fromOffset: from, toOffset };
}

function isMoved(status: LogPosition, { generation, nextOffset }: LogPosition): boolean {
  return status.nextOffset !== nextOffset || status.generation !== generation;
}

/** A message as every transport gives it. */
export function storedRecord(topic: string, partition: number, message: KafkaMessage): StoredRecord {
  return {
    topic,
    partition,
    offset: Number(message.offset),
    key: message.key === null ? null : message.key.toString('utf8'),
    headers: textHeaders(message.headers),
    value: message.value,
    appendedAt: new Date(Number(message.timestamp)),
  };
}

/** Of a header that is there twice the last one holds, as in Kafka's own `lastHeader`. */
function textHeaders(headers: IHeaders | undefined): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined && last !== null) texts[name] = last.toString();
  }
  return texts;
}

const MEMBERSHIP_LOST = new Set([
  'REBALANCE_IN_PROGRESS',
  'NOT_COORDINATOR_FOR_GROUP',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
]);

function isMembershipLost(error: unknown): boolean {
  return MEMBERSHIP_LOST.has(String((error as { type?: unknown }).type));
}
