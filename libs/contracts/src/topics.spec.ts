import { asyncApiDocument } from './async-api.js';
import { ALL_TOPICS, TOPICS, topicNamed, topicOfType } from './topics.js';

const allTypes = ALL_TOPICS.flatMap((topic) => topic.types.map(({ type }) => type));

describe('topics', () => {
  it('carry each type of event on exactly one of them', () => {
    expect(new Set(allTypes).size).toBe(allTypes.length);
    for (const topic of ALL_TOPICS) for (const { type } of topic.types) expect(topicOfType(type)).toBe(topic);
  });

  it('have names of their own', () => {
    expect(new Set(ALL_TOPICS.map(({ name }) => name)).size).toBe(ALL_TOPICS.length);
    for (const topic of ALL_TOPICS) expect(topicNamed(topic.name)).toBe(topic);
  });

  it('keep SMS on 4 partitions for ever: another number would let a message id be counted twice', () => {
    expect(TOPICS.smsSent.name).toBe('usage.sms-sent.v1');
    expect(TOPICS.smsSent.partitions).toBe(4);
    expect(TOPICS.smsSent.identity).toBe('message-id');
  });

  it('refuse API calls after 7 days and SMS after 400, and never a fact of ours', () => {
    const days = (topic: (typeof ALL_TOPICS)[number]) =>
      topic.latestAfterMs === null ? null : topic.latestAfterMs / 86_400_000;
    expect(Object.fromEntries(ALL_TOPICS.map((topic) => [topic.name, days(topic)]))).toEqual({
      'usage.api-calls.v1': 7,
      'usage.sms-sent.v1': 400,
      'partners.v1': null,
      'integrations.status.v1': null,
      'partners.restriction-answers.v1': null,
      'partners.sms-budgets.v1': null,
      'fair-use.breaches.v1': null,
      'integration-observed.v1': null,
      'fair-use.usage-profiles.v1': null,
      'fair-use.restrictions-observed.v1': null,
      'fair-use.sms-budgets-reached.v1': null,
      'metering.sms-totals.v1': null,
      'metering.call-totals.v1': null,
      'billing.documents.v1': null,
    });
  });

  it('keep each event for longer than it may come late, so that whatever counts can be read again', () => {
    for (const { latestAfterMs, retentionMs, types } of ALL_TOPICS.filter(
      (topic) => topic.retentionMs !== null,
    )) {
      expect([types[0]!.type, latestAfterMs !== null && retentionMs! > latestAfterMs]).toEqual([
        types[0]!.type,
        true,
      ]);
    }
  });

  it('let the broker pack what others write, since no consumer of ours reads every codec', () => {
    for (const topic of ALL_TOPICS)
      expect([topic.name, topic.compression]).toEqual([
        topic.name,
        topic.name.startsWith('usage.') ? 'gzip' : 'producer',
      ]);
  });

  it('let every fact carry the version by which its copies are told apart', () => {
    for (const topic of ALL_TOPICS.filter(({ identity }) => identity === 'key-and-version')) {
      for (const { schema } of topic.types) {
        const paths = schema.safeParse({ data: {} }).error!.issues.map((issue) => issue.path.join('.'));
        expect(paths).toContain('data.version');
      }
    }
  });

  it('know nothing of a type or a topic that is not ours', () => {
    expect(topicOfType('com.example.alien')).toBeUndefined();
    expect(topicOfType('constructor')).toBeUndefined();
    expect(() => topicNamed('usage.api-calls.v2')).toThrow(RangeError);
  });
});

describe('the AsyncAPI document', () => {
  const document = asyncApiDocument('1.0.0');

  it('has no reference that leads nowhere', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(
      ([, path]) => path!,
    );
    expect(references.length).toBeGreaterThan(allTypes.length);
    for (const path of references) {
      const target = path
        .split('/')
        .reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], document);
      expect([path, typeof target]).toEqual([path, 'object']);
    }
  });

  it('lists every topic with its partitions and every message once', () => {
    const { channels, components } = document as {
      channels: Record<string, { address: string; bindings: { kafka: { partitions: number } } }>;
      components: { messages: Record<string, { name: string }> };
    };
    expect(
      Object.values(channels).map(({ address, bindings }) => [address, bindings.kafka.partitions]),
    ).toEqual(ALL_TOPICS.map(({ name, partitions }) => [name, partitions]));
    expect(
      Object.values(components.messages)
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...allTypes].sort());
  });
});
