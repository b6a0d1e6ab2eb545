import { apiDocumentOf, writePlaceCursor } from '@taxameter/platform';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { ALL_ROOMS } from './rooms.js';

/** What passes a schema and is refused by PostgreSQL is the caller's mistake (400), in every room, and never ours (500). */

interface Operation {
  readonly 'x-roles'?: readonly Parameters<TestRooms['call']>[0][];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
}

/** As they stand in a URL. */
const HOSTILE = ['%00', 'a%00b', '0000-01-01T00:00:00Z'];
/** They stay open. */
const STREAMS = ['/v1/usage/live', '/v1/alerts/stream'];
let rooms: TestRooms;

beforeAll(async () => {
  rooms = await startTestRooms(ALL_ROOMS);
});

afterAll(() => rooms?.stop());

it('makes no route that reads answer 500, in whichever parameter it stands', async () => {
  const { paths } = apiDocumentOf(ALL_ROOMS) as unknown as { paths: Record<string, { get?: Operation }> };
  const answers: string[] = [];
  for (const [path, { get }] of Object.entries(paths)) {
    if (!get || STREAMS.includes(path)) continue;
    const urls = (get.parameters ?? []).flatMap(({ name, in: place }) =>
      HOSTILE.map((value) =>
        place === 'path'
          ? path.replace(`{${name}}`, value).replaceAll(/\{\w+\}/g, '1')
          : `${path.replaceAll(/\{\w+\}/g, '1')}?${name}=${value}`,
      ),
    );
    for (const url of urls) {
      const { status } = await rooms.call(get['x-roles']?.[0] ?? 'anonymous', 'GET', url);
      answers.push(`${url} ${status}`);
    }
  }
  expect(answers.length).toBeGreaterThan(100);
  expect(answers.filter((answer) => / 5\d\d$/.test(answer))).toEqual([]);
});

it.each([
  ['metering', '/v1/usage?granularity=hour&quarter=2026-Q3&route=%00', 'query.route'],
  ['the accounting', '/v1/accounting/ranges?topic=a%00b', 'query.topic'],
  ['partners', '/v1/restrictions?activeAt=9999-12-31T23:59:59-01:00', 'query.activeAt'],
])('is named by its field in a question to %s', async (_, url, field) => {
  const { status, body } = await rooms.call('ops', 'GET', url);
  expect([status, body.errors?.[0].field]).toEqual([400, field]);
});

it.each([
  ['the ranges of the accounting', '/v1/accounting/ranges', ['billing', '\0', 0, 0, 0, 'log']],
  ['the quarantine', '/v1/quarantine', ['0000-01-01T00:00:00.000Z', 'billing', 'a', 0, 0, 0, 0]],
  [
    'the quarantine, too large',
    '/v1/quarantine',
    ['2026-01-01T00:00:00.000Z', 'billing', 'a', 2 ** 40, 0, 0, 0],
  ],
  ['billing', '/v1/invoices/100001/sms', ['billed', 'isv_a\0', '2026-01-01T00:00:00.000Z', 'm']],
  ['billing, of the year 0000', '/v1/invoices/100001/sms', ['billed', 'isv_a', '0000-01-01T00:00:00Z', 'm']],
])('is refused in a cursor of %s', async (_, path, place) => {
  const role = path.startsWith('/v1/invoices') ? 'finance' : 'ops';
  const { status, body } = await rooms.call(role, 'GET', `${path}?cursor=${writePlaceCursor(place)}`);
  expect([status, body.type]).toEqual([400, 'urn:taxameter:problem:invalid-cursor']);
});

it.each([
  ['from', 'PUT', '/v1/integrations/isv_a', { name: 'A', kind: 'public', partnerId: 'par_a', reason: 'r' }],
  ['from', 'POST', '/v1/integrations/isv_a/deactivate', { reason: 'r' }],
])('is refused as `%s` of a command: %s %s', async (field, method, path, more) => {
  const body = { ...more, [field]: '0000-01-01T00:00:00Z' };
  const answer = await rooms.call('ops', method, path, { body });
  expect([answer.status, answer.body.errors.map((error: { field: string }) => error.field)]).toEqual([
    400,
    [field],
  ]);
});
