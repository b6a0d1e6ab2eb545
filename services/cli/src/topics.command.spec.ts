import { ALL_TOPICS } from '@taxameter/contracts';
import { describeWithKafka } from '@taxameter/platform/testing';
import { runCommand } from './run-command.testing.js';
import { registerTopicsCommands } from './topics.command.js';

let number = 0;
const newPrefix = () => `topics-${process.pid}-${(number += 1)}.`;

function topics(args: readonly string[], defaults = { brokers: [] as string[], prefix: '' }) {
  return runCommand(
    (program, context) => registerTopicsCommands(program, context, defaults),
    ['topics', ...args],
  );
}

describeWithKafka('taxameter topics', (brokers) => {
  const on = (prefix: string, ...args: string[]) =>
    topics([...args, '--brokers', brokers(), '--prefix', prefix]);

  it('names every topic that is missing, makes them, and then finds nothing', async () => {
    const prefix = newPrefix();
    const before = await on(prefix, 'check');
    expect(before.code).toBe(1);
    expect(before.stdout.match(/does not exist/g)).toHaveLength(ALL_TOPICS.length);
    const created = await on(prefix, 'create');
    expect([created.code, created.stderr]).toEqual([0, '']);
    expect(created.stdout).toContain(`made ${prefix}usage.sms-sent.v1`);
    expect(await on(prefix, 'check')).toEqual({ code: 0, stdout: 'the topics are as agreed\n', stderr: '' });
  });

  it('makes nothing a second time', async () => {
    const prefix = newPrefix();
    await on(prefix, 'create');
    const again = await on(prefix, 'create', '--json');
    expect(JSON.parse(again.stdout)).toEqual({ made: [], differences: [] });
    expect(again.code).toBe(0);
  });

  it('reads brokers and prefix from the configuration where no option says otherwise', async () => {
    const prefix = newPrefix();
    const { stdout, code } = await topics(['create'], { brokers: brokers().split(','), prefix });
    expect([code, stdout]).toEqual([0, expect.stringContaining(`made ${prefix}partners.v1`)]);
  });

  it('says what is wrong with topics that decide lateness by the clock of a producer', async () => {
    const prefix = newPrefix();
    expect((await on(prefix, 'create', '--producer-timestamps')).code).toBe(1);
    const { differences } = JSON.parse((await on(prefix, 'check', '--json')).stdout);
    expect(new Set(differences.map(({ kind }: { kind: string }) => kind))).toEqual(new Set(['timestamps']));
  });

  it('refuses more copies than there are brokers with a sentence that gives both numbers', async () => {
    const { code, stderr } = await on(newPrefix(), 'create', '--replication-factor', '99');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/99 copies need 99 brokers and there are \d/)]);
  });
});

describe('taxameter topics without Kafka', () => {
  it('says how to name a Kafka when none is named: wrong use', async () => {
    const { code, stderr } = await topics(['check']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--brokers host:port')]);
  });

  it.each([
    ['a broker without a port', ['check', '--brokers', 'kafka']],
    ['no copies at all', ['create', '--replication-factor', '0']],
    ['a word that is no command', ['repair']],
  ])('calls %s wrong use', async (_, args) => {
    expect((await topics(args)).code).toBe(2);
  });

  it('says that no broker answers, where, and what to do', async () => {
    const { code, stderr } = await topics(['check', '--brokers', '127.0.0.1:1']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^no Kafka broker answers at 127\.0\.0\.1:1: start it/);
  });
});
