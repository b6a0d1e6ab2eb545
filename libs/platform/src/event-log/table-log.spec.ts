import { TOPICS } from '@taxameter/contracts';
import { runSqlAsOwner, startTestRooms } from '../testing/index.js';
import { call, describeEventLogContract, record } from './contract/event-log.contract.js';
import { cleanedUpAfterEach } from './contract/kafka-rooms.testing.js';
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

describe('a log of before, with fewer partitions for calls', () => {
  const afterwards = cleanedUpAfterEach();

  it('gets the others at the next start, and goes on with what it had', async () => {
    const { name, partitions } = TOPICS.apiCalls;
    const before = await startTestRooms([probeRoom]);
    afterwards(() => before.stop());
    await before.producer.append([{ ...record('isv_a|1', call('before', '/before')), partition: 0 }]);
    await before.settle();
    await runSqlAsOwner(
      before.databaseUrl,
      `delete from event_log.log_head where topic = '${name}' and partition >= 4;
       delete from probe.consumer_position where topic = '${name}' and partition >= 4`,
    );
    const after = await startTestRooms([probeRoom], { databaseUrl: before.databaseUrl });
    afterwards(() => after.stop());
    const on = (partition: number) => ({
      ...record('isv_a|1', call(`on ${partition}`, `/on/${partition}`)),
      partition,
    });
    await after.producer.append(Array.from({ length: partitions }, (_, partition) => on(partition)));
    // Sent again: its key may be on another partition now.
    await after.producer.append([
      { ...record('isv_a|1', call('before', '/before')), partition: partitions - 1 },
    ]);
    await after.settle();
    const effects = await after.databases
      .get('probe')!
      .query<{ what: string }[]>('select what from effect order by what');
    expect(effects.map(({ what }) => what)).toEqual([
      '/before',
      ...Array.from({ length: partitions }, (_, partition) => `/on/${partition}`),
    ]);
  });
});
