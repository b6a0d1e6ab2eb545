import { apiCall, apiCallKey, smsSent } from '@taxameter/contracts';
import type { ApiCall, CloudEvent, SmsSent } from '@taxameter/contracts';
import { postBatch } from './post-batch.service.js';
import type { Door } from './post-batch.service.js';

/**
 * Sends events in batches, several at a time, each key in order: an event's key picks its lane, and a lane
 * has one batch on its way. Memory is bounded by two batches a lane.
 */

const EVENTS_PER_BATCH = 500;
const BYTES_PER_BATCH = 900_000;
const LANES = 4;

/** An event that the door refused. */
export interface RefusedEvent {
  readonly line: number;
  readonly field: string;
  readonly reason: string;
}

export interface Receipt {
  readonly accepted: number;
  readonly refused: readonly RefusedEvent[];
}

interface Lane {
  bodies: string[];
  lines: number[];
  bytes: number;
  onItsWay: Promise<void>;
}

export class EventSender {
  private readonly lanes: Lane[] = Array.from({ length: LANES }, () => emptyLane(Promise.resolve()));
  private failure: Error | undefined;

  constructor(
    private readonly door: Door,
    private readonly onReceipt: (receipt: Receipt) => void,
  ) {}

  /**
   * Takes an event; waits while its lane is full.
   * @param line where the event came from, for what the door refuses
   * @throws SendingFailed when an earlier batch could not be sent
   */
  async add(event: CloudEvent, line: number): Promise<void> {
    const index = laneOf(keyOf(event));
    const body = JSON.stringify(event);
    const bytes = Buffer.byteLength(body) + 1;
    if (this.lanes[index]!.bytes + bytes > BYTES_PER_BATCH) await this.dispatch(index);
    const lane = this.lanes[index]!;
    lane.bodies.push(body);
    lane.lines.push(line);
    lane.bytes += bytes;
    if (lane.bodies.length >= EVENTS_PER_BATCH) await this.dispatch(index);
  }

  /** Sends what is left and waits for all answers. @throws SendingFailed */
  async finish(): Promise<void> {
    await Promise.all(this.lanes.map((_lane, index) => this.dispatch(index)));
    await Promise.all(this.lanes.map((lane) => lane.onItsWay));
    this.throwFailure();
  }

  private async dispatch(index: number): Promise<void> {
    const lane = this.lanes[index]!;
    await lane.onItsWay;
    this.throwFailure();
    if (lane.bodies.length === 0) return;
    // The failure is kept and thrown to the next caller: nobody awaits the batch while lines are being read.
    const onItsWay = this.send(lane.bodies, lane.lines).catch((error: unknown) => {
      this.failure ??= error instanceof Error ? error : new Error(String(error));
    });
    this.lanes[index] = emptyLane(onItsWay);
  }

  private async send(bodies: readonly string[], lines: readonly number[]): Promise<void> {
    const answer = await postBatch(this.door, `[${bodies.join(',')}]`);
    const refused = answer.rejected.map(({ index, field, reason }) => ({
      line: lines[index] ?? 0,
      field,
      reason,
    }));
    this.onReceipt({ accepted: answer.accepted, refused });
  }

  private throwFailure(): void {
    if (this.failure !== undefined) throw this.failure;
  }
}

function emptyLane(onItsWay: Promise<void>): Lane {
  return { bodies: [], lines: [], bytes: 2, onItsWay };
}

/** What keeps events in order with each other: the partition key of their topic. */
function keyOf(event: CloudEvent): string {
  if (event.type === apiCall.type) return apiCallKey(event.data as ApiCall);
  if (event.type === smsSent.type) return (event.data as SmsSent).messageId;
  return event.type;
}

function laneOf(key: string): number {
  let sum = 0;
  for (let index = 0; index < key.length; index += 1) sum = (sum * 31 + key.charCodeAt(index)) | 0;
  return Math.abs(sum) % LANES;
}
