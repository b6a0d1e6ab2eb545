import { validateEvent, type ApiCallEvent } from '@taxameter/contracts';
import { writeCall } from './write-call.js';
import type { Caller, Details, ObservedCall } from './write-call.js';
import { routeOfExpress, templateOf } from './framework-route.js';
import { knownQueryOf, knownRouteOf, noRoute } from './known.js';
import { publicAgent } from './public-agent.js';
import { remembered } from './remembered.js';

const CALL: ObservedCall = {
  startedMs: Date.parse('2026-10-05T08:00:00.123Z'),
  durationMs: 84.4,
  method: 'GET',
  target: '/v1/148383/contacts/3fa85f64?fields=Name,Email&changesSince=2026-10-05T07:00:00Z',
  route: '/v1/{organizationId}/contacts/{guid}',
  status: 200,
  requestBytes: 0,
  responseBytes: 18_342,
  retryAfterSec: null,
  authScheme: 'bearer',
  address: '203.0.113.7',
  userAgent: 'Eksempel/1.4 (drift@eksempel.dk)',
  enforced: 'none',
};
const CALLER: Caller = { integrationId: 'isv_eksempel', scopes: ['dineropublicapi:read'], tokenId: 'tok-77' };

const hash = (purpose: string, value: string, length: number) =>
  Buffer.from(`${purpose}${value}`).toString('hex').padEnd(length, '0').slice(0, length);

const OPERATIONS = new Map([['POST /v1/{organizationId}/sms', 'action']] as const);

function write(more: Partial<ObservedCall>, caller: Caller | null, details: Details): string | null {
  return writeCall({ ...CALL, ...more }, caller, details, 'id-1', {
    source: '"/gateway/eu-1"',
    hash,
    agentOf: (agent) => JSON.stringify(publicAgent(agent)),
    routeOf: (template) => (template === null ? noRoute(OPERATIONS) : knownRouteOf(template, OPERATIONS)),
    queryOf: (query) => knownQueryOf(query, hash),
    timeOf: (ms) => new Date(ms).toISOString(),
  });
}

const event = (more: Partial<ObservedCall> = {}, caller: Caller | null = CALLER, details: Details = {}) =>
  JSON.parse(write(more, caller, details)!) as ApiCallEvent;

describe('a call', () => {
  it('is an event of the contract that says what it was', () => {
    expect(event({}, CALLER, { itemCount: 1 })).toMatchObject({
      id: 'id-1',
      source: '/gateway/eu-1',
      time: '2026-10-05T08:00:00.123Z',
      data: {
        integrationId: 'isv_eksempel',
        organizationId: '148383',
        route: '/v1/{organizationId}/contacts/{guid}',
        operation: 'item',
        status: 200,
        durationMs: 84,
        responseBytes: 18_342,
        itemCount: 1,
        query: { hasChangesSince: true, changesSinceAgeSec: 3600, fieldsCount: 2 },
        scopes: ['dineropublicapi:read'],
        authScheme: 'bearer',
        enforced: 'none',
      },
    });
    expect(validateEvent(event())).toMatchObject({ ok: true });
  });

  it('leaves no id, query, address, token or mail address in clear', () => {
    const written = JSON.stringify(event());
    for (const secret of ['3fa85f64', 'Email', '2026-10-05T07', '203.0.113.7', 'tok-77', 'drift@']) {
      expect(written).not.toContain(secret);
    }
    const { data } = event();
    expect([data.queryHash, data.resourceHash, data.ipHash, data.tokenRef].every((hash) => hash)).toBe(true);
  });

  it('of nobody known is `unknown`, on the agreement of its path', () => {
    expect(event({ status: 401 }, null).data).toMatchObject({
      integrationId: 'unknown',
      organizationId: '148383',
    });
    expect(event({}, { ...CALLER, organizationId: null }).data.organizationId).toBeNull();
    expect(event({}, { ...CALLER, organizationId: '9' }).data.organizationId).toBe('9');
  });

  it('is JSON whatever its agent, its caller and its path hold', () => {
    const odd = 'a"b\\c\n\u2028\u0000é😀';
    const { data } = event(
      { userAgent: odd, target: `/v1/1/contacts/${odd}?q=${odd}` },
      { integrationId: odd, organizationId: odd, scopes: [odd], tokenId: odd },
      { errorReason: odd },
    );
    expect(data).toMatchObject({ integrationId: odd, organizationId: odd, scopes: [odd], errorReason: odd });
    expect(data.userAgent).toBe('a"b\\c?\u2028?é😀');
  });

  it('that no route took has no path of its own', () => {
    const { data } = event({ route: null, target: '/v1/148383/geheim/ole', status: 404 });
    expect([data.route, data.organizationId, data.resourceHash]).toEqual([
      '/{unmatched}',
      '148383',
      undefined,
    ]);
    expect(JSON.stringify(data)).not.toMatch(/geheim|ole/);
  });

  it('that was given up has status 0', () => {
    expect(validateEvent(event({ status: 0, responseBytes: null })).ok).toBe(true);
  });

  it('has the operation that the settings say', () => {
    const call = { method: 'POST', route: '/v1/{organizationId}/sms', target: '/v1/1/sms' };
    expect(event(call).data).toMatchObject({ operation: 'action' });
  });

  it('by a method that the contract does not name is no event', () => {
    expect(write({ method: 'PROPFIND' }, null, {})).toBeNull();
  });
});

describe('a route', () => {
  it.each([
    ['/v1/:organizationId/contacts', '/v1/{organizationId}/contacts'],
    ['/v1/:id(^\\d+$)/x', '/v1/{id}/x'],
    ['/files/*', '/files/{rest}'],
    ['/files/*path', '/files/{path}'],
    ['/v1/contacts{/:id}', '/v1/contacts/{id}'],
    ['/at/:hour(^\\d{2})h:minute', '/at/{hour}h{minute}'],
    ['/', '/'],
    ['*', '/{rest}'],
  ])('%s is %s', (pattern, template) => {
    expect(templateOf(pattern)).toBe(template);
  });

  it('of Express has the place of its router before it, without ids', () => {
    expect(routeOfExpress('/v1/148383/contacts/7', '/contacts/:guid', null)).toBe(
      '/v1/{organizationId}/contacts/{guid}',
    );
    expect(routeOfExpress('/v1/firma-a/contacts', '/contacts', 'firma-a')).toBe(
      '/v1/{organizationId}/contacts',
    );
    expect(routeOfExpress('/v1/148383', '/', null)).toBe('/v1/{organizationId}');
    expect(routeOfExpress('/v1/148383/invoices/3fa85f64-5717-4562-b3fc-2c963f66afa6/pdf', '/pdf', null)).toBe(
      '/v1/{organizationId}/invoices/{id}/pdf',
    );
  });
});

it('a memory forgets before it grows beyond its bound', () => {
  let made = 0;
  const one = remembered(2, (key) => `${key}${(made += 1)}`);
  expect([one('a'), one('a'), one('b'), one('c'), one('a')]).toEqual(['a1', 'a1', 'b2', 'c3', 'a4']);
});
