import { ALL_TOPICS, TOPICS, type Topic } from '@taxameter/contracts';
import { settingsOf, topicDifferences, type FoundTopic } from './topic-differences.js';

const made = (topic: Topic, more: Partial<FoundTopic> = {}): FoundTopic => ({
  name: topic.name,
  partitions: topic.partitions,
  copies: 1,
  settings: settingsOf(topic, 1),
  ...more,
});
const withSetting = (topic: Topic, name: string, value: string, copies = 1) =>
  made(topic, { copies, settings: { ...settingsOf(topic, copies), [name]: value } });
const kinds = (topic: Topic, found: FoundTopic) =>
  topicDifferences([topic], [found]).map(({ kind, stops }) => `${kind}${stops ? ' stops' : ''}`);

describe('topics on Kafka', () => {
  it('differ in nothing when they are as agreed, whatever else is there', () => {
    const others = [{ name: 'somebody.elses', partitions: 9, copies: 2, settings: {} }];
    expect(topicDifferences(ALL_TOPICS, [...ALL_TOPICS.map((topic) => made(topic)), ...others])).toEqual([]);
  });

  it('are named with the command that makes them when they are missing, prefix and all', () => {
    const found = ALL_TOPICS.filter((topic) => topic !== TOPICS.smsSent).map((topic) =>
      made(topic, { name: `test-7.${topic.name}` }),
    );
    const [difference, ...rest] = topicDifferences(ALL_TOPICS, found, 'test-7.');
    expect(rest).toEqual([]);
    expect(difference).toMatchObject({ kind: 'missing', stops: true });
    expect(difference!.sentence).toContain('test-7.usage.sms-sent.v1 does not exist');
    expect(difference!.sentence).toContain('taxameter topics create');
  });

  it.each([3, 6])(
    'stop a reader of SMS when there are %i partitions, and never offer to change that',
    (partitions) => {
      const [difference] = topicDifferences([TOPICS.smsSent], [made(TOPICS.smsSent, { partitions })]);
      expect(difference).toMatchObject({ kind: 'partitions', stops: true });
      expect(difference!.sentence).toContain('never changed');
      expect(difference!.sentence).not.toContain('--alter');
    },
  );

  it('stop no reader of calls when partitions were added, but one of facts', () => {
    expect(kinds(TOPICS.apiCalls, made(TOPICS.apiCalls, { partitions: 10 }))).toEqual(['partitions']);
    expect(kinds(TOPICS.partners, made(TOPICS.partners, { partitions: 2 }))).toEqual(['partitions stops']);
  });

  it('may get the partitions they lack, except SMS', () => {
    const [difference] = topicDifferences([TOPICS.apiCalls], [made(TOPICS.apiCalls, { partitions: 1 })]);
    expect(difference!.sentence).toContain('--alter --topic usage.api-calls.v1 --partitions 8');
  });

  it.each(['zstd', 'snappy', 'lz4'])('stop a reader when the broker packs with %s', (codec) => {
    for (const topic of [TOPICS.smsSent, TOPICS.partners])
      expect(kinds(topic, withSetting(topic, 'compression.type', codec))).toEqual(['compression stops']);
  });

  it('can be read but are not safe when others choose the codec', () => {
    expect(kinds(TOPICS.apiCalls, withSetting(TOPICS.apiCalls, 'compression.type', 'producer'))).toEqual([
      'compression',
    ]);
    expect(kinds(TOPICS.partners, withSetting(TOPICS.partners, 'compression.type', 'gzip'))).toEqual([]);
  });

  it('lose records when the wrong cleaner or too short a retention is set, and none by a longer one', () => {
    const { smsSent, partners, documents } = TOPICS;
    const day = String(86_400_000);
    expect(kinds(smsSent, withSetting(smsSent, 'cleanup.policy', 'compact'))).toEqual(['cleanup']);
    expect(kinds(partners, withSetting(partners, 'cleanup.policy', 'delete'))).toEqual(['cleanup']);
    expect(kinds(partners, withSetting(partners, 'cleanup.policy', 'compact,delete'))).toEqual(['cleanup']);
    expect(kinds(smsSent, withSetting(smsSent, 'retention.ms', day))).toEqual(['retention']);
    expect(kinds(smsSent, withSetting(smsSent, 'retention.bytes', '5000000'))).toEqual(['retention']);
    expect(kinds(documents, withSetting(documents, 'retention.ms', day))).toEqual(['retention']);
    expect(kinds(smsSent, withSetting(smsSent, 'retention.ms', '-1'))).toEqual([]);
    expect(kinds(partners, withSetting(partners, 'retention.ms', day))).toEqual([]);
  });

  it('are late by the log and not by the clock of a producer', () => {
    const found = withSetting(TOPICS.apiCalls, 'message.timestamp.type', 'CreateTime');
    expect(kinds(TOPICS.apiCalls, found)).toEqual(['timestamps']);
  });

  it('acknowledge with two of three copies, and ask nothing of the only copy there is', () => {
    expect(kinds(TOPICS.smsSent, withSetting(TOPICS.smsSent, 'min.insync.replicas', '1', 3))).toEqual([
      'durability',
    ]);
    expect(kinds(TOPICS.smsSent, withSetting(TOPICS.smsSent, 'min.insync.replicas', '1'))).toEqual([]);
  });
});
