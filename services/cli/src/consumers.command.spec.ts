import { partitionForKey, STRUCTURED_CONTENT_TYPE } from '@taxameter/platform';
import { runSqlAsOwner, startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { ALL_ROOMS } from '@taxameter/server';
import { TOPICS } from '@taxameter/contracts';
import { sampleSms } from '@taxameter/contracts/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { registerConsumersCommands } from './consumers.command.js';
import { runCommand } from './run-command.testing.js';

const SMS = TOPICS.smsSent;
const PARTITION = partitionForKey('m', SMS.partitions);
const NAME = `billing/${SMS.name}/${PARTITION}`;
let rooms: TestRooms;

beforeAll(async () => {
  rooms = await startTestRooms(ALL_ROOMS.filter(({ name }) => name === 'billing'));
});

afterAll(async () => {
  await rooms?.stop();
});

async function consumers(args: readonly string[], access: { token?: string } = {}) {
  return runCommand(registerConsumersCommands, ['consumers', ...args], {
    defaultUrl: rooms.address,
    defaultToken: access.token ?? (await rooms.token({ role: 'ops' })),
  });
}

async function append(messageId: string): Promise<void> {
  await rooms.producer.append([
    {
      ...{ topic: SMS.name, partition: PARTITION, key: messageId },
      headers: { 'content-type': STRUCTURED_CONTENT_TYPE },
      value: new TextEncoder().encode(JSON.stringify(sampleSms(messageId, '2026-09-15T10:00:00Z'))),
    },
  ]);
}

async function untilListed(text: string): Promise<string> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(50)) {
    const { stdout } = await consumers(['list']);
    if (stdout.includes(text)) return stdout;
  }
  throw new Error(`"${text}" was not listed within 10 s`);
}

describe('taxameter consumers', () => {
  it('lists what stands in a gap with the command that helps, and that command lets it go on', async () => {
    await append('m');
    await append('n');
    await rooms.settle();
    expect(await consumers(['list'])).toMatchObject({ code: 0, stdout: expect.stringContaining('running') });
    await runSqlAsOwner(
      rooms.databaseUrl,
      `delete from event_log.log_record;
       update event_log.log_head set next_offset = 0 where topic = '${SMS.name}'`,
    );
    await append('o');
    const listed = await untilListed('the topic was made anew');
    expect(listed).toMatch(new RegExp(`${NAME} +gap +2 +0–1 +\\?`));
    expect((await consumers(['list'])).code).toBe(1);
    const [, hint = ''] = / or: consumers (decide .*) --why …/.exec(listed) ?? [];
    expect(hint).toBe(`decide ${NAME} --kind new-log --continue-at 0 --seen 2`);
    const decided = await consumers([...hint.split(' '), '--why', 'new cluster']);
    expect([decided.code, decided.stderr]).toEqual([0, '']);
    expect(decided.stdout).toContain(
      `${NAME}: new-log from 2 to 0@1; 2026-10-05T08:00:00.000Z by ops: new cluster`,
    );
    await rooms.settle();
    expect(await untilListed('1@1')).toContain('decided:');
    const sent = await rooms.databases
      .get('billing')!
      .query<{ id: string }[]>('select message_id as id from sms_ledger order by "offset"');
    expect(sent.map(({ id }) => id)).toEqual(['m', 'n', 'o']);
    const json = JSON.parse((await consumers(['list', '--json'])).stdout) as {
      items: { generation: number }[];
    };
    expect(json.items.filter(({ generation }) => generation === 1)).toHaveLength(1);
  });

  it('says why Taxameter refuses', async () => {
    const flags = ['--kind', 'skip-lost', '--continue-at', '1', '--why', 'x'];
    const other = (PARTITION + 1) % SMS.partitions;
    const none = await consumers(['decide', `billing/${SMS.name}/${other}`, ...flags, '--seen', '0']);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('it stands in no gap')]);
    const moved = await consumers(['decide', `billing/${SMS.name}/${other}`, ...flags, '--seen', '7@3']);
    expect(moved.stderr).toContain('not at 7 in generation 3');
    const finance = await consumers(['list'], { token: await rooms.token({ role: 'finance' }) });
    expect([finance.code, finance.stderr]).toEqual([1, expect.stringContaining('this route is for ops')]);
  });

  const whole = ['decide', NAME, '--kind', 'new-log', '--continue-at', '0', '--seen', '2', '--why', 'x'];
  const without = (flag: string) => whole.filter((_, at) => whole[at] !== flag && whole[at - 1] !== flag);
  const withValue = (flag: string, value: string) =>
    whole.map((text, at) => (whole[at - 1] === flag ? value : text));
  it.each([
    ['a partition that is named wrongly', ['decide', SMS.name, ...whole.slice(2)], 'as list prints it'],
    ['a decision without a reason', without('--why'), '--why'],
    ['a decision without what was seen', without('--seen'), '--seen'],
    ['a decision without its kind', without('--kind'), '--kind'],
    ['a kind that there is not', withValue('--kind', 'skip'), 'Allowed choices'],
    ['an offset that is none', withValue('--continue-at', '-1'), 'whole number from 0 on'],
    ['a position that is none', withValue('--seen', '1@x'), 'OFFSET@GENERATION'],
  ])('calls %s wrong use and says so', async (_, args, sentence) => {
    const { code, stderr } = await consumers(args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(sentence)]);
  });

  it('explains itself with examples', async () => {
    const { code, stdout } = await consumers(['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('consumers decide metering/');
  });
});
