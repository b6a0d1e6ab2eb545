import { TOPICS } from '@taxameter/contracts';
import { sampleApiCall, sampleSms } from '@taxameter/contracts/testing';
import { parseConfiguration, type Room } from '@taxameter/platform';
import { runSqlAsOwner, startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { ALL_ROOMS } from '@taxameter/server';
import { registerAuditCommand } from './audit.command.js';
import { runCommand } from './run-command.testing.js';

/** The command over the rooms of the house, with metering's own auditors. */

const METERING: readonly Room[] = ALL_ROOMS.filter(({ name }) => name === 'metering');

function audit(args: readonly string[], settings: Record<string, string>, isTerminal = false) {
  const configuration = parseConfiguration({ FIXED_CLOCK: '2026-10-05T08:00:00Z', ...settings });
  return runCommand(
    (program, context) => registerAuditCommand(program, context, { rooms: METERING, configuration }),
    ['audit', ...args],
    { isTerminal },
  );
}

describe('taxameter audit', () => {
  let rooms: TestRooms;
  const settings = () => ({ DATABASE_URL: rooms.databaseUrl });

  beforeAll(async () => {
    rooms = await startTestRooms(METERING);
    const headers = { 'content-type': 'application/cloudevents+json' };
    const events = [
      [TOPICS.apiCalls, sampleApiCall('one', '2026-10-05T07:59:00Z')],
      [TOPICS.apiCalls, sampleApiCall('two', '2026-10-05T07:59:00Z')],
      [TOPICS.smsSent, sampleSms('m1', '2026-10-05T07:59:00Z')],
      [TOPICS.smsSent, sampleSms('m2', '2026-10-05T07:59:00Z', { testMode: true })],
    ] as const;
    await rooms.producer.append(
      events.map(([topic, event]) => ({
        ...{ topic: topic.name, partition: 1, key: 'key', headers },
        value: new TextEncoder().encode(JSON.stringify(event)),
      })),
    );
    await rooms.settle();
  });

  afterAll(() => rooms?.stop());

  it('exits 0 and says how much it read where nothing differs', async () => {
    const { code, stdout, stderr } = await audit([], settings());
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^no difference: 1 rooms, \d+ partitions, 2 ranges, 4 records, 4 events read again\n$/,
    );
  });

  it('shows on a terminal where it is, and wipes it away before it answers', async () => {
    const { stderr } = await audit([], settings(), true);
    expect(stderr).toContain('metering  usage.api-calls.v1 1  2 of 2');
    expect(stderr.endsWith('\r\u001B[K')).toBe(true);
  });

  it.each(['usage_minute', 'usage_hour', 'usage_day', 'usage_quarter'])(
    'exits 1 and names %s when its sums of calls and SMS are not what was counted',
    async (table) => {
      const change = (by: string) =>
        runSqlAsOwner(
          rooms.databaseUrl,
          `update metering.${table} set calls = calls ${by} where calls > 0; update metering.${table} set sms = sms ${by}, sms_segments = sms_segments ${by} where sms > 0`,
        );
      await change('+ 1');
      const { code, stdout } = await audit(['--json'], settings()).finally(() => change('- 1'));
      const { differences, differenceCount } = JSON.parse(stdout);
      expect([code, differenceCount]).toEqual([1, 2]);
      expect(differences.map(({ detail }: { detail: string }) => detail)).toEqual([
        `calls in ${table} against those counted`,
        `SMS in ${table} against those counted`,
      ]);
    },
  );

  it('exits 1 and prints room, topic, partition and offsets of a row that does not add up', async () => {
    const change = (by: string) =>
      runSqlAsOwner(
        rooms.databaseUrl,
        `update metering.consumer_accounting set read = read ${by}, duplicate = duplicate ${by} where topic = 'usage.sms-sent.v1'`,
      );
    await change('+ 1');
    const { code, stdout } = await audit(['--topic', 'usage.sms-sent.v1'], settings()).finally(() =>
      change('- 1'),
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(/metering +usage\.sms-sent\.v1 +1 +0–2 +read +2 +3 /);
    expect(stdout).toMatch(/2 differences: /);
  });

  it.each([
    ['a room that does not exist', ['--room', 'kitchen'], 'choose from metering'],
    ['an offset without a partition', ['--from', '3'], 'say --topic and --partition'],
    [
      'offsets the wrong way round',
      ['--topic', 'usage.sms-sent.v1', '--partition', '1', '--from', '3', '--to', '3'],
      'must lie below',
    ],
    ['a partition that is no number', ['--partition', 'one'], 'must be a whole number'],
    ['an option that does not exist', ['--repair'], 'unknown option'],
  ])('calls %s wrong use: 2', async (_, args, says) => {
    const { code, stderr } = await audit(args, settings());
    expect([code, stderr]).toEqual([2, expect.stringContaining(says)]);
  });

  it('exits 1 with a sentence when there is no database to look at', async () => {
    const { code, stderr } = await audit([], { DATABASE_URL: '', DATA_DIR: 'no-such-folder' });
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('set DATA_DIR to its folder, or DATABASE_URL'),
    ]);
  });
});
