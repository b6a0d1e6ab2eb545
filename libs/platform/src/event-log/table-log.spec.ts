import { startTestRooms } from '../testing/index.js';
import { describeEventLogContract } from './contract/event-log.contract.js';
import { probeRoom } from './contract/probe-room.consumer.js';

describeEventLogContract('table in PostgreSQL', async () => {
  const rooms = await startTestRooms([probeRoom]);
  return {
    producer: rooms.producer,
    database: rooms.databases.get('probe')!,
    accounting: () => rooms.system.accounting(),
    settle: () => rooms.settle(),
    stop: () => rooms.stop(),
  };
});
