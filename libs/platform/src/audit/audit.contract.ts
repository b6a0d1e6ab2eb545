import { TOPICS } from '@taxameter/contracts';
import { parseConfiguration } from '../configuration.js';
import { call, record, sms } from '../event-log/contract/event-log.contract.js';
import { probeRoom } from '../event-log/contract/probe-room.consumer.js';
import { partitionForKey } from '../event-log/partition-for-key.js';
import { BATCH_CONTENT_TYPE, STRUCTURED_CONTENT_TYPE } from '../event-log/record.js';
import { runSqlAsOwner, type TestRooms } from '../testing/index.js';
import { auditRooms } from './audit.service.js';
import type { AuditReport } from './audit-report.js';
import type { AuditWanted } from './audit-wanted.js';

export interface AuditedRooms {
  readonly rooms: TestRooms;
  /** KAFKA_BROKERS and TOPIC_PREFIX, where the log is Kafka. */
  readonly settings: Readonly<Record<string, string>>;
  /** Takes the records below the offset out of the log, as retention does. */
  expire(topic: string, partition: number, below: number): Promise<void>;
}

interface LogPlace {
  readonly topic: string;
  readonly partition: number;
}

const API = TOPICS.apiCalls;
const SMS = TOPICS.smsSent;
const CALLS: LogPlace = { topic: API.name, partition: partitionForKey('isv_a|1', API.partitions) };
const MESSAGES: LogPlace = { topic: SMS.name, partition: partitionForKey('one', SMS.partitions) };

const room = {
  ...probeRoom,
  auditors: [
    {
      name: 'effects of calls',
      topic: API.name,
      sql: `select (select sum(counted) from consumer_accounting where topic = 'usage.api-calls.v1') as expected,
                   (select count(*) from effect where topic = 'usage.api-calls.v1') as found`,
    },
  ],
};

/** Ranges in which each kind of event is. Offsets of calls: 0–2, 2–5, 5–7, 7–8; of messages: 0–1, 1–2, 2–5, 5–6. */
async function fill(rooms: TestRooms): Promise<void> {
  const on = (
    value: unknown,
    contentType = STRUCTURED_CONTENT_TYPE,
    topic: (typeof TOPICS)['apiCalls' | 'smsSent'] = API,
  ) => ({ ...record(topic === SMS ? 'one' : 'isv_a|1', value, contentType, topic) });
  const message = (id: string, more = {}) => on(sms(id, '/sms', more), STRUCTURED_CONTENT_TYPE, SMS);
  const append = async (...records: Parameters<typeof rooms.producer.append>[0]) => {
    await rooms.producer.append(records);
    await rooms.settle();
  };
  await append(on([call('a'), call('b'), call('a')], BATCH_CONTENT_TYPE), on(call('c')), message('m1'));
  await append(on(call('a')), { ...on(null), value: null }, on({ half: true }), message('m1'));
  await append(message('m1', { segments: 3 }), message('m2', { recipientMasked: 'unwanted' }), message('m3'));
  await append(on(call('poisoned', 'poison')), on(call('d')), message('m3'));
  // The database refused the first one before its identity was kept, so this one counts.
  await append(on(call('poisoned', '/mended')));
}

/** What an audit must find, on each transport. */
export function describeAuditContract(name: string, start: () => Promise<AuditedRooms>): void {
  describe(`audit: ${name}`, () => {
    let audited: AuditedRooms;

    beforeAll(async () => {
      audited = await start();
      await fill(audited.rooms);
    });

    afterAll(() => audited?.rooms.stop());

    const audit = (wanted: AuditWanted = {}): Promise<AuditReport> =>
      auditRooms(
        [room],
        parseConfiguration({
          DATABASE_URL: audited.rooms.databaseUrl,
          FIXED_CLOCK: '2026-10-05T08:00:00Z',
          ...audited.settings,
        }),
        wanted,
      );
    const asOwner = (sql: string) =>
      runSqlAsOwner(audited.rooms.databaseUrl, `set search_path = probe; ${sql}`);
    /** Audits while the tables are tampered with, and puts them back. */
    const auditAfter = async (table: string, sql: string, wanted: AuditWanted = {}) => {
      await asOwner(`create table kept as select * from ${table}`);
      try {
        await asOwner(sql);
        return await audit(wanted);
      } finally {
        await asOwner(`delete from ${table}; insert into ${table} select * from kept; drop table kept`);
      }
    };
    const found = ({ differences }: AuditReport) =>
      differences.map(({ check, topic, partition, fromOffset, toOffset, expected, found: there }) =>
        [check, topic, partition, fromOffset, toOffset, expected, there].join(' '),
      );

    it('finds no difference where nobody tampered, and disturbs no reader', async () => {
      const report = await audit();
      expect([report.differences, report.notes]).toEqual([[], []]);
      expect(report.checked).toMatchObject({ rooms: 1, records: 14, events: 16 });
      await audited.rooms.producer.append([record('isv_a|1', call('after the audit'))]);
      await audited.rooms.settle();
      expect((await audit()).differenceCount).toBe(0);
      expect(audited.rooms.system.consumers().filter(({ state }) => state !== 'running')).toEqual([]);
    });

    const at = (place: LogPlace, from: number, to: number) =>
      `${place.topic} ${place.partition} ${from} ${to}`;
    const rowAt = (place: LogPlace, from: number) =>
      `topic = '${place.topic}' and partition = ${place.partition} and from_offset = ${from}`;

    it.each([
      {
        what: 'a row of the accounting that is gone',
        table: 'consumer_accounting',
        sql: `delete from consumer_accounting where ${rowAt(CALLS, 2)}`,
        finds: [`ranges ${at(CALLS, 2, 5)} 2 5`],
      },
      {
        what: 'a position that was moved on',
        table: 'consumer_position',
        sql: `update consumer_position set next_offset = next_offset + 3 where topic = '${SMS.name}' and partition = ${MESSAGES.partition}`,
        finds: [`ranges ${at(MESSAGES, 6, 9)} 6 9`],
      },
      {
        what: 'events that were never read',
        table: 'consumer_accounting',
        sql: `update consumer_accounting set read = read + 1, ignored = ignored + 1 where ${rowAt(CALLS, 0)}`,
        finds: [`read ${at(CALLS, 0, 2)} 4 5`, `ignored ${at(CALLS, 0, 2)} 0 1`],
      },
      {
        what: 'a good event that is said to be bad',
        table: 'consumer_accounting',
        sql: `update consumer_accounting set quarantined = quarantined + 1, duplicate = duplicate - 1 where ${rowAt(CALLS, 2)}`,
        finds: [`quarantined ${at(CALLS, 2, 5)} 1 2`, `counted_and_duplicate ${at(CALLS, 2, 5)} 1 0`],
      },
      {
        what: 'an event that is counted a second time',
        table: 'consumer_accounting',
        sql: `update consumer_accounting set counted = counted + 1, duplicate = duplicate - 1 where ${rowAt(CALLS, 2)}`,
        finds: [`counted ${at(CALLS, 2, 5)} 0 1`, `auditor ${API.name}    `],
      },
      {
        what: 'the identity of a call that is gone',
        table: 'seen_call',
        sql: 'delete from seen_call where identity = (select min(identity::text) from seen_call)::uuid',
        finds: [/^identity usage\.api-calls\.v1 /],
      },
      {
        what: 'the identity of a message that is gone',
        table: 'seen_message',
        sql: `delete from seen_message where message_id = 'm3'`,
        finds: [
          `identity ${at(MESSAGES, 2, 5)} 1 0`,
          `identity ${at(MESSAGES, 5, 6)} 1 0`,
          `kept_identities ${SMS.name}    3 2`,
        ],
      },
      {
        what: 'the identity of a message that never came',
        table: 'seen_message',
        sql: `insert into seen_message select 'never', body_hash from seen_message limit 1`,
        finds: [`kept_identities ${SMS.name}    3 4`],
      },
      {
        what: 'the body of a message that was exchanged',
        table: 'seen_message',
        sql: `update seen_message set body_hash = gen_random_uuid() where message_id = 'm1'`,
        finds: [`quarantined ${at(MESSAGES, 0, 1)} 1 0`],
      },
      {
        what: 'a refused event whose quarantine is gone',
        table: 'quarantine',
        sql: `delete from quarantine where reason = 'unwanted'`,
        finds: [`quarantined ${at(MESSAGES, 2, 5)} 1 2`],
      },
      {
        what: "an effect that is gone, by the room's own auditor",
        table: 'effect',
        sql: `delete from effect where topic = '${API.name}' and "offset" = 1`,
        finds: [`auditor ${API.name}    `],
      },
    ])('names the place of $what', async ({ table, sql, finds }) => {
      const report = await auditAfter(table, sql);
      const lines = found(report);
      for (const line of finds) {
        expect(lines).toContainEqual(
          line instanceof RegExp ? expect.stringMatching(line) : expect.stringContaining(line),
        );
      }
      expect(report.differenceCount).toBe(report.differences.length);
      expect((await audit()).differenceCount).toBe(0);
    });

    it('looks only where it is told to', async () => {
      const sql = `update consumer_accounting set read = read + 1, ignored = ignored + 1 where ${rowAt(CALLS, 0)}`;
      const inside = await auditAfter('consumer_accounting', sql, { ...CALLS, from: 1, to: 2 });
      expect(inside.checked).toMatchObject({ partitions: 1, ranges: 1 });
      expect(found(inside).slice(0, 1)).toEqual([`read ${at(CALLS, 0, 2)} 4 5`]);
      const beside = await auditAfter('consumer_accounting', sql, { ...CALLS, from: 2 });
      expect(found(beside).filter((line) => !line.startsWith('auditor'))).toEqual([]);
      expect(beside.checked.ranges).toBeGreaterThan(1);
      await expect(audit({ topic: 'nothing.v1' })).rejects.toThrow(/choose from usage\.api-calls\.v1, /);
      await expect(audit({ ...CALLS, partition: 9 })).rejects.toThrow(/choose from 0 to 7/);
      await expect(audit({ from: 1 })).rejects.toThrow(/say --topic and --partition/);
    });

    it('tells a day of identities that retention has dropped from one that is missing', async () => {
      await asOwner(
        'alter table seen_call detach partition seen_call_20261005; alter table seen_call_20261005 rename to kept_day',
      );
      try {
        expect(found(await audit()).filter((line) => line.startsWith('identity'))).not.toEqual([]);
        await asOwner(`insert into retained_from values ('seen_call', '2026-10-06')`);
        const later = await audit();
        expect(found(later)).toEqual([]);
        expect(later.notes.map(({ detail }) => detail)).toEqual([
          expect.stringMatching(/2026-10-05.*not kept any more/),
        ]);
      } finally {
        await asOwner(
          `delete from retained_from;
           alter table kept_day rename to seen_call_20261005;
           alter table seen_call attach partition seen_call_20261005 for values from ('2026-10-05') to ('2026-10-06')`,
        );
      }
    });

    it('says what retention has taken, and counts it as no difference', async () => {
      await audited.expire(CALLS.topic, CALLS.partition, 3);
      const report = await audit();
      expect(report.differences).toEqual([]);
      expect(report.notes).toMatchObject([
        { ...CALLS, fromOffset: 0, toOffset: 3, detail: expect.stringMatching(/retention/) },
        { topic: API.name, partition: null, detail: expect.stringMatching(/not every record/) },
      ]);
    });
  });
}
