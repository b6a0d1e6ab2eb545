import { TOPICS } from '@taxameter/contracts';
import type { DataSource } from 'typeorm';
import { systemActor } from '../database/actor.js';
import { withActor } from '../database/with-actor.service.js';
import { createLogger } from '../logging.service.js';
import { openTestRoom, runSqlAsOwner, startTestRooms } from '../testing/index.js';
import { cleanedUpAfterEach, untilTrue } from './contract/kafka-rooms.testing.js';
import { probeRoom } from './contract/probe-room.consumer.js';
import { EventLogError } from './kafka-failure.js';
import { publishFacts, startRelay, type RelayStatus } from './outbox.service.js';

const afterwards = cleanedUpAfterEach();

const fact = {
  topic: TOPICS.partners,
  key: 'partner|par_1',
  type: 'dk.dinero.partners.partner_changed.v1',
  time: new Date('2026-10-05T08:00:00Z'),
  data: {
    ...{ partnerId: 'par_1', version: 1, name: 'Ærø Øl ApS', cvr: null, vatNumber: null },
    ...{ address: null, email: null, language: 'da' },
  },
};
const publish = (database: DataSource) =>
  withActor(database, systemActor('probe'), (tx) => publishFacts(tx, 'probe', [fact]));

describe('a relay', () => {
  it('that cannot send shows in health with its room after some seconds, and no more once it can', async () => {
    const rooms = await startTestRooms([probeRoom]);
    afterwards(() => rooms.stop());
    const health = () => rooms.call('anonymous', 'GET', '/health/ready');
    await runSqlAsOwner(
      rooms.databaseUrl,
      `set search_path = event_log;
       create function refuse() returns trigger language plpgsql as $$
         begin raise exception 'a secret of the driver'; end $$;
       create trigger refuse before insert on log_record for each row when (new.topic = '${fact.topic.name}')
         execute function refuse()`,
    );
    await publish(rooms.databases.get('probe')!);
    expect((await health()).status).toBe(200);
    await untilTrue(async () => (await health()).status === 503, 20_000, 'saying that facts are not sent');
    expect((await health()).body).toMatchObject({
      type: 'urn:taxameter:problem:facts-not-sent',
      detail: 'probe: its facts cannot be sent: see the log',
    });
    await runSqlAsOwner(rooms.databaseUrl, 'drop trigger refuse on event_log.log_record');
    await untilTrue(async () => (await health()).status === 200, 20_000, 'being well again');
    await rooms.settle();
  });

  it('has in its status since when it tries, also while no answer comes, and what Kafka said last', async () => {
    const { database, close } = await openTestRoom(probeRoom);
    afterwards(close);
    await publish(database);
    const status: RelayStatus = { room: 'probe', tryingSinceMs: null, reason: null };
    const answers: (() => void)[] = [];
    const producer = {
      append: async () => {
        await new Promise<void>((resolve) => answers.push(resolve));
        if (answers.length === 1) throw new EventLogError('other', 'no broker answers');
      },
    };
    const relay = startRelay(status, database, producer, createLogger('silent'));
    afterwards(() => relay.stop());
    await untilTrue(() => answers.length === 1);
    const since = status.tryingSinceMs!;
    expect([since, status.reason]).toEqual([expect.any(Number), null]);
    answers[0]!();
    await untilTrue(() => answers.length === 2);
    expect(status).toMatchObject({ tryingSinceMs: since, reason: 'no broker answers' });
    answers[1]!();
    await untilTrue(() => status.tryingSinceMs === null);
    expect(status.reason).toBeNull();
  });
});
