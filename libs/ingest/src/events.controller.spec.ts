import { Controller, Module } from '@nestjs/common';
import { TOPICS, type ApiCallEvent, type SmsSentEvent } from '@taxameter/contracts';
import { OnEvents, type EventBatch, type Room } from '@taxameter/platform';
import { runSqlAsOwner, startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { apiCallEvent, smsEvent } from './events.testing.js';
import { IngestModule } from './index.js';

/** A room that reads what came in at the door and keeps nothing of it: its accounting tells. */
@Controller()
class ReaderConsumer {
  @OnEvents('reader', TOPICS.apiCalls)
  async calls(batch: EventBatch<ApiCallEvent>): Promise<void> {
    seen.push(...batch.events.map(({ event }) => event.id));
  }

  @OnEvents('reader', TOPICS.smsSent)
  async sms(batch: EventBatch<SmsSentEvent>): Promise<void> {
    seen.push(...batch.events.map(({ event }) => event.id));
  }
}

@Module({ controllers: [ReaderConsumer] })
class ReaderModule {}

const seen: string[] = [];
const ROOMS: Room[] = [
  { name: 'ingest', module: IngestModule, schema: null },
  { name: 'reader', module: ReaderModule, schema: { migrations: [] } },
];
const SINGLE = { 'content-type': 'application/cloudevents+json' };
const BATCH = { 'content-type': 'application/cloudevents-batch+json' };

let rooms: TestRooms;

beforeAll(async () => {
  rooms = await startTestRooms(ROOMS);
});

afterAll(async () => {
  await rooms?.stop();
});

beforeEach(async () => {
  await rooms.settle();
  seen.splice(0);
});

const post = (body: unknown, headers: Record<string, string> = SINGLE, role: 'ingest' | 'ops' = 'ingest') =>
  rooms.call(role, 'POST', '/v1/events', { body, headers });
const counted = async () => {
  await rooms.settle();
  return [...seen].sort();
};

describe('POST /v1/events', () => {
  it('stores a structured event, a batch and a binary event before it answers', async () => {
    expect(await post(apiCallEvent('structured'))).toMatchObject({
      status: 202,
      body: { accepted: 1, rejected: [] },
    });
    expect(await post([apiCallEvent('first'), smsEvent('second')], BATCH)).toMatchObject({
      status: 202,
      body: { accepted: 2, rejected: [] },
    });
    const { data, ...attributes } = apiCallEvent('binary');
    const headers = Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]),
    );
    const binary = await post(data, {
      'content-type': 'application/json',
      ...headers,
      'ce-subject': 'S%C3%B8n',
    });
    expect(binary).toMatchObject({ status: 202, body: { accepted: 1 } });
    expect(await counted()).toEqual(['binary', 'first', 'second', 'structured']);
  });

  it('counts once what is sent twice', async () => {
    const batch = [apiCallEvent('again'), smsEvent('again-sms'), apiCallEvent('again')];
    await post(batch, BATCH);
    expect(await post(batch, BATCH)).toMatchObject({ status: 202, body: { accepted: 3 } });
    expect(await counted()).toEqual(['again', 'again-sms']);
  });

  it.each<[string, object, string]>([
    ['that breaks its schema', apiCallEvent('bad', { status: 99 }), 'data.status'],
    ['with a number as text', apiCallEvent('bad', { durationMs: '84' }), 'data.durationMs'],
    ['of an unknown type', { ...apiCallEvent('bad'), type: 'com.example.alien' }, 'type'],
    ['whose type is NUL', { ...apiCallEvent('bad'), type: '\u0000' }, 'type'],
    ['with a NUL byte', apiCallEvent('bad', { integrationId: 'isv_\u0000' }), 'data.integrationId'],
    ['with half a surrogate pair', apiCallEvent('bad', { route: '/\ud800' }), 'data.route'],
    ['10 minutes in the future', { ...apiCallEvent('bad'), time: '2026-10-05T08:10:00Z' }, 'time'],
    ['without source', { ...apiCallEvent('bad'), source: undefined }, 'source'],
  ])(
    'answers an event %s with the field, alone and in a batch, and counts the others',
    async (_, bad, field) => {
      const alone = await post(bad);
      expect([alone.status, alone.headers.get('content-type')]).toEqual([
        400,
        'application/problem+json; charset=utf-8',
      ]);
      expect(alone.body).toMatchObject({
        type: 'urn:taxameter:problem:invalid-event',
        errors: [{ reason: expect.any(String) }],
      });
      expect(alone.body.errors[0].field).toMatch(field);
      const id = `beside ${_}`;
      const batch = await post([bad, apiCallEvent(id)], BATCH);
      expect(batch).toMatchObject({ status: 202, body: { accepted: 1, rejected: [{ index: 0 }] } });
      expect(batch.body.rejected[0].field).toMatch(field);
      expect(await counted()).toEqual([id]);
    },
  );

  it('does not take `__proto__` for the fields that it holds', async () => {
    const text = JSON.stringify(apiCallEvent('proto')).replace(
      '"status":200,',
      '"__proto__":{"status":200},',
    );
    const answer = await post(text);
    expect([answer.status, answer.body.errors]).toEqual([
      400,
      [{ field: 'data.status', reason: expect.any(String) }],
    ]);
    const binary = await post('{"__proto__":{"status":200}}', {
      'content-type': 'application/json',
      'ce-id': '1',
    });
    expect(binary.status).toBe(400);
    expect(await counted()).toEqual([]);
  });

  it('lets no breach in by the door, although it is a valid fact', async () => {
    const window = { windowStart: '2026-10-05T07:00:00Z', windowEnd: '2026-10-05T07:01:00Z' };
    const data = {
      breachId: 'br_1',
      breachKey: 'RATE_MINUTE:isv_a:1',
      version: 1,
      ruleId: 'RATE_MINUTE',
      policyVersion: 1,
      severity: 'critical',
      state: 'open',
      scope: { integrationId: 'isv_a', organizationId: null, route: null },
      observed: { value: 100, unit: 'calls', ...window },
      threshold: 100,
      occurrence: 1,
      retroactive: false,
      openedAt: '2026-10-05T07:01:00Z',
      guidance: { da: 'x', en: 'x' },
      evidence: [],
    };
    const answer = await post({
      ...apiCallEvent('forged'),
      type: 'dk.dinero.fairuse.breach_opened.v1',
      data,
    });
    expect(answer.body.errors).toEqual([
      { field: 'type', reason: expect.stringMatching(/not a type that the door takes/) },
    ]);
  });

  it.each<[string, string, Record<string, string>, number]>([
    ['half a document', '{"specversion":', SINGLE, 400],
    ['half a batch', '[{}', BATCH, 400],
    ['an object as batch', '{}', BATCH, 400],
    ['XML', '<event/>', { 'content-type': 'application/xml' }, 415],
    ['JSON without ce- headers', '{}', { 'content-type': 'application/json' }, 415],
    ['10 MB', JSON.stringify([{ padding: 'x'.repeat(10_000_000) }]), BATCH, 413],
  ])('refuses %s as a whole, quickly, and goes on', async (_, body, headers, status) => {
    const started = performance.now();
    const answer = await post(body, headers);
    expect([answer.status, answer.body.status]).toEqual([status, status]);
    expect(performance.now() - started).toBeLessThan(1_000);
    expect((await post(apiCallEvent(`after ${_}`))).status).toBe(202);
  });

  it('rejects by place what is nested too deeply or larger than a record, and stores the rest', async () => {
    const deep = JSON.stringify(apiCallEvent('deep')).replace(
      '"data":{',
      `"data":{"x":${'['.repeat(9_000)}${']'.repeat(9_000)},`,
    );
    const large = JSON.stringify({ ...apiCallEvent('large'), padding: 'x'.repeat(950_000) });
    const answer = await post(`[${deep},${large},${JSON.stringify(apiCallEvent('small'))}]`, BATCH);
    expect(answer).toMatchObject({
      status: 202,
      body: { accepted: 1, rejected: [{ index: 0 }, { index: 1 }] },
    });
    expect(await counted()).toEqual(['small']);
  });

  it('is closed to everybody but the role ingest', async () => {
    expect((await post(apiCallEvent('ops'), SINGLE, 'ops')).status).toBe(403);
    expect(
      (await rooms.call('anonymous', 'POST', '/v1/events', { body: apiCallEvent('x'), headers: SINGLE }))
        .status,
    ).toBe(401);
    expect(await counted()).toEqual([]);
  });

  it('asks with 503 to send all again while the log cannot store, and then counts each event once', async () => {
    const rename = (from: string, to: string) =>
      runSqlAsOwner(rooms.databaseUrl, `alter table event_log.${from} rename to ${to}`);
    const batch = [apiCallEvent('in trouble'), smsEvent('sms-in-trouble')];
    await rename('log_record', 'log_record_away');
    const answer = await post(batch, BATCH).finally(() => rename('log_record_away', 'log_record'));
    expect(answer).toMatchObject({
      status: 503,
      body: {
        type: 'urn:taxameter:problem:not-stored',
        detail: expect.stringMatching(/send all again with the same ids/),
      },
    });
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await counted()).toEqual([]);
    expect((await post(batch, BATCH)).status).toBe(202);
    expect(await counted()).toEqual(['in trouble', 'sms-in-trouble']);
  });
});
