import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { TestRooms } from '@taxameter/platform/testing';
import { Command } from 'commander';
import { auditOf, startPartnersRoom } from '../partners-room.testing.js';
import { registerPartnersCommands } from './partners.command.js';

const folder = mkdtempSync(join(tmpdir(), 'partners-command-'));
const path = join(folder, 'partners.csv');
let rooms: TestRooms;

beforeAll(async () => {
  rooms = await startPartnersRoom();
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await rooms.stop();
});

async function run(...words: string[]) {
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
  registerPartnersCommands(program, {
    defaultUrl: rooms.address,
    defaultToken: await rooms.token({ role: 'finance' }),
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    isTerminal: false,
    exit: (given) => (code = given),
  });
  await program.parseAsync(['partners', ...words], { from: 'user' });
  return { code, ...output };
}

function importing(text: string | Uint8Array, ...options: string[]) {
  writeFileSync(path, text);
  return run('import', path, ...options);
}

const FILE =
  'partner;navn;CVR-nr.;adresse;postnr.;by;land\r\n' +
  'par_one;En ApS;12345674;Ågade 1;8000;Aarhus C;DK\r\n' +
  'par_two;To ApS;12345678;;;;\r\n' +
  'par_three;"Tre; og fire ApS";;;;;\r\n';

describe('taxameter partners import', () => {
  it('tells what each line would do, and with --dry-run sends nothing', async () => {
    const { code, stdout } = await importing(FILE, '--dry-run');
    expect(stdout.split('\n')).toEqual([
      'line 2: created par_one',
      'line 3: refused par_two',
      '  cvr: fails the modulus 11 check of CVR numbers: is a digit wrong? (cvr-modulus-11)',
      'line 4: created par_three',
      '2 created, 0 changed, 0 unchanged, 1 refused; nothing was sent',
      '',
    ]);
    expect(code).toBe(1);
    expect((await rooms.call('ops', 'GET', '/v1/partners')).body.items).toEqual([]);
  });

  it('does every line but the refused, and nothing the second time', async () => {
    const first = await importing(FILE);
    expect([first.code, first.stdout]).toEqual([
      1,
      expect.stringContaining('2 created, 0 changed, 0 unchanged, 1 refused\n'),
    ]);
    expect((await rooms.call('ops', 'GET', '/v1/partners/par_two')).status).toBe(404);
    expect((await rooms.call('ops', 'GET', '/v1/partners/par_one')).body).toMatchObject({
      ...{ name: 'En ApS', cvr: '12345674', version: 1 },
      address: { street: 'Ågade 1', postalCode: '8000', city: 'Aarhus C', country: 'DK' },
    });
    expect((await importing(FILE)).stdout).toContain('0 created, 0 changed, 2 unchanged, 1 refused\n');
    expect(await auditOf(rooms, 'partner|par_one')).toMatchObject([
      { actor_role: 'finance', reason: 'import' },
    ]);
  });

  it('tells machines each line and the report as JSON', async () => {
    const { code, stdout } = await importing('partnerId,name\npar_one,En A/S\n', '--json');
    expect(code).toBe(0);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { line: 2, partnerId: 'par_one', outcome: 'changed', mistakes: [] },
      { report: { created: 0, changed: 1, unchanged: 0, refused: 0, encoding: 'utf-8', dryRun: false } },
    ]);
  });

  it('says that it read Windows-1252', async () => {
    const bytes = Uint8Array.from(Array.from('partnerId;navn\npar_søn;Søn\n', (sign) => sign.charCodeAt(0)));
    const { stderr, stdout } = await importing(bytes, '--dry-run');
    expect(stderr).toContain('read as Windows-1252');
    expect(stdout).toContain('line 2: refused');
  });

  it.each([
    ['partnerId,farve\npar_nine,rød\n', 'names no column'],
    ['', 'is empty'],
  ])('exits 2 on the file %j and sends nothing of it', async (text, message) => {
    const { code, stderr } = await importing(text);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('exits 2 without a file, and 1 with a sentence when the token is not known or nobody is there', async () => {
    expect(await run('import', join(folder, 'none.csv'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('cannot read'),
    });
    expect(await importing(FILE, '--token', 'nonsense')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('does not know the token'),
    });
    expect(await importing(FILE, '--url', 'http://127.0.0.1:9', '--token', 'x')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot reach Taxameter'),
    });
  });
});

describe('taxameter partners export', () => {
  it('writes what an import takes back without a change', async () => {
    const names = ['=1+1', "'=1", 'Navn; med "alt", og\tmere', '-5', '+45 70 10 10 10', "'quoted'"];
    for (const [index, name] of names.entries()) {
      const body = { name: name.replace('\t', ' '), gln: '5790000000005', delivery: 'e_invoice' };
      await rooms.call('ops', 'PUT', `/v1/partners/par_x${index}`, { body });
    }
    const out = join(folder, 'export.csv');
    expect(await run('export', '--out', out)).toMatchObject({ code: 0, stdout: '' });
    const text = readFileSync(out, 'utf8');
    expect(text).toMatch(/^partnerId,name,cvr,/);
    expect(text).toContain("par_x0,'=1+1,");
    const { code, stdout } = await run('import', out);
    expect([code, stdout]).toEqual([0, '0 created, 0 changed, 8 unchanged, 0 refused\n']);
    expect((await run('export')).stdout).toBe(text);
  });

  it('gives all pages at once to who prefers CSV, and a partner only itself', async () => {
    const { headers, bytes } = await rooms.call('partner', 'GET', '/v1/partners', {
      partnerId: 'par_one',
      headers: { accept: 'text/csv' },
    });
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    const [, ...lines] = new TextDecoder().decode(bytes).trimEnd().split('\r\n');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^par_one,/);
    const refused = await rooms.call('ops', 'GET', '/v1/partners?format=csv&cursor=par_a');
    expect(refused.body.errors).toMatchObject([{ field: 'query.cursor' }]);
  });
});
