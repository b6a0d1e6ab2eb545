import { TOPICS, type ApiCallEvent, type SmsSent, type SmsSentEvent } from '@taxameter/contracts';
import { sampleApiCall, sampleSms } from '@taxameter/contracts/testing';
import type { DataSource } from 'typeorm';
import { partitionForKey } from '../partition-for-key.js';
import {
  BATCH_CONTENT_TYPE,
  STRUCTURED_CONTENT_TYPE,
  type EventLogProducer,
  type NewRecord,
} from '../record.js';
import type { SystemAccounting } from '../../system.service.js';
import { probe } from './probe-room.consumer.js';

/** A running event log with the probe room, on some transport. */
export interface EventLogUnderTest {
  readonly producer: EventLogProducer;
  /** The probe room's database. */
  readonly database: DataSource;
  accounting(): Promise<SystemAccounting>;
  settle(): Promise<void>;
  stop(): Promise<void>;
}

const APPENDED_AT = Date.parse('2026-10-05T08:00:00Z');
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** A call in the minute before the log takes it in. */
export function call(id: string, route = '/v1/x', time = '2026-10-05T07:59:00Z'): ApiCallEvent {
  return sampleApiCall(id, time, { route });
}

/** An SMS of the last millisecond of the third quarter. */
export function sms(messageId: string, source = '/sms-service/a', more: Partial<SmsSent> = {}): SmsSentEvent {
  return { ...sampleSms(messageId, '2026-09-30T21:59:59.999Z', more), source };
}

/** A record on the partition that its key decides. */
export function record(
  key: string,
  value: unknown,
  contentType = STRUCTURED_CONTENT_TYPE,
  topic = topicFor(value),
): NewRecord {
  return {
    topic: topic.name,
    partition: partitionForKey(key, topic.partitions),
    key,
    headers: { 'content-type': contentType },
    value: value instanceof Uint8Array ? value : encode(value),
  };
}

function topicFor(value: unknown) {
  const first = (Array.isArray(value) ? (value[0] as unknown) : value) as { type?: string };
  return (
    Object.values(TOPICS).find((topic) => topic.types.some((known) => known.type === first.type)) ??
    TOPICS.apiCalls
  );
}

/** What every transport must keep (design: delivery). One suite, run on each. */
export function describeEventLogContract(name: string, start: () => Promise<EventLogUnderTest>): void {
  describe(`event log contract: ${name}`, () => {
    let log: EventLogUnderTest;

    beforeAll(async () => {
      log = await start();
    });

    afterAll(async () => {
      await log?.stop();
    });

    beforeEach(() => {
      Object.assign(probe, { breakNext: 0, failNext: 0, batches: 0 });
    });

    const effects = async (topic: string) =>
      (
        await log.database.query<{ what: string }[]>(
          'select what from effect where topic = $1 order by partition, "offset", index',
          [topic],
        )
      ).map((row) => row.what);
    const quarantined = async () =>
      log.database.query<{ reason: string; field: string; bytes: Buffer }[]>(
        'select reason, field, bytes from quarantine order by reason',
      );
    const account = async (topic: string) => {
      const { partitions } = await log.accounting();
      const sum = { read: 0, counted: 0, duplicate: 0, quarantined: 0, ignored: 0 };
      for (const row of partitions.filter((partition) => partition.topic === topic)) {
        for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += row[name];
      }
      return sum;
    };
    const cleaned = async () => {
      await log.database.query('delete from effect');
      await log.database.query('delete from quarantine');
    };
    const changeOf = async (topic: string, work: () => Promise<void>) => {
      await cleaned();
      const before = await account(topic);
      await work();
      await log.settle();
      const after = await account(topic);
      return Object.fromEntries(
        Object.entries(after).map(([name, value]) => [name, value - before[name as keyof typeof before]]),
      );
    };

    const API = TOPICS.apiCalls.name;
    const SMS = TOPICS.smsSent.name;

    it('hands over a single event, a batch of events and a binary one, each once', async () => {
      const { data, ...attributes } = call('binary', '/binary');
      const headers = Object.fromEntries(
        Object.entries(attributes).map(([key, value]) => [`ce_${key}`, value]),
      );
      const change = await changeOf(API, async () => {
        await log.producer.append([
          record('isv_a|1', call('single', '/single')),
          record('isv_a|1', [call('first', '/first'), call('second', '/second')], BATCH_CONTENT_TYPE),
          {
            ...record('isv_a|1', encode(data), 'application/json', TOPICS.apiCalls),
            headers: { 'content-type': 'application/json', ...headers },
          },
        ]);
      });
      expect(await effects(API)).toEqual(['/single', '/first', '/second', '/binary']);
      expect(change).toEqual({ read: 4, counted: 4, duplicate: 0, quarantined: 0, ignored: 0 });
    });

    it('does not hand over an event again, neither in the same batch nor later', async () => {
      const change = await changeOf(API, async () => {
        await log.producer.append([record('isv_a|1', [call('twice'), call('twice')], BATCH_CONTENT_TYPE)]);
        await log.settle();
        await log.producer.append([record('isv_a|1', call('twice'))]);
      });
      expect(await effects(API)).toHaveLength(1);
      expect(change).toEqual({ read: 3, counted: 1, duplicate: 2, quarantined: 0, ignored: 0 });
    });

    it('tells the same id from two sources apart', async () => {
      const change = await changeOf(API, async () => {
        await log.producer.append([
          record(
            'isv_a|1',
            [call('same'), { ...call('same'), source: '/gateway/other' }],
            BATCH_CONTENT_TYPE,
          ),
        ]);
      });
      expect(change).toMatchObject({ counted: 2, duplicate: 0 });
    });

    it('counts an SMS once although two sources report it', async () => {
      const change = await changeOf(SMS, async () => {
        await log.producer.append([record('two-sources', sms('two-sources'))]);
        await log.settle();
        await log.producer.append([record('two-sources', sms('two-sources', '/sms-service/b'))]);
      });
      expect(change).toEqual({ read: 2, counted: 1, duplicate: 1, quarantined: 0, ignored: 0 });
    });

    it('keeps the first body of an SMS and quarantines another one under the same message id', async () => {
      const change = await changeOf(SMS, async () => {
        await log.producer.append([record('changed', sms('changed'))]);
        await log.producer.append([record('changed', sms('changed', '/sms-service/a', { segments: 3 }))]);
      });
      expect(change).toEqual({ read: 2, counted: 1, duplicate: 0, quarantined: 1, ignored: 0 });
      expect(await quarantined()).toMatchObject([{ reason: 'conflicting_duplicate' }]);
    });

    it('quarantines what it cannot read with reason and bytes, and counts its neighbours', async () => {
      const bad = { ...call('bad'), data: { ...call('bad').data, status: '200' } };
      const change = await changeOf(API, async () => {
        await log.producer.append([
          record('isv_a|1', new TextEncoder().encode('{"half'), STRUCTURED_CONTENT_TYPE, TOPICS.apiCalls),
          record(
            'isv_a|1',
            [call('neighbour'), bad, { ...call('alien'), type: 'com.example.alien' }],
            BATCH_CONTENT_TYPE,
          ),
          record('isv_a|1', sms('lost'), STRUCTURED_CONTENT_TYPE, TOPICS.apiCalls),
        ]);
      });
      expect(change).toEqual({ read: 5, counted: 1, duplicate: 0, quarantined: 4, ignored: 0 });
      const rows = await quarantined();
      expect(rows.map(({ reason, field }) => [reason, field])).toEqual([
        ['breaks_schema', 'data.status'],
        ['not_json', ''],
        ['unknown_type', 'type'],
        ['wrong_topic', 'type'],
      ]);
      expect(rows[1]!.bytes.toString()).toBe('{"half');
      expect(JSON.parse(rows[0]!.bytes.toString())).toEqual(bad);
    });

    it('judges lateness and future by the append time of the log, not by now', async () => {
      const at = (offsetMs: number) => new Date(APPENDED_AT + offsetMs).toISOString();
      const week = 7 * 86_400_000;
      await changeOf(API, async () => {
        await log.producer.append([
          record(
            'isv_a|1',
            [
              call('just in time', '/kept', at(-week)),
              call('too late', '/late', at(-week - 1)),
              call('nearly now', '/kept', at(300_000)),
              call('tomorrow', '/future', at(300_001)),
            ],
            BATCH_CONTENT_TYPE,
          ),
        ]);
      });
      expect(await effects(API)).toEqual(['/kept', '/kept']);
      expect((await quarantined()).map((row) => row.reason)).toEqual(['in_the_future', 'too_late']);
    });

    it('finds the one event that the database refuses and counts the rest of the batch', async () => {
      const events = Array.from({ length: 20 }, (_, index) =>
        call(`bisect ${index}`, index === 13 ? 'poison' : `/fine/${index}`),
      );
      const change = await changeOf(API, async () => {
        await log.producer.append([record('isv_a|1', events, BATCH_CONTENT_TYPE)]);
      });
      expect(change).toEqual({ read: 20, counted: 19, duplicate: 0, quarantined: 1, ignored: 0 });
      expect(await effects(API)).toHaveLength(19);
      expect(await quarantined()).toMatchObject([{ reason: 'refused_by_database' }]);
    });

    it('leaves no trace of an attempt that failed outside, and tries again', async () => {
      const change = await changeOf(API, async () => {
        probe.failNext = 2;
        await log.producer.append([record('isv_a|1', call('after a deadlock'))]);
      });
      expect(probe.batches).toBe(3);
      expect(await effects(API)).toHaveLength(1);
      expect(change).toMatchObject({ read: 1, counted: 1 });
    });

    it('lets a handler refuse an event by a rule of its domain, without losing it', async () => {
      const change = await changeOf(SMS, async () => {
        await log.producer.append([
          record('refused', sms('refused', '/sms-service/a', { recipientMasked: 'unwanted' })),
        ]);
      });
      expect(change).toMatchObject({ read: 1, counted: 0, quarantined: 1 });
      expect(await quarantined()).toMatchObject([{ reason: 'unwanted' }]);
    });

    it('ignores a fact whose version is not above the last one', async () => {
      const fact = (version: number) => ({
        specversion: '1.0',
        id: `par_1/${version}`,
        source: '/taxameter/partners',
        type: 'dk.dinero.partners.partner_changed.v1',
        time: '2026-10-05T07:00:00Z',
        data: {
          partnerId: 'par_1',
          version,
          name: 'Eksempel ApS',
          cvr: null,
          vatNumber: null,
          address: null,
          email: null,
          language: 'da',
        },
      });
      const change = await changeOf(TOPICS.partners.name, async () => {
        await log.producer.append([
          record('partner|par_1', fact(2)),
          record('partner|par_1', fact(1)),
          record('partner|par_1', fact(2)),
        ]);
        await log.settle();
        await log.producer.append([record('partner|par_1', fact(1)), record('partner|par_1', fact(3))]);
      });
      expect(await effects(TOPICS.partners.name)).toEqual(['par_1 2', 'par_1 3']);
      expect(change).toEqual({ read: 5, counted: 2, duplicate: 3, quarantined: 0, ignored: 0 });
    });

    it('stops only the partition in which an invariant of ours broke', async () => {
      await cleaned();
      const [stopped, running] = ['isv_a|1', 'isv_b|2', 'isv_c|3', 'isv_d|4', 'isv_e|5']
        .map((key) => ({ key, partition: partitionForKey(key, TOPICS.apiCalls.partitions) }))
        .filter((one, index, all) => all.findIndex((other) => other.partition === one.partition) === index);
      probe.breakNext = 1;
      await log.producer.append([record(stopped!.key, call('breaks', '/breaks'))]);
      for (let tries = 0; tries < 200 && probe.breakNext > 0; tries += 1)
        await new Promise((resolve) => setTimeout(resolve, 20));
      await log.producer.append([
        record(stopped!.key, call('waits', '/waits')),
        record(running!.key, call('goes on', '/goes-on')),
      ]);
      for (let tries = 0; tries < 200 && (await effects(API)).length === 0; tries += 1)
        await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await effects(API)).toEqual(['/goes-on']);
      const { partitions } = await log.accounting();
      expect(partitions.find((row) => row.topic === API && row.partition === stopped!.partition)!.lag).toBe(
        2,
      );
    });
  });
}
