import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { Command, CommanderError } from 'commander';
import { parse } from 'yaml';
import { fairUseRoom, NOW } from '../fair-use.testing.js';
import { defaultPolicy } from './default-policy.js';
import { documentOf } from './policy-document.js';
import { registerPolicyCommands } from './policy.command.js';

let rooms: TestRooms;
let folder: string;
beforeAll(async () => {
  rooms = await startTestRooms([fairUseRoom], { now: NOW });
  folder = mkdtempSync(join(tmpdir(), 'policy-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await rooms?.stop();
});

async function policy(args: readonly string[], answer?: boolean, role: 'ops' | 'admin' = 'ops') {
  const written = { stdout: '', stderr: '' };
  let code: number | undefined;
  const questions: string[] = [];
  const stream = (name: keyof typeof written) =>
    ({ write: (text: string) => (written[name] += text) }) as unknown as NodeJS.WritableStream;
  const program = new Command('taxameter').exitOverride().configureOutput({ writeErr: () => undefined });
  registerPolicyCommands(program, {
    ...{ defaultUrl: rooms.address, defaultToken: await rooms.token({ role }) },
    ...{ stdout: stream('stdout'), stderr: stream('stderr'), isTerminal: answer !== undefined },
    exit: (given) => (code = given),
    confirm: (question) => {
      questions.push(question);
      return Promise.resolve(answer === true);
    },
  });
  await program.parseAsync(['policy', ...args], { from: 'user' }).catch((error: unknown) => {
    if (!(error instanceof CommanderError)) throw error;
    code = 2;
  });
  return { ...written, code, questions };
}

function fileOf(text: string): string {
  const path = join(folder, 'policy.yaml');
  writeFileSync(path, text);
  return path;
}

/** The policy in force as it is shown, with a text in place of another. */
async function edited(from: string | RegExp, to: string): Promise<string> {
  const { stdout } = await policy(['show']);
  const text = stdout.replace(from, to);
  expect(text).not.toBe(stdout);
  return fileOf(text);
}

describe('taxameter policy', () => {
  it('shows the policy in force as YAML that can be applied, and as JSON', async () => {
    const { code, stdout } = await policy(['show']);
    expect([code, parse(stdout)]).toEqual([0, { base: 3, ...documentOf(defaultPolicy) }]);
    const json = await policy(['show', '3', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ version: 3, document: documentOf(defaultPolicy) });
    const none = await policy(['show', '99']);
    expect([none.code, none.stderr]).toEqual([1, 'policy: there is no version 99 of the policy\n']);
  });

  it('says what a file would change, that it would change nothing, and what is wrong with it', async () => {
    const file = await edited('info: 20000', 'info: 25000');
    const { code, stdout } = await policy(['diff', file]);
    expect([code, stdout]).toEqual([
      0,
      'RATE_DAY, the threshold of info: 20000 becomes 25000 (milder)\nfrom 2026-10-05T08:00:00.000Z on\n',
    ]);
    const same = await policy(['diff', fileOf((await policy(['show'])).stdout)]);
    expect([same.code, same.stdout]).toEqual([0, 'nothing would change\n']);
    const wrong = await policy(['diff', await edited('info: 20000', 'info: -1\n      fatal: 3')]);
    expect([wrong.code, wrong.stdout]).toEqual([1, '']);
    expect(wrong.stderr).toContain('policy:   rules.RATE_DAY.thresholds.info: must not be negative\n');
    expect(wrong.stderr).toContain(
      'policy:   rules.RATE_DAY.thresholds.fatal: there is no such setting here\n',
    );
  });

  it('applies a file after it was asked, once, and tells the history', async () => {
    const file = await edited('info: 20000', 'info: 25000');
    const no = await policy(['apply', file, '--why', 'more room'], false);
    expect([no.code, no.questions, no.stdout]).toEqual([1, ['Apply this policy?'], '']);
    expect(no.stderr).toContain('20000 becomes 25000 (milder)');
    const yes = await policy(['apply', file, '--why', 'more room'], true);
    expect([yes.code, yes.stdout]).toEqual([0, 'version 4, from 2026-10-05T08:00:00.000Z on\n']);
    const again = await policy(['apply', file, '--why', 'more room', '--yes']);
    expect([again.code, again.stdout]).toEqual([1, '']);
    expect(again.stderr).toContain('the newest version is 4, and this was written from 3');
    const { stdout } = await policy(['history']);
    expect(stdout).toMatch(
      /^version 4 {2}in force {2}from 2026-10-05T08:00:00\.000Z {2}by \S+: more room\n {2}RATE_DAY, .*\nversion 3 {2}past {2}always {2}comes with the software\n$/,
    );
  });

  it('tells ops from when on it may be sharper, and lets admin', async () => {
    const file = await edited('info: 25000', 'info: 19000');
    const diff = await policy(['diff', file]);
    expect(diff.stdout).toContain('ops from 2026-11-04T08:00:00.000Z on, admin at any time');
    const ops = await policy(['apply', file, '--why', 'too mild', '--yes']);
    expect([ops.code, ops.stderr]).toEqual([1, expect.stringContaining('or ask an admin')]);
    const planned = ['--effective-from', '2026-11-05T00:00:00Z', '--json'];
    const later = await policy(['apply', file, '--why', 'too mild', '--yes', ...planned]);
    expect(JSON.parse(later.stdout)).toMatchObject({ version: 5, effectiveFrom: '2026-11-05T00:00:00.000Z' });
    const now = fileOf((await policy(['show', '5'])).stdout);
    const admin = await policy(['apply', now, '--why', 'at once', '--yes'], undefined, 'admin');
    expect([admin.code, admin.stdout]).toEqual([
      0,
      'version 6, from 2026-10-05T08:00:00.000Z on\nplanned, and now never in force: 5\n',
    ]);
  });

  it('refuses wrong use: no file, no reason, nobody to ask', async () => {
    const none = await policy(['diff', join(folder, 'none.yaml')]);
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('cannot read')]);
    expect((await policy(['apply', fileOf('a: 1')])).code).toBe(2);
    const silent = await policy(['apply', fileOf('a: 1'), '--why', 'x']);
    expect([silent.code, silent.stderr]).toEqual([2, expect.stringContaining('say --yes')]);
  });
});
