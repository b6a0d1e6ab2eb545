import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { Command } from 'commander';
import { startDoor } from '../send/door.testing.js';
import type { TestDoor } from '../send/door.testing.js';
import { registerImportCommand } from './import.command.js';

const folder = mkdtempSync(join(tmpdir(), 'emitter-command-'));
const good = '::1 - isv [16/May/2026:08:00:00 +0000] "GET /v1/7/contacts HTTP/1.1" 200 18 "-" "x"';
let door: TestDoor;

beforeEach(async () => {
  door = await startDoor();
});

afterEach(() => door.stop());

afterAll(() => rmSync(folder, { recursive: true }));

async function run(lines: string[], ...options: string[]) {
  const path = join(folder, 'access.log');
  writeFileSync(path, lines.join('\n'));
  const output = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr') =>
    new Writable({
      write(chunk, _encoding, done) {
        output[name] += String(chunk);
        done();
      },
    });
  let code = -1;
  const program = new Command();
  registerImportCommand(program, {
    defaultUrl: door.door.url,
    defaultToken: options.includes('--no-default-token') ? undefined : 'a-token',
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    isTerminal: false,
    exit: (given) => (code = given),
  });
  const given = options.filter((option) => option !== '--no-default-token');
  await program.parseAsync(['import', path, ...given], { from: 'user' });
  return { code, ...output };
}

describe('taxameter import', () => {
  it('exits 0 when all lines are accepted, and says what it took', async () => {
    const { code, stdout, stderr } = await run([good]);
    expect(code).toBe(0);
    expect(stderr).toContain('format combined (reads 1 of the first 1 lines)');
    expect(stdout).toContain('1 accepted, 0 refused');
    expect(door.events).toHaveLength(1);
  });

  it('exits 1 when a line is unreadable, and 0 when lenient', async () => {
    expect((await run([good, 'garbage'])).code).toBe(1);
    expect((await run([good, 'garbage'], '--lenient')).code).toBe(0);
    door.rejectWhen = () => 'no';
    expect((await run([good], '--lenient')).code).toBe(1);
  });

  it('exits 2 on wrong use: no token, an unknown zone, a line that no format reads', async () => {
    expect((await run([good], '--no-default-token')).code).toBe(2);
    expect((await run([good], '--time-zone', 'CET')).code).toBe(2);
    expect((await run(['garbage'])).stderr).toContain('none of the first 1 lines can be read');
    expect(door.requests).toBe(0);
  });

  it('exits 1 with a sentence when the door refuses', async () => {
    door.failures = [401];
    const { code, stderr } = await run([good]);
    expect(code).toBe(1);
    expect(stderr).toContain('does not know the token (401)');
  });

  it('shows 20 problems and counts the rest; as JSON all of them, the report last', async () => {
    const lines = [good, ...Array.from({ length: 25 }, () => 'garbage')];
    const plain = await run(lines);
    expect(plain.stderr.match(/^line \d+: unreadable/gm)).toHaveLength(20);
    expect(plain.stderr).toContain('… and 5 more');
    const json = (await run(lines, '--json')).stdout.trimEnd().split('\n');
    expect(json).toHaveLength(26);
    expect(JSON.parse(json[0]!)).toMatchObject({ problem: { line: 2, kind: 'unreadable' } });
    expect(JSON.parse(json[25]!)).toMatchObject({ report: { events: 1, unreadable: 25 } });
  });

  it('shows in a dry run the events and a summary, needs no token and sends nothing', async () => {
    const { code, stdout } = await run([good], '--dry-run', '--no-default-token');
    expect(code).toBe(0);
    expect(stdout).toContain('"route": "/v1/{organizationId}/contacts"');
    expect(stdout).toContain('1  GET /v1/{organizationId}/contacts');
    expect(door.requests).toBe(0);
  });

  it('warns of calls that are too old to be counted', async () => {
    const old = good.replace('2026', '2016');
    expect((await run([old])).stderr).toContain('--shift-to');
    const now = new Date().toISOString();
    expect((await run([old], '--shift-to', now)).stderr).not.toContain('--shift-to');
  });
});
