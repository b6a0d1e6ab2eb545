import { partitionForKey, STRUCTURED_CONTENT_TYPE } from '@taxameter/platform';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { ALL_ROOMS } from '@taxameter/server';
import { TOPICS } from '@taxameter/contracts';
import { sampleSms } from '@taxameter/contracts/testing';
import { registerQuarantineCommands } from './quarantine.command.js';
import { runCommand } from './run-command.testing.js';

const SMS = TOPICS.smsSent;
let rooms: TestRooms;

beforeAll(async () => {
  rooms = await startTestRooms(ALL_ROOMS.filter(({ name }) => ['billing', 'metering'].includes(name)));
});

afterAll(async () => {
  await rooms?.stop();
});

async function quarantine(args: readonly string[], access: { token?: string | undefined } = {}) {
  return runCommand(registerQuarantineCommands, ['quarantine', ...args], {
    defaultUrl: rooms.address,
    defaultToken: 'token' in access ? access.token : await rooms.token({ role: 'ops' }),
  });
}

/** Appends an SMS that no room can count, and gives its names in billing and metering. */
async function bad(messageId: string, detail = {}): Promise<[string, string]> {
  const event = sampleSms(messageId, '2026-09-15T10:00:00Z');
  const value = { ...event, data: { ...event.data, segments: 'three', ...detail } };
  const partition = partitionForKey(messageId, SMS.partitions);
  const { partitions } = await rooms.system.accounting();
  const known = partitions.find((row) => row.topic === SMS.name && row.partition === partition);
  await rooms.producer.append([
    {
      ...{ topic: SMS.name, partition, key: messageId },
      headers: { 'content-type': STRUCTURED_CONTENT_TYPE },
      value: new TextEncoder().encode(JSON.stringify(value)),
    },
  ]);
  await rooms.settle();
  const name = `${SMS.name}/${partition}/${known?.nextOffset ?? 0}/0`;
  return [`billing/${name}`, `metering/${name}`];
}

describe('taxameter quarantine', () => {
  it('lists an item under the name by which the others know it, and shows its bytes and history', async () => {
    const [item] = await bad('shown');
    const list = await quarantine(['list', '--room', 'billing']);
    expect([list.code, list.stderr]).toEqual([0, '']);
    expect(list.stdout).toMatch(new RegExp(`${item} .* breaks_schema +data.segments`));
    expect(list.stdout).not.toContain('"shown"');
    expect((await quarantine(['replay', item, '--why', 'as an attempt'])).code).toBe(1);
    const { stdout, code } = await quarantine(['show', item]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('"messageId":"shown"')]);
    expect(stdout).toContain('still_bad by ops : as an attempt (breaks_schema: ');
  });

  it('discards and reopens the items of two rooms in one command', async () => {
    const items = await bad('two-rooms');
    const discarded = await quarantine(['discard', ...items, '--why', 'a test of the sender']);
    expect([discarded.code, discarded.stderr]).toEqual([0, '']);
    expect(discarded.stdout).toBe(`${items[0]}  discarded\n${items[1]}  discarded\n2 of 2 done\n`);
    const again = await quarantine(['discard', items[0], '--why', 'twice']);
    expect([again.code, again.stdout]).toEqual([1, expect.stringContaining('unchanged  is discarded')]);
    const reopened = await quarantine(['reopen', ...items, '--why', 'was none', '--json']);
    expect(reopened.code).toBe(0);
    expect(JSON.parse(reopened.stdout)).toMatchObject([
      { room: 'billing', changed: 1, items: [{ outcome: 'reopened', state: 'open' }] },
      { room: 'metering', changed: 1 },
    ]);
  });

  it('discards all that a filter finds', async () => {
    await bad('filtered-1');
    await bad('filtered-2');
    const filter = ['--room', 'metering', '--topic', SMS.name, '--reason', 'breaks_schema'];
    const { code, stdout } = await quarantine(['discard', ...filter, '--why', 'tests']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/(\d+) of \1 done\n$/)]);
    expect((await quarantine(['list', '--room', 'metering'])).stdout).toBe(
      'nothing is in quarantine that matches\n',
    );
    const { items } = JSON.parse((await quarantine(['list', '--json', '--state', 'discarded'])).stdout) as {
      items: unknown[];
    };
    expect(items.length).toBeGreaterThan(1);
  });

  it('shows nothing that a terminal would obey', async () => {
    const [item] = await bad('escape', { ['\u202e']: 1, note: '\u009b31m' });
    const { stdout } = await quarantine(['show', item]);
    expect(stdout).toContain('?31m');
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it.each([
    ['an item that is named wrongly', ['show', 'billing/usage.sms-sent.v1/2'], 'as list prints it'],
    ['a decision without a reason', ['discard', 'billing/t/0/0/0'], '--why'],
    ['half a filter', ['replay', '--room', 'billing', '--why', 'x'], 'all of --room, --topic and --reason'],
    ['nothing at all', ['reopen', '--why', 'x'], 'name items'],
    ['items and a filter', ['discard', 'billing/t/0/0/0', '--room', 'billing', '--why', 'x'], 'not both'],
    ['a state that there is not', ['list', '--state', 'gone'], 'Allowed choices'],
    ['a page of 501', ['list', '--limit', '501'], 'from 1 to 500'],
  ])('calls %s wrong use and says so', async (_, args, sentence) => {
    const { code, stderr } = await quarantine(args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(sentence)]);
  });

  it('says what the API says: of an item that is not there, and of a role that may not', async () => {
    const missing = await quarantine(['discard', `billing/${SMS.name}/0/999/0`, '--why', 'x']);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining(`${SMS.name}/0/999/0`)]);
    const finance = await quarantine(['list'], { token: await rooms.token({ role: 'finance' }) });
    expect([finance.code, finance.stderr]).toEqual([1, expect.stringContaining('this route is for ops')]);
  });

  it('names how to get in when nothing runs here', async () => {
    const { code, stderr } = await quarantine(['list'], { token: undefined });
    expect([code, stderr]).toEqual([1, expect.stringContaining('TAXAMETER_TOKEN')]);
  });

  it('explains itself with examples', async () => {
    const { code, stdout } = await quarantine(['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('quarantine replay billing/');
  });
});
