// A process with the probe room, to be killed: says "joined", and "mid-batch" whenever a batch is written but not committed. With
// `stopAt` it says that word instead, once, where it then stands still for ever:
// "unwritten"  in an open transaction, before the first statement of the batch
// "writing"    while PostgreSQL runs a statement of the batch
// "committed"  PostgreSQL has committed, and Kafka has not heard of it
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { parseConfiguration } from '../../../dist/configuration.js';
import { probe, probeRoom } from '../../../dist/event-log/contract/probe-room.consumer.js';
import { startRooms } from '../../../dist/start-rooms.service.js';

const SLOW_STATEMENT_S = 1;
const { slowMs, stopAt, ...variables } = JSON.parse(process.argv[2]);

function standStill() {
  process.stdout.write(`${stopAt}\n`);
  return new Promise(() => undefined);
}

const send = pg.Client.prototype.query;
const written = new WeakSet();
if (stopAt !== undefined) {
  pg.Client.prototype.query = function query(...args) {
    const [text] = args;
    if (typeof text !== 'string') return send.apply(this, args);
    const isWrite = text.startsWith('insert into effect');
    if (isWrite) written.add(this);
    if (stopAt === 'unwritten' && text.startsWith('update consumer_position')) return standStill();
    if (stopAt === 'writing' && isWrite) {
      const slow = text.replace(
        'values ($1, $2, $3, $4, $5)',
        `select $1, $2::integer, $3::bigint, $4::integer, $5 from pg_sleep(${SLOW_STATEMENT_S})`,
      );
      void send.call(this, slow, args[1]).catch(() => undefined);
      return standStill();
    }
    const answer = send.apply(this, args);
    return stopAt === 'committed' && text === 'COMMIT' && written.has(this)
      ? answer.then(standStill)
      : answer;
  };
} else {
  probe.midBatch = async () => {
    process.stdout.write('mid-batch\n');
    await sleep(slowMs);
  };
}
const rooms = await startRooms([probeRoom], parseConfiguration(variables));
process.on('SIGTERM', () => void rooms.stop().then(() => process.exit(0)));
while (!rooms.system.consumers().every(({ state }) => state === 'running')) await sleep(50);
if (stopAt === undefined) process.stdout.write('joined\n');
