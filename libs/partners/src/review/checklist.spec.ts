import type { IntegrationObserved } from '@taxameter/contracts';
import type { Wishes } from '../application/application.js';
import { checklistOf } from './checklist.js';
import type { ItemId } from './checklist-texts.js';

const scopesOf = (...names: string[]) => names.map((scope) => ({ scope, why: 'regnskab' }));
const wishes: Wishes = {
  integrationName: 'Lageret',
  purpose: 'Henter fakturaer.',
  scopes: scopesOf('api:read', 'api:write'),
  expected: { callsPerDay: 1_000, smsPerMonth: 0 },
  testDate: null,
};

/** An integration about which nothing can be said against. */
const exemplary: IntegrationObserved = {
  integrationId: 'isv_a',
  version: 1,
  kind: 'public',
  windowStart: '2026-09-08T00:00:00.000Z',
  windowEnd: '2026-10-06T00:00:00.000Z',
  firstSeenAt: '2026-10-01T08:00:00.000Z',
  lastSeenAt: '2026-10-05T08:00:00.000Z',
  calls: 200,
  busiestDayCalls: 100,
  writeCalls: 10,
  clientErrors: 2,
  forbidden: 0,
  tokenCalls: 200,
  otherAuthCalls: 0,
  sweeps: 10,
  changesSinceSweeps: 9,
  laterPages: 4,
  smallLaterPages: 0,
  throttledCalls: 2,
  throttledMinutes: 1,
  smsCalls: 0,
  scopes: ['api:read', 'api:write'],
};

const itemOf = (id: ItemId, seen: IntegrationObserved | null, wanted = wishes) =>
  checklistOf(wanted, seen).find((item) => item.id === id)!;

describe('the checklist', () => {
  it('is ok in every item for an integration that does all as it should', () => {
    expect(checklistOf(wishes, exemplary).filter(({ state }) => state !== 'ok')).toEqual([]);
  });

  it('claims nothing of an integration of which no call was seen', () => {
    const states = Object.fromEntries(checklistOf(wishes, null).map(({ id, state }) => [id, state]));
    expect(states).toEqual({
      calls: 'missing',
      'scopes-not-used': 'unknown',
      'scopes-not-asked': 'unknown',
      'write-scope': 'unknown',
      forbidden: 'unknown',
      token: 'unknown',
      errors: 'unknown',
      'changes-since': 'unknown',
      'page-size': 'unknown',
      'after-429': 'unknown',
      sms: 'ok',
      volume: 'unknown',
    });
  });

  it.each<[ItemId, Partial<IntegrationObserved>, Partial<Wishes>, string, number | null]>([
    ['scopes-not-used', { scopes: ['api:read'] }, {}, 'warning', 1],
    ['scopes-not-used', { scopes: [] }, {}, 'unknown', null],
    ['scopes-not-asked', { scopes: ['api:read', 'api:write', 'api:admin'] }, {}, 'warning', 1],
    ['write-scope', { writeCalls: 0 }, {}, 'warning', 0],
    ['write-scope', { writeCalls: 0 }, { scopes: scopesOf('api:read') }, 'ok', 0],
    ['forbidden', { forbidden: 4 }, {}, 'ok', 4],
    ['forbidden', { forbidden: 5 }, {}, 'warning', 5],
    ['token', { otherAuthCalls: 1 }, {}, 'warning', 1],
    ['token', { tokenCalls: 0, otherAuthCalls: 0 }, {}, 'unknown', null],
    ['errors', { clientErrors: 10 }, {}, 'ok', 0.05],
    ['errors', { clientErrors: 11 }, {}, 'warning', 0.055],
    ['errors', { calls: 19, clientErrors: 19 }, {}, 'unknown', null],
    ['changes-since', { sweeps: 4, changesSinceSweeps: 2 }, {}, 'ok', 0.5],
    ['changes-since', { sweeps: 4, changesSinceSweeps: 1 }, {}, 'warning', 0.25],
    ['changes-since', { sweeps: 0, changesSinceSweeps: 0 }, {}, 'unknown', null],
    ['page-size', { laterPages: 4, smallLaterPages: 3 }, {}, 'warning', 0.75],
    ['after-429', { throttledCalls: 3, throttledMinutes: 1 }, {}, 'ok', 3],
    ['after-429', { throttledCalls: 40, throttledMinutes: 2 }, {}, 'warning', 20],
    ['after-429', { throttledCalls: 0, throttledMinutes: 0 }, {}, 'unknown', null],
    ['sms', {}, { expected: { callsPerDay: 1_000, smsPerMonth: 10 } }, 'missing', 0],
    ['sms', { smsCalls: 1 }, { expected: { callsPerDay: 1_000, smsPerMonth: 10 } }, 'ok', 1],
    ['sms', { smsCalls: 1 }, {}, 'warning', 1],
    ['volume', { busiestDayCalls: 1_001 }, {}, 'warning', 1_001],
  ])('judges %s with %j and %j as %4$s', (id, seen, wanted, state, figure) => {
    expect(itemOf(id, { ...exemplary, ...seen }, { ...wishes, ...wanted })).toMatchObject({ state, figure });
  });

  it('names the scopes that it speaks of in both languages', () => {
    const { explanation } = itemOf('scopes-not-asked', { ...exemplary, scopes: ['api:read', 'x:1', 'x:2'] });
    expect(explanation.da).toBe('Der bruges scopes, som der ikke er ansøgt om: x:1, x:2.');
    expect(explanation.en).toContain('x:1, x:2');
  });
});
