import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { validateEvent } from '@taxameter/contracts';
import type { ApiCallEvent } from '@taxameter/contracts';
import { startDoor } from '../send/door.testing.js';
import type { TestDoor } from '../send/door.testing.js';
import { importAccessLog, importEvents } from './import-access-log.service.js';
import { ImportRefused } from './import-options.js';
import type { ImportOptions } from './import-options.js';
import type { LineProblem } from './import-report.js';

const OPENSTACK = fileURLToPath(new URL('../../../../demo/data/openstack-nova-api.log', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'emitter-import-'));
let door: TestDoor;

beforeEach(async () => {
  door = await startDoor();
});

afterEach(() => door.stop());

afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Imports into a fresh door, and gives its events in the order of their times. */
async function imported(options: Omit<ImportOptions, 'door'>) {
  door.events.length = 0;
  const problems: LineProblem[] = [];
  const report = await importAccessLog(
    { ...options, door: door.door },
    { onProblem: (problem) => problems.push(problem) },
  );
  const events = (door.events as ApiCallEvent[])
    .slice()
    .sort((one, other) => Date.parse(one.time) - Date.parse(other.time));
  return { report, events, problems };
}

const line = (path: string, second = 0, user = 'isv_eksempel') =>
  `203.0.113.9 - ${user} [16/May/2026:08:00:0${second} +0000] "GET ${path} HTTP/1.1" ` +
  '200 18 "-" "Eksempel/1.4"';

describe('importing the OpenStack log', () => {
  it('makes a valid event of each of its 1,017 lines', async () => {
    const { report, events, problems } = await imported({ file: OPENSTACK });
    expect(problems).toEqual([]);
    expect(report).toMatchObject({ format: 'openstack', lines: 1017, events: 1017, accepted: 1017 });
    expect(report.source).toBe('/import/openstack-nova-api.log');
    expect(events.filter((event) => !validateEvent(event).ok)).toEqual([]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(1017);
  });

  it('finds 698 sweeps without changesSince and 2 with, and 208 calls of nobody', async () => {
    const { events } = await imported({ file: OPENSTACK });
    const sweeps = events.filter(({ data }) => data.route === '/v2/{tenant}/servers/detail');
    expect(sweeps.every(({ data }) => data.operation === 'list' && data.query?.page === null)).toBe(true);
    expect(sweeps.filter(({ data }) => data.query?.hasChangesSince === false)).toHaveLength(698);
    expect(sweeps.filter(({ data }) => data.query?.hasChangesSince === true)).toHaveLength(2);
    const nobody = events.filter(({ data }) => data.integrationId === 'unknown');
    expect(nobody).toHaveLength(208);
    expect(nobody.every(({ data }) => data.organizationId === null)).toBe(true);
  });

  it('sends no address, no server id and no query value', async () => {
    const { events } = await imported({ file: OPENSTACK });
    const sent = JSON.stringify(events);
    for (const id of readFileSync(OPENSTACK, 'utf8').match(/servers\/[0-9a-f-]{36}/g)!) {
      expect(sent).not.toContain(id.slice('servers/'.length));
    }
    expect(sent).not.toMatch(/10\.11\.|cloudlab|req-|all_tenants|05%3A55/);
  });

  it('moves all calls by the same time, so that the earliest falls on the instant', async () => {
    const plain = (await imported({ file: OPENSTACK })).events;
    const { events, report } = await imported({ file: OPENSTACK, shiftTo: '2026-05-16T08:00:00Z' });
    expect(report.earliest).toBe('2026-05-16T08:00:00.000Z');
    const gaps = (list: ApiCallEvent[]) =>
      list.map(({ time }) => Date.parse(time) - Date.parse(list[0]!.time));
    expect(gaps(events)).toEqual(gaps(plain));
    // Other times are other events: a retry must repeat `time` with the id.
    expect(events.some(({ id }) => plain.some((other) => other.id === id))).toBe(false);
  });
});

describe('importing twice', () => {
  const lines = [line('/v1/148383/contacts'), line('/v1/148383/contacts'), line('/v1/148383/contacts', 1)];

  it('gives the same events from log, gzip and pipe, and tells identical lines apart', async () => {
    const text = lines.join('\n');
    const plain = await imported({ file: file('a.log', text) });
    const zipped = await imported({ file: file('a.log.gz', gzipSync(text)) });
    const piped = await imported({ file: '-', input: Readable.from([text]), source: '/import/a.log' });
    expect(new Set(plain.events.map(({ id }) => id)).size).toBe(3);
    expect(zipped.events).toEqual(plain.events);
    expect(piped.events).toEqual(plain.events);
  });

  it('keeps the ids of old lines when the log has grown', async () => {
    const before = await imported({ file: file('grown.log', lines.slice(0, 2).join('\n')) });
    const after = await imported({ file: file('grown.log', lines.join('\n')) });
    const ids = after.events.map(({ id }) => id);
    expect(ids.slice(0, 2)).toEqual(before.events.map(({ id }) => id));
    expect(new Set(ids).size).toBe(3);
  });

  it('repeats the hashes; another key changes them', async () => {
    const path = file('a.log', line('/v1/148383/contacts/7'));
    const [first, second, keyed] = [
      await imported({ file: path }),
      await imported({ file: path }),
      await imported({ file: path, hashKey: 'a key of the owner' }),
    ];
    const data = (of: typeof first) => of.events[0]!.data;
    expect(data(first).resourceHash).toMatch(/^[0-9a-f]{16}$/);
    expect(data(second)).toEqual(data(first));
    expect(data(keyed).resourceHash).not.toBe(data(first).resourceHash);
    expect(data(keyed).ipHash).not.toBe(data(first).ipHash);
  });
});

describe('who called', () => {
  const who = async (text: string, options: Partial<ImportOptions> = {}) => {
    const { events } = await imported({ file: file('who.log', text), ...options });
    const { integrationId, organizationId, route } = events[0]!.data;
    return [integrationId, organizationId, route];
  };

  it('is the remote user, else the product of the agent; the agreement follows the version', async () => {
    expect(await who(line('/v1/148383/contacts'))).toEqual([
      'isv_eksempel',
      '148383',
      '/v1/{organizationId}/contacts',
    ]);
    expect(await who(line('/contacts/7', 0, '-'))).toEqual(['Eksempel', null, '/contacts/{id}']);
  });

  it('is what the selectors say', async () => {
    const path = line('/acme/api/148383/contacts');
    const selected = { integration: 'path:1', agreement: 'path:3' };
    expect(await who(path, selected)).toEqual(['acme', '148383', '/acme/api/{organizationId}/contacts']);
    const named = { agreement: 'path:company', routes: ['/acme/api/{company}/contacts'] };
    expect(await who(path, named)).toEqual(['isv_eksempel', '148383', '/acme/api/{company}/contacts']);
    const [hashed, none] = await who(path, { integration: 'ip', agreement: 'none' });
    expect(hashed).toMatch(/^ip_[0-9a-f]{16}$/);
    expect(none).toBeNull();
    expect((await who(path, { integration: 'const:one' }))[0]).toBe('one');
    expect((await who(line('/a', 0, 'Firma Æ|x')))[0]).toBe('Firma%20%C3%86%7Cx');
  });

  it('of a JSON log is what the mapping says, and the agreement is the first equal segment', async () => {
    const record = {
      client: 'isv',
      org: 5,
      ts: 1_778_911_200,
      method: 'GET',
      path: '/v1/5/contacts/5',
      status: 200,
    };
    expect(await who(JSON.stringify(record), { map: 'integrationId=client,organizationId=org' })).toEqual([
      'isv',
      '5',
      '/v1/{organizationId}/contacts/{id}',
    ]);
  });
});

describe('what cannot be imported', () => {
  it('is told by line and reason, whether we or the door refused it', async () => {
    door.rejectWhen = (event) => ((event as ApiCallEvent).data.route === '/v1/secrets' ? 'not wanted' : null);
    const text = [line('/v1/contacts'), 'garbage', '', line('/v1/secrets'), 'x'.repeat(70_000)].join('\r\n');
    const { report, problems } = await imported({ file: file('bad.log', text) });
    expect(report).toMatchObject({ lines: 5, blank: 1, events: 2, accepted: 1, unreadable: 2, refused: 1 });
    expect(problems.map((problem) => [problem.line, problem.kind]).sort()).toEqual([
      [2, 'unreadable'],
      [4, 'refused'],
      [5, 'unreadable'],
    ]);
    expect(problems.find(({ kind }) => kind === 'refused')!.reason).toBe('data.route: not wanted');
  });

  it('is a line whose integration is no identifier', async () => {
    const { problems } = await imported({ file: file('long.log', line('/v1/a', 0, 'u'.repeat(101))) });
    expect(problems[0]!.reason).toContain('data.integrationId');
  });

  it.each<[string, Partial<ImportOptions>]>([
    ['an unknown format', { format: 'iis' }],
    ['an unknown selector', { integration: 'cookie' }],
    ['an instant without zone', { shiftTo: '2026-05-16T08:00:00' }],
    ['a zone by name', { timeZone: 'Europe/Copenhagen' }],
    ['a missing file', { file: join(folder, 'none.log') }],
    ['a file that no format reads', { file: OPENSTACK.replace('.log', '.LICENSE') }],
  ])('is refused before anything is sent: %s', async (_title, options) => {
    await expect(imported({ file: OPENSTACK, ...options })).rejects.toBeInstanceOf(ImportRefused);
    expect(door.requests).toBe(0);
  });

  it('is nothing in an empty file', async () => {
    const { report } = await imported({ file: file('empty.log', ''), shiftTo: '2026-05-16T08:00:00Z' });
    expect(report).toMatchObject({ lines: 0, events: 0, earliest: null });
  });

  it('breaks a cut gzip file loudly', async () => {
    const cut = gzipSync(`${line('/v1/contacts')}\n`.repeat(5000)).subarray(0, 200);
    await expect(imported({ file: file('cut.gz', cut) })).rejects.toThrow('unexpected end of file');
  });
});

describe('a dry run', () => {
  it('counts and shows, and sends nothing', async () => {
    const report = await importAccessLog({ file: OPENSTACK, door: null });
    expect(door.requests).toBe(0);
    expect(report).toMatchObject({ events: 1017, accepted: 0, dryRun: true });
    expect(report.firstEvents).toHaveLength(3);
    expect(report.byRoute['GET /v2/{tenant}/servers/detail']).toBe(700);
    expect(report.byStatus).toMatchObject({ 202: 21, 204: 22 });
  });
});

describe('a file of ready events', () => {
  const event = async () =>
    JSON.stringify((await importAccessLog({ file: OPENSTACK, door: null })).firstEvents[0]);

  it('is sent as it is, and invalid lines are told', async () => {
    const ready = await event();
    const path = file('ready.jsonl', [ready, '{"type":1}', '{'].join('\n'));
    const problems: LineProblem[] = [];
    const report = await importEvents(
      { file: path, door: door.door },
      { onProblem: (one) => problems.push(one) },
    );
    expect(door.events).toEqual([JSON.parse(ready)]);
    expect(report).toMatchObject({ format: 'cloudevents', accepted: 1, unreadable: 2, source: null });
    expect(problems.map(({ line: number }) => number)).toEqual([2, 3]);
  });

  it('is recognised, and keeps its times', async () => {
    const path = file('ready.jsonl', await event());
    expect((await imported({ file: path })).report.format).toBe('cloudevents');
    await expect(imported({ file: path, shiftTo: '2026-05-16T08:00:00Z' })).rejects.toBeInstanceOf(
      ImportRefused,
    );
  });
});
