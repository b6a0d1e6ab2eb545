import { TOPICS } from '@taxameter/contracts';
import { MeteringModule, meteringMigrations } from '@taxameter/metering';
import {
  migrateRoom,
  openRoom,
  partitionForKey,
  schemaOfRoom,
  systemClock,
  type StoredRecord,
} from '@taxameter/platform';
import { processRecords, readPosition, subscriptionsOf } from '@taxameter/platform/testing';
import { generate, type GeneratedEvent, type Workload } from '../workload.js';

/**
 * Process: everything that comes after Kafka, over records in memory. Arguments: database, how many partitions at once, workload as
 * JSON. Prints the time spent at each million of events, without the time in which the events were made.
 */

/** As many as the reader takes into one transaction. */
const RECORDS_PER_RANGE = 5_000;
/** Events made before the clock runs: enough to keep two partitions busy, few enough for the memory. */
const EVENTS_AT_ONCE = 100_000;
const MILLION = 1_000_000;
const CALLS = TOPICS.apiCalls;

export interface SameSqlAnswer {
  /** Events a second. */
  readonly rate: number;
  /** CPU time of node for each event, in µs. */
  readonly cpuMicroseconds: number;
  /** Milliseconds spent on the first million of events, the first two million, and so on. */
  readonly cumulativeMs: readonly number[];
}

const [databaseUrl, inFlight, workloadText] = process.argv.slice(2) as [string, string, string];
const workload = JSON.parse(workloadText) as Workload;
const room = { name: 'metering', module: MeteringModule, schema: { migrations: meteringMigrations } };
const schema = schemaOfRoom(room);
await migrateRoom(databaseUrl, schema);
const database = await openRoom(databaseUrl, schema);
const subscriptions = await subscriptionsOf(room, database);
const subscription = subscriptions.find(({ topic }) => topic === CALLS.name)!;
const encoder = new TextEncoder();
const headers = { 'content-type': 'application/cloudevents+json' };
const nextOffsets = new Array<number>(CALLS.partitions).fill(0);
for (let partition = 0; partition < CALLS.partitions; partition += 1) {
  await readPosition(database, CALLS.name, partition);
}

async function readPartition(all: readonly StoredRecord[]): Promise<void> {
  for (let at = 0; at < all.length; at += RECORDS_PER_RANGE) {
    const records = all.slice(at, at + RECORDS_PER_RANGE);
    const [first, last] = [records[0]!, records.at(-1)!];
    const { partition } = first;
    const range = {
      topic: CALLS.name,
      partition,
      generation: 0,
      records,
      fromOffset: first.offset,
      toOffset: last.offset + 1,
    };
    const { kind } = await processRecords(database, subscription, range, systemClock);
    if (kind === 'fenced') throw new Error('somebody else writes into the database of the bench');
  }
}

async function readAll(perPartition: readonly StoredRecord[][]): Promise<void> {
  const waiting = perPartition.filter((records) => records.length > 0);
  const readers = Array.from({ length: Number(inFlight) }, async () => {
    for (let records = waiting.shift(); records; records = waiting.shift()) await readPartition(records);
  });
  await Promise.all(readers);
}

const events = generate(workload);
const cumulativeMs: number[] = [];
let [done, spentMs, cpu] = [0, 0, 0];
while (done < workload.events) {
  const perPartition: StoredRecord[][] = Array.from({ length: CALLS.partitions }, () => []);
  const appendedAt = new Date();
  for (let count = 0; count < EVENTS_AT_ONCE && done < workload.events; count += 1, done += 1) {
    const { key, json } = (events.next() as IteratorYieldResult<GeneratedEvent>).value;
    const partition = partitionForKey(key, CALLS.partitions);
    const offset = nextOffsets[partition]!++;
    const value = encoder.encode(json);
    perPartition[partition]!.push({ topic: CALLS.name, partition, key, headers, value, offset, appendedAt });
  }
  const [begunMs, cpuBefore] = [performance.now(), process.cpuUsage()];
  await readAll(perPartition);
  spentMs += performance.now() - begunMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  cpu += user + system;
  if (done % MILLION === 0) cumulativeMs.push(Math.round(spentMs));
}
const answer: SameSqlAnswer = {
  rate: (workload.events * 1000) / spentMs,
  cpuMicroseconds: cpu / workload.events,
  cumulativeMs,
};
await database.destroy();
// What the room has running beside its readers would keep the process.
process.stdout.write(JSON.stringify(answer), () => process.exit(0));
