import fc from 'fast-check';
import { operationOf, parseOperations } from './operation.js';
import { readQuery } from './query-flags.js';
import { agreementIndexByCustom, parseRoutePattern, readPath, routeOf } from './route-template.js';

const NO_AGREEMENT = { name: 'organizationId', index: null };

function guess(target: string, index: number | null = null) {
  return routeOf(readPath(target, []), { name: 'organizationId', index });
}

describe('a route template', () => {
  it.each([
    ['/v1/contacts/8d1c1f32-3c29-4ab7-9f54-0d9be0a5ef10', '/v1/contacts/{id}'],
    ['/v2/54fadb412c4e40cdbaed9335e4c35a9e/servers', '/v2/{id}/servers'],
    ['/v1.1/invoices/1042/lines/3', '/v1.1/invoices/{id}/lines/{id}'],
    ['/users/anna%40example.com/notes', '/users/{id}/notes'],
    ['/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV', '/jobs/{id}'],
    ['/jobs/req-38101a0b-2096-447d-96ea-a692162415ae', '/jobs/{id}'],
    ['/rates/2026-05-16', '/rates/{date}'],
    ['/files/8d1c1f32-3c29-4ab7-9f54-0d9be0a5ef10.pdf', '/files/{id}.pdf'],
    ['/share/dGhpcyBpcyBub3QgYSB3b3Jk3Zx', '/share/{id}'],
    ['/search/Anna%20Hansen', '/search/{value}'],
    ["/odata/Contacts('4711')/lines", '/odata/Contacts({id})/lines'],
    ['/hosts/10.11.10.1', '/hosts/{id}'],
  ])('of %s is %s, so no identifier leaves the log', (target, route) => {
    expect(guess(target).route).toBe(route);
  });

  it.each([
    ['/openstack/2013-10-17/meta_data.json', '/openstack/2013-10-17/meta_data.json'],
    ['/v2/os-server-external-events', '/v2/os-server-external-events'],
    ['/latest/meta-data/', '/latest/meta-data'],
    ['//v1//contacts;jsessionid=AB12?name=Anna#top', '/v1/contacts'],
    ['http://api.example.com/v1/contacts?x=1', '/v1/contacts'],
    ['/', '/'],
    ['*', '/*'],
    ['/algorithms/sha-256', '/algorithms/sha-256'],
  ])('of %s keeps versions and words: %s', (target, route) => {
    expect(guess(target).route).toBe(route);
  });

  it('names the segment of the agreement, and does not count it among the identifiers', () => {
    expect(guess('/v1/148383/contacts/99', 1)).toEqual({
      route: '/v1/{organizationId}/contacts/{id}',
      identifiers: ['99'],
      endsWithIdentifier: true,
    });
  });

  it('of a named route wins over guessing, and of two that fit the first', () => {
    const patterns = ['/v1/{organizationId}/files/{name}', '/v1/{organizationId}/{kind}/{name}'].map(
      parseRoutePattern,
    );
    const route = routeOf(readPath('/v1/148383/files/readme', patterns), NO_AGREEMENT);
    expect(route.route).toBe('/v1/{organizationId}/files/{name}');
    expect(route.identifiers).toEqual(['readme']);
    expect(routeOf(readPath('/v1/files/readme', patterns), NO_AGREEMENT).route).toBe('/v1/files/readme');
  });

  it('that a user names must be a path with each parameter once', () => {
    for (const text of ['v1/contacts', '/v1/{a}/{a}', '/v1/a b', '/v1/x?y=1']) {
      expect(() => parseRoutePattern(text)).toThrow(RangeError);
    }
  });

  it('has at most 300 characters without control characters, and none of the digits of a long number', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 90 }), { maxLength: 12 }), (segments) => {
        const { route } = guess(`/${segments.join('/')}/123456789`);
        expect(route.length).toBeLessThanOrEqual(300);
        expect(route).toMatch(/^\/[!-~]*$/);
        expect(route).not.toContain('123456789');
      }),
    );
  });
});

describe('the agreement by custom', () => {
  it('is the all-digit segment after the version or at the start, and no other number', () => {
    expect(agreementIndexByCustom(['v1', '148383', 'contacts'])).toBe(1);
    expect(agreementIndexByCustom(['148383', 'contacts', '7'])).toBe(0);
    expect(agreementIndexByCustom(['contacts', '7'])).toBeNull();
    expect(agreementIndexByCustom(['v1', 'contacts'])).toBeNull();
  });
});

describe('the operation', () => {
  const of = (method: string, target: string, said: string[] = []) =>
    operationOf(method, guess(target), parseOperations(said));

  it('follows the method and the last segment', () => {
    expect(of('GET', '/v1/contacts')).toBe('list');
    expect(of('GET', '/v2/servers/detail')).toBe('list');
    expect(of('GET', '/v1/contacts/7')).toBe('item');
    expect(of('GET', '/v1/status')).toBe('other');
    expect(of('GET', '/v1/access')).toBe('other');
    expect(of('GET', '/v1/sms')).toBe('other');
    expect(of('HEAD', '/v1/contacts')).toBe('other');
    expect(of('DELETE', '/v1/contacts/7')).toBe('write');
  });

  it('is what the user said of that method and route, and of no other', () => {
    const said = ['GET /v1/status=list'];
    expect(of('GET', '/v1/status', said)).toBe('list');
    expect(of('POST', '/v1/status', said)).toBe('write');
    expect(() => parseOperations(['GET /v1/status=poll'])).toThrow(RangeError);
  });
});

describe('the query flags', () => {
  const AT_MS = Date.UTC(2017, 4, 16, 6);
  const flags = (query: string) => readQuery(`/x${query}`, AT_MS).flags;

  it.each(['changesSince', 'changes-since', 'changes_since', 'updated_since', 'modified_since'])(
    'see %s, and not when it is empty',
    (name) => {
      expect(flags(`?${name}=2017-05-16T05:59:00%2B00:00`)).toMatchObject({
        hasChangesSince: true,
        changesSinceAgeSec: 60,
      });
      expect(flags(`?${name}=`).hasChangesSince).toBe(false);
    },
  );

  it('need both ends of a date range', () => {
    expect(flags('?startDate=a&endDate=b').hasDateRange).toBe(true);
    expect(flags('?from=a&to=b').hasDateRange).toBe(true);
    expect(flags('?startDate=a&to=b').hasDateRange).toBe(false);
  });

  it('leave a missing page null, which is page 0, and keep the page that is there', () => {
    expect(flags('')).toMatchObject({ page: null, pageSize: null, hasQueryFilter: false });
    expect(flags('?page=0&limit=50&$filter=x')).toMatchObject({
      page: 0,
      pageSize: 50,
      hasQueryFilter: true,
    });
    expect(flags('?page=minus').page).toBeNull();
  });

  it('do not depend on the order of parameters', () => {
    expect(readQuery('/x?b=2&a=1', 0).normalised).toBe(readQuery('/x?a=1&b=2', 0).normalised);
    expect(readQuery('/x', 0).normalised).toBe('');
  });
});
