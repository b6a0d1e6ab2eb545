// A process with the probe room, to be killed: says "joined", and "mid-batch" whenever a batch is written but not committed.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseConfiguration } from '../../../dist/configuration.js';
import { probe, probeRoom } from '../../../dist/event-log/contract/probe-room.consumer.js';
import { startRooms } from '../../../dist/start-rooms.service.js';

const { slowMs, ...variables } = JSON.parse(process.argv[2]);
probe.midBatch = async () => {
  process.stdout.write('mid-batch\n');
  await sleep(slowMs);
};
const rooms = await startRooms([probeRoom], parseConfiguration(variables));
process.on('SIGTERM', () => void rooms.stop().then(() => process.exit(0)));
while (!rooms.system.consumers().every(({ state }) => state === 'running')) await sleep(50);
process.stdout.write('joined\n');
