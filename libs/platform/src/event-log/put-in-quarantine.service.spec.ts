import { randomBytes } from 'node:crypto';
import { TOPICS } from '@taxameter/contracts';
import type { DataSource } from 'typeorm';
import { openTestRoom, startTestRooms } from '../testing/index.js';
import { call, record } from './contract/event-log.contract.js';
import { probeRoom } from './contract/probe-room.consumer.js';
import type { RefusedEvent } from './decode-record.js';
import { putInQuarantine } from './put-in-quarantine.service.js';
import { BATCH_CONTENT_TYPE } from './record.js';

const QUARANTINED_AT = new Date('2026-10-05T08:00:00Z');

function refused(offset: number, bytes: Uint8Array, more: Partial<RefusedEvent> = {}): RefusedEvent {
  return {
    position: { topic: TOPICS.apiCalls.name, partition: 2, offset, index: offset % 3 },
    appendedAt: new Date(`2026-10-05T07:00:0${offset % 10}.123Z`),
    reason: 'not_json',
    field: '',
    detail: 'is not JSON',
    bytes,
    key: null,
    ...more,
  };
}

/** Rows of one statement have the same `cmin`: the number of the command within its transaction. */
const STATEMENTS = 'select count(*) as rows, count(distinct cmin::text) as statements from quarantine';

describe('putting a batch into quarantine', () => {
  let database: DataSource;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ database, close } = await openTestRoom(probeRoom));
  });

  afterAll(() => close());

  beforeEach(() => database.query('delete from quarantine'));

  const put = (unclaimed: readonly RefusedEvent[], claimed: readonly RefusedEvent[] = []) =>
    database.transaction((tx) => putInQuarantine(tx, 1, { unclaimed, claimed }, QUARANTINED_AT));

  it('keeps of each event what it was, whatever characters and bytes are in it', async () => {
    const odd = `{"a,b"} \\ ' "quoted" NULL æøå 🙂\n`;
    const events = [
      refused(1, randomBytes(2_000), { detail: odd, field: odd, key: odd }),
      refused(2, new Uint8Array(), { key: 'NULL' }),
      refused(3, new Uint8Array([0, 0x5c, 0x22, 0xff]), { key: 'with\0nul' }),
    ];
    const [claimed] = [
      refused(4, new TextEncoder().encode('{}'), { reason: 'too_many_new', key: 'isv_a|1' }),
    ];
    await put(events, [claimed]);
    const rows = await database.query<Record<string, unknown>[]>(
      `select "offset", index, reason, field, detail, bytes, key, appended_at, quarantined_at, claimed, log_generation, state
       from quarantine order by "offset"`,
    );
    expect(rows).toEqual(
      [...events, claimed].map((event) => ({
        offset: event.position.offset,
        index: event.position.index,
        reason: event.reason,
        field: event.field,
        detail: event.detail,
        bytes: Buffer.from(event.bytes),
        key: event.key?.includes('\0') ? null : event.key,
        appended_at: event.appendedAt,
        quarantined_at: QUARANTINED_AT,
        claimed: event === claimed,
        log_generation: 1,
        state: 'open',
      })),
    );
  });

  it('takes one statement for 5,000 events, and one for each 4 MiB of them', async () => {
    await put(Array.from({ length: 5_000 }, (_, offset) => refused(offset, Buffer.from(`bad ${offset}`))));
    expect(await database.query(STATEMENTS)).toEqual([{ rows: 5_000, statements: 1 }]);
    await database.query('delete from quarantine');
    const large = (megabytes: number) => Buffer.alloc(megabytes * 1024 * 1024, 'x');
    await put([5, 1, 1, 1, 1, 1, 2].map((megabytes, offset) => refused(offset, large(megabytes))));
    expect(await database.query(STATEMENTS)).toEqual([{ rows: 7, statements: 3 }]);
  });

  it('writes nothing where nothing is bad', async () => {
    await put([]);
    expect(await database.query(STATEMENTS)).toEqual([{ rows: 0, statements: 0 }]);
  });
});

describe('a flood of bad events', () => {
  it('is in quarantine whole, a statement a batch, and the good ones between count', async () => {
    const rooms = await startTestRooms([probeRoom]);
    try {
      const good = Array.from({ length: 20 }, (_, index) => call(`good ${index}`, `/good/${index}`));
      const flood = Array.from({ length: 6_000 }, (_, index) => ({
        ...call(`bad ${index}`),
        type: 'unheard.of',
      }));
      const mixed = [...flood, ...good].map((event, index, all) => all[(index * 11) % all.length]!);
      const records = Array.from({ length: 20 }, (_, index) =>
        record('isv_a|1', mixed.slice(index * 301, (index + 1) * 301), BATCH_CONTENT_TYPE, TOPICS.apiCalls),
      );
      await rooms.producer.append(records);
      await rooms.settle();
      const database = rooms.databases.get('probe')!;
      expect(await database.query('select count(*) as rows from effect')).toEqual([{ rows: 20 }]);
      const [found] = await database.query<[{ rows: number; statements: number; batches: number }]>(
        `select count(*) as rows, count(distinct cmin::text || ' ' || xmin::text) as statements,
                (select count(*) from consumer_accounting where quarantined > 0) as batches
         from quarantine where reason = 'unknown_type'`,
      );
      expect(found.rows).toBe(6_000);
      expect(found.statements).toBe(found.batches);
    } finally {
      await rooms.stop();
    }
  });
});
