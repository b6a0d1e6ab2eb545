import fc from 'fast-check';
import { ALL_TOPICS, apiCall, breachOpened, smsSent, smsTotalsChanged, type EventType } from './index.js';
import { validateEvent } from './validate.js';

/** The API call of domain chapter 5.2, as the platform would send it. */
const EXAMPLE = `{"specversion":"1.0","id":"01J9Z3K8Q2","source":"/gateway/eu-1","type":"dk.dinero.usage.api_call.v1",
  "time":"2026-09-30T21:59:59.999Z","subject":"isv_eksempel","partitionkey":"isv_eksempel|148383",
  "datacontenttype":"application/json","dataschema":"https://schemas.example/api_call/v1.json",
  "data":{"integrationId":"isv_eksempel","integrationKind":"public","organizationId":"148383","method":"GET",
  "route":"/v1/{organizationId}/contacts","operation":"list","status":200,"durationMs":84,"requestBytes":0,
  "responseBytes":18342,"itemCount":100,"query":{"hasChangesSince":false,"changesSinceAgeSec":null,
  "hasDateRange":false,"hasQueryFilter":false,"page":0,"pageSize":100,"fieldsCount":2},
  "queryHash":"9f2c4b1a00ee77d1","responseHash":null,"resourceHash":null,"retryAfterSec":null,"errorCode":null,
  "scopes":["dineropublicapi:read"],"tokenRef":null,"ipHash":null,"userAgent":"Eksempel/1.4"}}`;

const call = JSON.parse(EXAMPLE) as Record<string, unknown>;

const sms = {
  specversion: '1.0',
  id: 'sms_1',
  source: '/sms-service/a',
  type: smsSent.type,
  time: '2026-09-30T22:00:00.000Z',
  data: {
    messageId: 'sms_1',
    integrationId: 'isv_eksempel',
    organizationId: null,
    channel: 'send_sms',
    recipientCountry: 'DK',
    recipientHash: 'a'.repeat(64),
    recipientMasked: '+45 20 ** ** 56',
    encoding: 'GSM7',
    characters: 143,
    segments: 1,
    status: 'sent',
    testMode: false,
  },
};

const breach = {
  ...sms,
  type: breachOpened.type,
  data: {
    breachId: 'br_1',
    breachKey: 'RATE_MINUTE:isv_a:1',
    version: 1,
    ruleId: 'RATE_MINUTE',
    policyVersion: 1,
    severity: 'warning',
    state: 'open',
    scope: { integrationId: 'isv_a', organizationId: '1', route: null },
    observed: {
      value: 71.5,
      unit: 'calls/min',
      windowStart: '2026-10-05T08:00:00Z',
      windowEnd: '2026-10-05T08:01:00Z',
    },
    threshold: 70,
    occurrence: 1,
    retroactive: false,
    openedAt: '2026-10-05T08:01:00Z',
    guidance: { da: 'Brug changesSince.', en: 'Use changesSince.' },
    evidence: [],
  },
};

/** A copy of an event in which one field has another value; undefined removes it. */
function changed(event: object, path: string, value: unknown): unknown {
  const copy = structuredClone(event) as Record<string, unknown>;
  const steps = path.split('.');
  const last = steps.pop()!;
  const parent = steps.reduce((inner, step) => inner[step] as Record<string, unknown>, copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

const LONG = 'x'.repeat(1_000_000);

/** Field, value, whether the event is still one of ours. */
const CALLS: [string, unknown, boolean][] = [
  ['data.status', 0, true],
  ['data.status', -0, true],
  ['data.status', 100, true],
  ['data.status', 599, true],
  ['data.status', 99, false],
  ['data.status', 600, false],
  ['data.status', 200.5, false],
  ['data.status', '200', false],
  ['data.status', null, false],
  ['data.status', undefined, false],
  ['data.status', true, false],
  ['data.durationMs', -1, false],
  ['data.durationMs', 0.1, false],
  ['data.durationMs', 'NaN', false],
  ['data.durationMs', Number.MAX_SAFE_INTEGER, true],
  ['data.durationMs', Number.MAX_SAFE_INTEGER + 1, false],
  ['data.durationMs', 1e308, false],
  ['data.durationMs', Infinity, false],
  ['data.errorCode', -48, true],
  ['data.errorCode', -Infinity, false],
  ['data.integrationId', '', false],
  ['data.integrationId', 'isv a', false],
  ['data.integrationId', 'isv|a', false],
  ['data.integrationId', 'isv_\u0000', false],
  ['data.integrationId', 'isv_æ', false],
  ['data.integrationId', 'x'.repeat(100), true],
  ['data.integrationId', 'x'.repeat(101), false],
  ['data.organizationId', null, true],
  ['data.organizationId', undefined, false],
  ['data.organizationId', 148383, false],
  ['data.method', 'get', false],
  ['data.method', 'TRACE', false],
  ['data.method', ['GET'], false],
  ['data.route', '/v1/æøå–€/😀', true],
  ['data.route', '/v1/\u0000', false],
  ['data.route', '/v1/\n', false],
  ['data.route', '/v1/\u0085', false],
  ['data.route', '/v1/\ud800', false],
  ['data.route', '\udc00/v1', false],
  ['data.route', '😀'.repeat(300), true],
  ['data.route', '😀'.repeat(300) + 'x', false],
  ['data.route', LONG, false],
  ['data.userAgent', '', true],
  ['data.queryHash', '9F2C4B1A00EE77D1', false],
  ['data.queryHash', '9f2c4b1a00ee77d', false],
  ['data.queryHash', null, true],
  ['data.scopes', [], true],
  ['data.scopes', new Array(50).fill('s'), true],
  ['data.scopes', new Array(51).fill('s'), false],
  ['data.scopes', { length: 1 }, false],
  ['data.scopes', [7], false],
  ['data.query', null, true],
  ['data.query', [], false],
  ['data.query.page', -1, false],
  ['data.query.hasChangesSince', 0, false],
  ['data', null, false],
  ['data', [], false],
  ['data', undefined, false],
  ['data', 'text', false],
  ['data.query.unknown', { any: ['thing', null] }, true],
  ['unknown', 'thing', true],
  ['unknown', LONG, true],
  ['data.constructor', 'x', true],
  ['id', '', false],
  ['id', undefined, false],
  ['id', 7, false],
  ['id', 'x'.repeat(257), false],
  ['source', '/gateway\u007f', false],
  ['specversion', '0.3', false],
  ['specversion', 1, false],
  ['sampledrate', 10, false],
  ['sampledrate', null, false],
  ['datacontenttype', 'text/plain', false],
  ['time', '2026-10-01T00:30:00+02:00', true],
  ['time', '2026-10-01T00:30:00-23:59', true],
  ['time', '2026-10-01T00:30:00.123456789Z', true],
  ['time', '2028-02-29T00:00:00Z', true],
  ['time', '2026-02-29T00:00:00Z', false],
  ['time', '2026-04-31T00:00:00Z', false],
  ['time', '2026-06-30T23:59:60Z', false],
  ['time', '2026-06-30T24:00:00Z', false],
  ['time', '2026-10-01t00:30:00Z', false],
  ['time', '2026-10-01T00:30:00z', false],
  ['time', '2026-10-01 00:30:00Z', false],
  ['time', '2026-10-01T00:30:00', false],
  ['time', '2026-10-01T00:30:00+0200', false],
  ['time', '2026-10-01T00:30:00+24:00', false],
  ['time', '2026-10-01', false],
  ['time', 1_790_000_000_000, false],
  ['time', undefined, false],
];

const OTHERS: [object, string, unknown, boolean][] = [
  [sms, 'data.status', 'delivered', false],
  [sms, 'data.segments', 0, false],
  [sms, 'data.segments', '1', false],
  [sms, 'data.recipientCountry', 'dk', false],
  [sms, 'data.recipientCountry', 'DNK', false],
  [sms, 'data.recipientHash', 'A'.repeat(64), false],
  [sms, 'data.voucherGuid', '3F2504E0-4F89-11D3-9A0C-0305E82C3301', true],
  [sms, 'data.voucherGuid', '3F2504E0', false],
  [sms, 'data.testMode', 'false', false],
  [breach, 'data.threshold', 0.35, true],
  [breach, 'data.threshold', Infinity, false],
  [breach, 'data.observed.value', -Infinity, false],
  [breach, 'data.observed.windowEnd', 'soon', false],
  [breach, 'data.severity', 'fatal', false],
];

const corpus = [
  ...CALLS.map(([path, value, good]) => ({ event: call, path, value, good })),
  ...OTHERS.map(([event, path, value, good]) => ({ event, path, value, good })),
].map(({ event, path, value, good }, index) => {
  const shown = [...(JSON.stringify(value) ?? 'nothing')].slice(0, 40).join('');
  const { type } = event as { type: string };
  return {
    title: `${index + 1}. ${type.split('.').at(-2)} with ${path} = ${typeof value === 'number' ? (Object.is(value, -0) ? '-0' : value) : shown}`,
    value: changed(event, path, value),
    path,
    good,
  };
});

const definitions = new Map<string, EventType>(
  ALL_TOPICS.flatMap((topic) => topic.types.map((known) => [known.type, known] as const)),
);

describe('validateEvent', () => {
  it('takes the example of the documentation as it is', () => {
    expect(validateEvent(call)).toEqual({ ok: true, event: call });
    expect(validateEvent(sms).ok && validateEvent(breach).ok).toBe(true);
  });

  it.each(corpus)('judges as zod does: $title', ({ value, path, good }) => {
    const { type } = value as { type: string };
    const byZod = definitions.get(type)!.schema.safeParse(value).success;
    const verdict = validateEvent(value);
    expect([byZod, verdict.ok]).toEqual([good, good]);
    if (!verdict.ok)
      expect([verdict.reason, verdict.field.startsWith(path)]).toEqual(['breaks_schema', true]);
  });

  it('agrees with zod on any JSON value in any field', () => {
    const paths = [
      'id',
      'time',
      'data',
      ...Object.keys(call['data'] as object).map((name) => `data.${name}`),
    ];
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.string({ unit: 'binary' }),
      fc.integer(),
      fc.double(),
      fc.constantFrom('GET', 'list', 'public', 200),
    );
    fc.assert(
      fc.property(fc.constantFrom(...paths), anything, (path, value) => {
        const event = changed(call, path, value);
        expect(validateEvent(event).ok).toBe(apiCall.schema.safeParse(event).success);
      }),
      { numRuns: 500 },
    );
  });

  it('takes no time that a Date cannot hold', () => {
    const pad = (value: number, length = 2) => String(value).padStart(length, '0');
    const part = (max: number) => fc.integer({ min: 0, max });
    const offset = fc.oneof(
      fc.constant('Z'),
      fc
        .tuple(fc.constantFrom('+', '-'), part(25), part(61))
        .map(([sign, hours, minutes]) => `${sign}${pad(hours)}:${pad(minutes)}`),
    );
    const fraction = fc.oneof(
      fc.constant(''),
      fc.integer({ min: 0, max: 10 ** 9 }).map((digits) => `.${digits}`),
    );
    fc.assert(
      fc.property(
        fc.tuple(part(9999), part(13), part(32), part(25), part(61), part(61), fraction, offset),
        ([year, month, day, hour, minute, second, rest, zone]) => {
          const time = `${pad(year, 4)}-${pad(month)}-${pad(day)}T${pad(hour)}:${pad(minute)}:${pad(second)}${rest}${zone}`;
          if (validateEvent({ ...call, time }).ok)
            expect([time, new Date(time).getTime()]).not.toContain(NaN);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['null', null],
    ['a number', 7],
    ['text', 'event'],
    ['an array of events', [call]],
    ['nothing', undefined],
  ])('says that %s is not an event', (_, value) => {
    expect(validateEvent(value)).toMatchObject({ ok: false, reason: 'not_an_event', field: '' });
  });

  it.each([undefined, null, 7, { toString: 'dk.dinero.usage.api_call.v1' }])(
    'says that %j is no type',
    (type) => {
      expect(validateEvent({ ...call, type })).toMatchObject({ reason: 'breaks_schema', field: 'type' });
    },
  );

  it.each(['com.example.alien', '__proto__', 'constructor', '', smsTotalsChanged.type.toUpperCase()])(
    'does not know the type %j',
    (type) => {
      expect(validateEvent({ ...call, type })).toMatchObject({ reason: 'unknown_type', field: 'type' });
    },
  );

  it('shows an unknown type without the characters that PostgreSQL refuses', () => {
    for (const type of ['\u0000', 'x\ud800', 'x'.repeat(99) + '😀']) {
      const verdict = validateEvent({ ...call, type });
      expect(verdict.ok ? '' : verdict.detail).toMatch(/^"[^\p{Cc}\p{Cs}]{1,110}" is not a known type$/u);
    }
  });

  it('reads `__proto__` in JSON as a name like any other and lets it stand for no field', () => {
    const own = EXAMPLE.replace('"status":200,', '"__proto__":{"status":200},');
    expect(validateEvent(JSON.parse(own))).toMatchObject({ ok: false, field: 'data.status' });
    const beside = EXAMPLE.replace('"status":200,', '"status":200,"__proto__":{"status":"x"},');
    expect(validateEvent(JSON.parse(beside)).ok).toBe(true);
    expect(({} as { status?: unknown }).status).toBeUndefined();
  });

  it('survives a field nested 10,000 levels deep, whether the schema knows the field or not', () => {
    const deep: unknown = JSON.parse('['.repeat(10_000) + ']'.repeat(10_000));
    expect(validateEvent(changed(call, 'data.unknown', deep)).ok).toBe(true);
    expect(apiCall.schema.safeParse(changed(call, 'data.unknown', deep)).success).toBe(true);
    expect(validateEvent(changed(call, 'data.scopes', deep))).toMatchObject({
      ok: false,
      field: 'data.scopes.0',
    });
  });

  it('judges a megabyte of text in any field in less than 100 ms', () => {
    for (const path of ['id', 'time', 'type', 'data.route', 'data.queryHash', 'data.unknown']) {
      const started = performance.now();
      validateEvent(changed(call, path, LONG));
      expect([path, performance.now() - started < 100]).toEqual([path, true]);
    }
  });
});
