import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { Command, CommanderError } from 'commander';
import { fairUseRoom, fiveMinutes, NOW, send } from '../fair-use.testing.js';
import { registerBackTestCommand } from './back-test.command.js';

let rooms: TestRooms;
let folder: string;
let file: string;
beforeAll(async () => {
  rooms = await startTestRooms([fairUseRoom], { now: NOW });
  await send(rooms, [
    ...fiveMinutes('isv_hurries', '2026-10-05T06:00:00Z', 75),
    ...fiveMinutes('isv_walks', '2026-10-05T06:00:00Z', 45),
  ]);
  folder = mkdtempSync(join(tmpdir(), 'back-test-'));
  const { body } = await rooms.call('ops', 'GET', '/v1/policies/in-force');
  body.document.rules.RATE_MINUTE.thresholds = { warning: { calls: 40, minutes: 5 } };
  file = join(folder, 'policy.json');
  writeFileSync(file, JSON.stringify({ base: body.version, ...body.document }));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await rooms?.stop();
});

const RANGE = ['--from', '2026-10-05T00:00:00Z', '--to', '2026-10-05T07:00:00Z'];

async function backTest(args: readonly string[], { isStopped = false, isTerminal = false } = {}) {
  const written = { stdout: '', stderr: '' };
  let code: number | undefined;
  let listeners = 0;
  const stream = (name: keyof typeof written) =>
    ({ write: (text: string) => (written[name] += text) }) as unknown as NodeJS.WritableStream;
  const program = new Command('taxameter').exitOverride().configureOutput({ writeErr: () => undefined });
  registerBackTestCommand(program, {
    ...{ defaultUrl: rooms.address, defaultToken: await rooms.token({ role: 'ops' }) },
    ...{ stdout: stream('stdout'), stderr: stream('stderr'), isTerminal },
    exit: (given) => (code = given),
    onInterrupt: (stop) => {
      listeners += 1;
      if (isStopped) stop();
      return () => (listeners -= 1);
    },
  });
  await program.parseAsync(['back-test', ...args], { from: 'user' }).catch((error: unknown) => {
    if (!(error instanceof CommanderError)) throw error;
    code = 2;
  });
  return { ...written, code, listeners };
}

describe('taxameter back-test', () => {
  it('prints rule by rule what would change, and who is hit', async () => {
    const { code, stdout, stderr, listeners } = await backTest([file, ...RANGE]);
    expect([code, stderr, listeners]).toEqual([0, '', 0]);
    expect(stdout.split('\n')).toEqual([
      '                new    gone sharper  milder    same',
      'RATE_MINUTE       1       0       0       0       1',
      '',
      'hit, to be told 30 days before (1):',
      '  isv_walks',
      '',
    ]);
  });

  it('gives machines the answer of the API, and shows progress on a terminal only', async () => {
    const { code, stdout, stderr } = await backTest([file, ...RANGE, '--json'], { isTerminal: true });
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { state: 'done', hit: ['isv_walks'] }]);
    expect(stderr).not.toBe('');
  });

  it('cancels the work when it is interrupted, and says how far it came', async () => {
    const { code, stdout, listeners } = await backTest([file, ...RANGE], { isStopped: true });
    const { items } = (await rooms.call('ops', 'GET', '/v1/back-tests')).body;
    // Who is faster than the answer may find it done.
    if (items[0].state === 'cancelled')
      expect([code, stdout]).toEqual([1, expect.stringContaining('cancelled')]);
    else expect([code, items[0].state]).toEqual([0, 'done']);
    expect(listeners).toBe(0);
  });

  it('says what is wrong: no file, no time, no data, and a policy that is none', async () => {
    expect(await backTest([join(folder, 'none.yaml'), ...RANGE])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('back-test: cannot read'),
    });
    expect((await backTest([file])).code).toBe(2);
    const empty = await backTest([file, '--from', '2020-01-01T00:00:00Z', '--to', '2020-01-02T00:00:00Z']);
    expect([empty.code, empty.stderr]).toEqual([1, expect.stringContaining('there is no data of this time')]);
    const wrong = join(folder, 'wrong.yaml');
    writeFileSync(wrong, 'a: 1');
    expect((await backTest([wrong, ...RANGE])).code).toBe(1);
  });
});
