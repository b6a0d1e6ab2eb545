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
import { generate, type Workload } from '../workload.js';

/** Process: everything after Kafka, in a loop over records in memory. Arguments: database, in flight, workload as JSON. */

const RECORDS_PER_RANGE = Number(process.argv[5] ?? 5_000);
const CALLS = TOPICS.apiCalls;

const [databaseUrl, inFlight, workloadText] = process.argv.slice(2) as [string, string, string];
const workload = JSON.parse(workloadText) as Workload;
const room = { name: 'metering', module: MeteringModule, schema: { migrations: meteringMigrations } };
const schema = schemaOfRoom(room);
await migrateRoom(databaseUrl, schema);
const database = await openRoom(databaseUrl, schema);
const subscriptions = await subscriptionsOf(room, database);
const subscription = subscriptions.find(({ topic }) => topic === CALLS.name)!;

const perPartition: StoredRecord[][] = Array.from({ length: CALLS.partitions }, () => []);
const encoder = new TextEncoder();
const appendedAt = new Date();
for (const { key, json } of generate(workload)) {
  const partition = partitionForKey(key, CALLS.partitions);
  const records = perPartition[partition]!;
  const headers = { 'content-type': 'application/cloudevents+json' };
  records.push({
    topic: CALLS.name,
    partition,
    key,
    headers,
    value: encoder.encode(json),
    offset: records.length,
    appendedAt,
  });
}
for (let partition = 0; partition < CALLS.partitions; partition += 1)
  await readPosition(database, CALLS.name, partition);

async function readPartition(partition: number): Promise<void> {
  const all = perPartition[partition]!;
  for (let at = 0; at < all.length; at += RECORDS_PER_RANGE) {
    const records = all.slice(at, at + RECORDS_PER_RANGE);
    const range = { topic: CALLS.name, partition, records, fromOffset: at, toOffset: at + records.length };
    const { kind } = await processRecords(database, subscription, range, systemClock);
    if (kind === 'fenced') throw new Error('somebody else writes into the database of the bench');
  }
}

const begun = performance.now();
const cpuBefore = process.cpuUsage();
const waiting = perPartition.map((_, partition) => partition);
await Promise.all(
  Array.from({ length: Number(inFlight) }, async () => {
    for (let partition = waiting.shift(); partition !== undefined; partition = waiting.shift()) {
      await readPartition(partition);
    }
  }),
);
const rate = (workload.events * 1000) / (performance.now() - begun);
const { user, system } = process.cpuUsage(cpuBefore);
process.stdout.write(JSON.stringify({ rate, cpuMicroseconds: (user + system) / workload.events }));
await database.destroy();
