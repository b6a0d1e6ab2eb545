import { TOPICS } from '@taxameter/contracts';
import { runSqlAsOwner, startTestRooms } from '@taxameter/platform/testing';
import type { TestRooms } from '@taxameter/platform/testing';
import {
  BILLING_ROOM,
  feed,
  integrationRecord,
  manySms,
  partnerRecord,
  runAndIssue,
} from './billing-room.testing.js';

const SMS = TOPICS.smsSent.name;
const PARTITION = 0;
let rooms: TestRooms;

beforeEach(async () => {
  rooms = await startTestRooms([BILLING_ROOM], { now: '2026-10-05T08:00:00Z' });
});

afterEach(async () => {
  await rooms.stop();
});

const onePartition = (prefix: string, count: number) =>
  manySms(prefix, 50, '2026-08-01T10:00:00Z')
    .filter(({ partition }) => partition === PARTITION)
    .slice(0, count);

/** Until the reader has found that its log is another one. */
async function untilInGap(): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!rooms.system.consumers().some(({ state }) => state === 'gap')) {
    if (Date.now() > deadline) throw new Error('no gap was found within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

it('an invoice holds the SMS of before and after their topic was made anew, each once', async () => {
  const before = onePartition('before', 6);
  await feed(rooms, [partnerRecord('par_a'), integrationRecord('isv_a', 'par_a'), ...before]);
  await runSqlAsOwner(
    rooms.databaseUrl,
    `delete from event_log.log_record where topic = '${SMS}';
     update event_log.log_head set next_offset = 0 where topic = '${SMS}'`,
  );
  // One is sent again, to the new topic.
  await rooms.producer.append([before[5]!, ...onePartition('after', 3)]);
  await untilInGap();
  const { status } = await rooms.call('ops', 'POST', '/v1/consumers/decisions', {
    body: {
      ...{ room: 'billing', topic: SMS, partition: PARTITION, kind: 'new-log', continueAt: 0 },
      ...{ seen: { generation: 0, offset: 6 }, reason: 'the cluster was replaced' },
    },
  });
  expect(status).toBe(200);
  await rooms.settle();
  const run = await runAndIssue(rooms, '2026-Q3');
  expect(run.partners).toMatchObject([{ status: 'issued', counts: { billed: 9, held: 0 } }]);
});
