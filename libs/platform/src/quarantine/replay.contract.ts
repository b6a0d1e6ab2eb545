import { TOPICS, type ApiCallEvent, type SmsSentEvent } from '@taxameter/contracts';
import { call, record, sms } from '../event-log/contract/event-log.contract.js';
import { probe } from '../event-log/contract/probe-room.consumer.js';
import { BATCH_CONTENT_TYPE } from '../event-log/record.js';
import { runSqlAsOwner, type TestAnswer, type TestRooms } from '../testing/index.js';
import type { DecidedItem, QuarantineItem } from './quarantine-routes.js';

/** What a replay must keep on every transport. Rooms with the probe room; they are stopped by who gives them. */
export function describeReplayContract(name: string, start: () => Promise<TestRooms>): void {
  describe(`a replay: ${name}`, () => {
    let rooms: TestRooms;

    beforeAll(async () => {
      rooms = await start();
    });

    afterAll(async () => {
      await rooms?.stop();
    });

    beforeEach(async () => {
      Object.assign(probe, { breakNext: 0, failNext: 0, wantsAll: false, midBatch: () => undefined });
      await allowPoison(false);
    });

    const SMS = TOPICS.smsSent.name;
    const sql = <Row>(text: string, parameters: unknown[] = []) =>
      rooms.databases.get('probe')!.query<Row[]>(text, parameters);
    const allowPoison = (allowed: boolean) =>
      runSqlAsOwner(
        rooms.databaseUrl,
        `alter table probe.effect drop constraint if exists effect_what_check;
         ${allowed ? '' : "alter table probe.effect add constraint effect_what_check check (what not like 'poison%') not valid"}`,
      );
    const append = async (...events: (SmsSentEvent | ApiCallEvent)[]) => {
      await rooms.producer.append(
        events.map((event) =>
          'messageId' in event.data ? record(event.data.messageId, event) : record('isv_a|1', event),
        ),
      );
      await rooms.settle();
    };
    /** The newest open item with this text in its bytes. */
    const itemWith = async (text: string) => {
      const [row] = await sql<QuarantineItem>(
        `select topic, partition, "offset", index from quarantine
         where position(convert_to($1, 'UTF8') in bytes) > 0 order by "offset" desc, index desc limit 1`,
        [text],
      );
      if (!row) throw new Error(`nothing with ${text} is in quarantine`);
      return row;
    };
    const ask = (name: string, items: object[], headers: Record<string, string> = {}) =>
      rooms.call('ops', 'POST', `/v1/quarantine/${name}`, {
        body: { room: 'probe', reason: 'the cause is mended', items },
        headers,
      });
    const replay = async (text: string): Promise<DecidedItem> => {
      const answer = await ask('replay', [await itemWith(text)]);
      expect([answer.status, answer.body.items?.length]).toEqual([200, 1]);
      return (answer as TestAnswer & { body: { items: DecidedItem[] } }).body.items[0]!;
    };
    const effects = async (what: string) =>
      (await sql<object>('select from effect where what = $1', [what])).length;
    const account = async (topic: string) => {
      const { partitions } = await rooms.system.accounting();
      const sum = { counted: 0, quarantined: 0, replayed: 0, replayedCounted: 0 };
      for (const row of partitions.filter((partition) => partition.topic === topic)) {
        expect(row.read).toBe(row.counted + row.duplicate + row.quarantined + row.ignored);
        sum.counted += row.counted;
        sum.quarantined += row.quarantined;
        sum.replayed += row.replayed.read;
        sum.replayedCounted += row.replayed.counted;
      }
      const [{ kept }] = await sql<{ kept: number }>(
        "select count(*) as kept from quarantine where topic = $1 and state <> 'replayed'",
        [topic],
      ).then((rows) => rows as [{ kept: number }]);
      expect(kept).toBe(sum.quarantined - sum.replayed);
      return sum;
    };

    it('counts an event that the database refused, and accounts for it beside what the log gave', async () => {
      await append(sms('poison-1'));
      const before = await account(SMS);
      await allowPoison(true);
      expect(await replay('poison-1')).toMatchObject({ outcome: 'counted', state: 'replayed' });
      expect(await effects('poison-1')).toBe(1);
      expect(await account(SMS)).toEqual({
        ...before,
        replayed: before.replayed + 1,
        replayedCounted: before.replayedCounted + 1,
      });
    });

    it('counts once when eight people replay the same event at once', async () => {
      await append(sms('poison-at-once'));
      await allowPoison(true);
      const item = await itemWith('poison-at-once');
      const answers = await Promise.all(Array.from({ length: 8 }, () => ask('replay', [item])));
      expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
      expect(answers.map(({ body }) => body.changed as number).sort()).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
      expect(await effects('poison-at-once')).toBe(1);
      const rows = await sql("select from consumer_accounting where kind = 'replay' and from_offset = $1", [
        item.offset,
      ]);
      expect(rows.length).toBeGreaterThan(0);
      const decisions = await sql('select from quarantine_decision where "offset" = $1 and partition = $2', [
        item.offset,
        item.partition,
      ]);
      expect(decisions).toHaveLength(1);
    });

    it('leaves an event that is bad again open, with what was found, and without effect or identity', async () => {
      await append(sms('poison-again'));
      expect(await replay('poison-again')).toMatchObject({
        ...{ outcome: 'still_bad', state: 'open', found: 'refused_by_database' },
        detail: expect.stringMatching(/^23514: /),
      });
      expect(await sql("select from seen_message where message_id = 'poison-again'")).toEqual([]);
      const { topic, partition, offset, index } = await itemWith('poison-again');
      const path = `/v1/quarantine/probe/${topic}/${partition}/${offset}/${index}`;
      const { body } = await rooms.call('ops', 'GET', path);
      expect(body).toMatchObject({ state: 'open', reason: 'refused_by_database' });
      expect(body.history).toMatchObject([{ decision: 'still_bad', found: 'refused_by_database' }]);
      await allowPoison(true);
      await append(sms('poison-again'));
      expect(await effects('poison-again')).toBe(1);
      expect(await replay('poison-again')).toMatchObject({ outcome: 'duplicate', state: 'replayed' });
      expect(await effects('poison-again')).toBe(1);
    });

    it('counts an event that the handler refused, although its identity was claimed then', async () => {
      await append(sms('rejected', '/sms-service/a', { recipientMasked: 'unwanted' }));
      await sql("delete from effect where what = 'rejected'");
      expect(await replay('"rejected"')).toMatchObject({ outcome: 'still_bad', found: 'unwanted' });
      expect(await effects('rejected')).toBe(0);
      probe.wantsAll = true;
      expect(await replay('"rejected"')).toMatchObject({ outcome: 'counted' });
      expect(await effects('rejected')).toBe(1);
    });

    it('never counts another body under a known message id, and says so', async () => {
      await append(sms('two-bodies'), sms('two-bodies', '/sms-service/a', { segments: 3 }));
      expect(await replay('two-bodies')).toMatchObject({
        ...{ outcome: 'still_bad', found: 'conflicting_duplicate' },
        detail: expect.stringContaining('a replay never counts another'),
      });
      expect(await effects('two-bodies')).toBe(1);
    });

    it('judges lateness by the time at which the log took the event, and says that it will never count', async () => {
      await append(call('late', '/late', '2020-01-01T00:00:00Z'));
      expect(await replay('/late')).toMatchObject({
        ...{ outcome: 'still_bad', found: 'too_late' },
        detail: expect.stringContaining('it will never count: discard it'),
      });
    });

    it('takes two events of one record apart', async () => {
      const events = ['poison-left', 'fine', 'poison-right'].map((route, index) =>
        call(`pair ${index}`, route),
      );
      await rooms.producer.append([record('isv_a|1', events, BATCH_CONTENT_TYPE)]);
      await rooms.settle();
      await allowPoison(true);
      const items = [await itemWith('poison-right'), await itemWith('poison-left')];
      expect(items[0]!.offset).toBe(items[1]!.offset);
      const answer = await ask('replay', items);
      expect(answer.body.items.map(({ outcome }: DecidedItem) => outcome)).toEqual(['counted', 'counted']);
      const rows = await sql<{ index: number }>(
        `select index from consumer_accounting
         where kind = 'replay' and topic = $1 and partition = $2 and from_offset = $3 order by index`,
        [items[0]!.topic, items[0]!.partition, items[0]!.offset],
      );
      expect(rows.map(({ index }) => index)).toEqual([0, 2]);
    });

    it('knows an event of binary mode with its attributes', async () => {
      const { data, ...attributes } = call('binary bad', 'poison-binary');
      const headers = Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [`ce_${name}`, value]),
      );
      const bytes = new TextEncoder().encode(JSON.stringify({ ...data, status: 'x' }));
      await rooms.producer.append([
        {
          ...record('isv_a|1', bytes, 'application/json', TOPICS.apiCalls),
          headers: { 'content-type': 'application/json', ...headers },
        },
      ]);
      await rooms.settle();
      const found = await replay('poison-binary');
      expect(found).toMatchObject({ outcome: 'still_bad', found: 'breaks_schema', field: 'data.status' });
    });

    const fact = (partnerId: string, version: number) => ({
      ...{ specversion: '1.0', source: '/taxameter/partners', time: '2026-10-05T07:00:00Z' },
      ...{ id: `${partnerId}/${version}`, type: 'dk.dinero.partners.partner_changed.v1' },
      data: {
        ...{ partnerId, version, name: 'Eksempel ApS', cvr: null, vatNumber: null },
        ...{ address: null, email: null, language: 'da' },
      },
    });
    const publish = async (partnerId: string, version: number) => {
      await rooms.producer.append([record(`partner|${partnerId}`, fact(partnerId, version))]);
      await rooms.settle();
    };

    it('takes a fact by its key and version, and never goes back to an older one', async () => {
      await publish('poison_new', 1);
      await publish('poison_old', 1);
      await allowPoison(true);
      await publish('poison_old', 2);
      expect(await replay('poison_old/1')).toMatchObject({ outcome: 'duplicate' });
      expect(await replay('poison_new/1')).toMatchObject({ outcome: 'counted' });
      await publish('poison_new', 1);
      expect([await effects('poison_old 1'), await effects('poison_old 2')]).toEqual([0, 1]);
      expect(await effects('poison_new 1')).toBe(1);
    });

    it('holds the reader of its partition up until it is committed', async () => {
      await append(sms('poison-slow'));
      await allowPoison(true);
      const entered = gate();
      const release = gate();
      probe.midBatch = async () => {
        entered.open();
        await release.passed;
      };
      const replayed = replay('poison-slow');
      await entered.passed;
      probe.midBatch = () => undefined;
      const { partition } = record('poison-slow', sms('poison-slow'));
      await rooms.producer.append([{ ...record('behind', sms('behind')), partition }]);
      await new Promise((resolve) => setTimeout(resolve, 700));
      expect(await effects('behind')).toBe(0);
      release.open();
      expect(await replayed).toMatchObject({ outcome: 'counted' });
      await rooms.settle();
      expect(await effects('behind')).toBe(1);
    });

    it('does nothing at all when the handler breaks on one of its items, and names that one', async () => {
      await append(sms('poison-break'), sms('poison-beside'));
      await allowPoison(true);
      const items = [await itemWith('poison-break'), await itemWith('poison-beside')];
      probe.breakNext = 1;
      const answer = await ask('replay', items);
      expect([answer.status, answer.body.type]).toEqual([500, 'urn:taxameter:problem:replay-broke']);
      expect(answer.body.detail).toMatch(new RegExp(`${SMS}/\\d+/\\d+/0`));
      expect([await effects('poison-break'), await effects('poison-beside')]).toEqual([0, 0]);
      expect((await ask('replay', items)).body.changed).toBe(2);
    });

    it('answers 503 when the database is in trouble, and the same request then counts once', async () => {
      await append(sms('poison-trouble'));
      await allowPoison(true);
      const items = [await itemWith('poison-trouble')];
      const headers = { 'idempotency-key': 'trouble' };
      probe.failNext = 1;
      expect((await ask('replay', items, headers)).status).toBe(503);
      const first = await ask('replay', items, headers);
      expect(first.body).toMatchObject({ changed: 1, items: [{ outcome: 'counted' }] });
      expect((await ask('replay', items, headers)).body).toEqual(first.body);
      expect(await effects('poison-trouble')).toBe(1);
    });
  });
}

function gate(): { readonly passed: Promise<void>; open(): void } {
  let open = () => {};
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}
