import { setTimeout as sleep } from 'node:timers/promises';
import { apiCallKey, topicOfType, type Breach } from '@taxameter/contracts';
import { partitionForKey, type NewRecord } from '@taxameter/platform';
import type { TestRooms } from '@taxameter/platform/testing';
import { MINUTE, type UsageEvent } from './diary.js';

/** Brings the diaries of all into a running fair-use room, as gateways do: in the order of time, many events a record. */

export interface Cut {
  /** How many events a record holds at most. */
  readonly eventsPerRecord: number;
  /** How much of the log's time is written at once; what is judged meanwhile is chance. */
  readonly minutesAtOnce: number;
  /** By how much an event is told of late, in ms; from 0 to what the policy forgives. */
  readonly delayMs: () => number;
}

/** A case with all that is proved by it, and nothing that depends on when it was judged. */
export type Proof = Pick<
  Breach,
  'ruleId' | 'severity' | 'scope' | 'observed' | 'threshold' | 'evidence' | 'guidance'
> & { readonly peak: unknown };

/** @returns how many records were written */
export async function feed(rooms: TestRooms, events: readonly UsageEvent[], cut: Cut): Promise<number> {
  const told = events
    .map((event) => ({ event, toldMs: Date.parse(event.time) + cut.delayMs() }))
    .sort((left, right) => left.toldMs - right.toldMs);
  let records = 0;
  for (let from = 0, to = 0; from < told.length; from = to) {
    const endMs = told[from]!.toldMs + cut.minutesAtOnce * MINUTE;
    while (to < told.length && told[to]!.toldMs < endMs) to += 1;
    const some = recordsOf(
      told.slice(from, to).map(({ event }) => event),
      cut.eventsPerRecord,
    );
    await rooms.producer.append(some);
    records += some.length;
  }
  return records;
}

/** Waits until every record is read and every minute judged that can be. */
export async function untilJudged(rooms: TestRooms, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  await rooms.settle(withinMs);
  for (;;) {
    const { body } = await rooms.call('ops', 'GET', '/v1/fair-use/status');
    if (body.dirty === 0) return;
    if (Date.now() > deadline) throw new Error(`still judging: ${JSON.stringify(body)}`);
    await sleep(50);
  }
}

/** All cases, in an order of their own. */
export async function proofs(rooms: TestRooms): Promise<Proof[]> {
  const found: Proof[] = [];
  let cursor: string | null = null;
  do {
    const page: string = cursor === null ? '' : `&cursor=${cursor}`;
    const { body } = await rooms.call('ops', 'GET', `/v1/breaches?limit=500${page}`);
    for (const { ruleId, severity, scope, observed, threshold, evidence, guidance, peak } of body.items) {
      found.push({ ruleId, severity, scope, observed, threshold, evidence, guidance, peak });
    }
    cursor = body.nextCursor;
  } while (cursor !== null);
  const orderOf = ({ ruleId, scope }: Proof) => JSON.stringify([scope, ruleId]);
  return found.sort((left, right) => (orderOf(left) < orderOf(right) ? -1 : 1));
}

/** The rules that are judged by, as everybody may read them. */
export async function ruleIds(rooms: TestRooms): Promise<string[]> {
  const { body } = await rooms.call('ops', 'GET', '/v1/rules');
  return (body.rules as { ruleId: string }[]).map(({ ruleId }) => ruleId);
}

function recordsOf(events: readonly UsageEvent[], eventsPerRecord: number): NewRecord[] {
  const places = new Map<string, { topic: string; partition: number; events: UsageEvent[] }>();
  for (const event of events) {
    const topic = topicOfType(event.type)!;
    const key = 'messageId' in event.data ? event.data.messageId : apiCallKey(event.data);
    const partition = partitionForKey(key, topic.partitions);
    const place = `${topic.name} ${partition}`;
    const known = places.get(place) ?? { topic: topic.name, partition, events: [] };
    known.events.push(event);
    places.set(place, known);
  }
  return [...places.values()].flatMap(({ topic, partition, events: own }) =>
    Array.from({ length: Math.ceil(own.length / eventsPerRecord) }, (_, index) => ({
      topic,
      partition,
      key: null,
      headers: { 'content-type': 'application/cloudevents-batch+json' },
      value: new TextEncoder().encode(
        JSON.stringify(own.slice(index * eventsPerRecord, (index + 1) * eventsPerRecord)),
      ),
    })),
  );
}
