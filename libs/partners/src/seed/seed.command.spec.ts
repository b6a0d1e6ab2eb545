import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { TestRooms } from '@taxameter/platform/testing';
import { Command } from 'commander';
import { factsOf, startPartnersRoom } from '../partners-room.testing.js';
import { registerSeedCommand } from './seed.command.js';

const folder = mkdtempSync(join(tmpdir(), 'seed-command-'));
let rooms: TestRooms;

beforeAll(async () => {
  rooms = await startPartnersRoom();
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await rooms.stop();
});

async function run(seed: string | object, ...options: string[]) {
  const path = join(folder, 'seed.json');
  writeFileSync(path, typeof seed === 'string' ? seed : JSON.stringify(seed));
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
  registerSeedCommand(program, {
    defaultUrl: rooms.address,
    defaultToken: options.includes('--token') ? undefined : await rooms.token({ role: 'ops' }),
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    isTerminal: false,
    exit: (given) => (code = given),
  });
  await program.parseAsync(['seed', path, ...options], { from: 'user' });
  return { code, ...output };
}

const demoSeed = readFileSync(new URL('../../../../demo/data/seed.json', import.meta.url), 'utf8');

describe('taxameter seed', () => {
  it('applies the seed file of the demo, and changes nothing when it is applied again', async () => {
    const first = await run(demoSeed);
    expect(first.stderr).toBe('');
    expect(first.code).toBe(0);
    expect(first.stdout).toBe(
      [
        'partners      6 created, 0 changed, 0 unchanged',
        'integrations  7 created, 0 changed, 0 unchanged',
        'agreements    15 created, 0 changed, 0 unchanged',
        'deactivated   1',
        '',
      ].join('\n'),
    );
    const second = await run(demoSeed);
    expect(second).toMatchObject({
      code: 0,
      stdout: 'nothing changed: Taxameter says what the file says already\n',
      stderr: '',
    });
    expect(await factsOf(rooms, 'partner|par_paamindelse')).toMatchObject([
      { data: { version: 1, name: 'Påmindelse & Søn A/S' } },
    ]);
    const facts = await factsOf(rooms, 'integration|isv_kvittering');
    expect(facts.at(-1)!.data).toMatchObject({
      version: 2,
      status: [
        { status: 'active', from: '2024-08-31T22:00:00.000Z' },
        { status: 'deactivated', from: '2026-08-17T08:00:00.000Z' },
      ],
    });
  });

  it('sends only what differs, and reports it as JSON', async () => {
    const seed = { partners: [{ partnerId: 'par_one', name: 'En ApS' }] };
    await run(seed);
    const changed = [{ partnerId: 'par_one', name: 'En ApS', cvr: '12345674' }];
    const { code, stdout } = await run({ partners: changed }, '--json');
    expect(code).toBe(0);
    const [progress, last] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(progress).toEqual({ changed: 'partner par_one', done: 1, of: 1 });
    expect(last).toMatchObject({
      report: {
        partners: { created: 0, changed: 1, unchanged: 0 },
        changed: 1,
        unchanged: 0,
        warnings: [],
      },
    });
  });

  it('exits 1 on a CVR number that fails its check, and says which rule it breaks', async () => {
    const seed = { partners: [{ partnerId: 'par_odd', name: 'Sær ApS', cvr: '12345678' }] };
    const { code, stderr } = await run(seed);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('par_odd was answered 400: cvr: fails the modulus 11'),
    ]);
  });

  it('warns of a CVR number that was recorded before there was a check', async () => {
    await run({ partners: [{ partnerId: 'par_before', name: 'Før ApS' }] });
    await rooms.databases
      .get('partners')!
      .query("update partner set cvr = '12345678' where partner_id = 'par_before'");
    const { code, stderr } = await run({
      partners: [{ partnerId: 'par_before', name: 'Nu ApS', cvr: '12345678' }],
    });
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/^seed: warning: partner par_before: cvr: 12345678 /),
    ]);
  });

  it('leaves alone what it does not say of delivery and references, which people and the partner keep', async () => {
    const seed = { partners: [{ partnerId: 'par_kept', name: 'Holdt ApS', email: 'a@b.example' }] };
    await run(seed);
    const body = {
      name: 'Holdt ApS',
      email: 'a@b.example',
      gln: '5790000000005',
      delivery: 'both',
      orderNumber: 'R-1',
    };
    await rooms.call('ops', 'PUT', '/v1/partners/par_kept', { body });
    expect((await run(seed)).stdout).toMatch(/^nothing changed/);
    const renamed = { partners: [{ ...seed.partners[0], name: 'Holdt A/S', orderNumber: null }] };
    expect((await run(renamed)).code).toBe(0);
    const wanted = { ...body, name: 'Holdt A/S', orderNumber: null, version: 3 };
    expect((await rooms.call('ops', 'GET', '/v1/partners/par_kept')).body).toMatchObject(wanted);
  });

  it('exits 2 on a wrong file and sends nothing of it', async () => {
    const { code, stderr } = await run({
      partners: [{ partnerId: 'par_two', name: 'To ApS' }, { partnerId: 'par_three' }],
    });
    expect(code).toBe(2);
    expect(stderr).toContain('seed: partners.1.name: ');
    expect((await rooms.call('ops', 'GET', '/v1/partners/par_two')).status).toBe(404);
  });

  it('exits 1 with a sentence when the token may not, the owner is unknown or nobody is there', async () => {
    const seed = { partners: [{ partnerId: 'par_four', name: 'Fire ApS' }] };
    const foreign = await run(seed, '--token', 'nonsense');
    expect([foreign.code, foreign.stderr]).toEqual([1, expect.stringContaining('does not know the token')]);
    const finance = await run(
      {
        integrations: [
          { integrationId: 'isv_x', name: 'X', kind: 'public', partnerId: 'par_x', from: NEW_YEAR },
        ],
      },
      '--token',
      await rooms.token({ role: 'finance' }),
    );
    expect([finance.code, finance.stderr]).toEqual([1, expect.stringContaining('needs role ops or admin')]);
    const orphan = await run({
      integrations: [
        { integrationId: 'isv_x', name: 'X', kind: 'public', partnerId: 'par_x', from: NEW_YEAR },
      ],
    });
    expect([orphan.code, orphan.stderr]).toEqual([1, expect.stringContaining('there is no partner par_x')]);
    const nobody = await run(seed, '--url', 'http://127.0.0.1:9', '--token', 'mine');
    expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining('cannot reach Taxameter')]);
  });

  it('exits 2 without a token', async () => {
    const { code, stderr } = await run({}, '--token', '');
    expect([code, stderr]).toEqual([2, 'seed: no token: give one with --token\n']);
  });
});

const NEW_YEAR = '2026-01-01T00:00:00+01:00';
