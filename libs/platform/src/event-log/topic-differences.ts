import type { Topic } from '@taxameter/contracts';

/** Decides what a topic must look like on Kafka, and in what a found one is different. */

/** A topic as a broker describes it. */
export interface FoundTopic {
  readonly name: string;
  readonly partitions: number;
  /** Copies of each partition, its leader included. */
  readonly copies: number;
  readonly settings: Readonly<Record<string, string>>;
}

export interface TopicDifference {
  readonly topic: string;
  readonly kind:
    'missing' | 'partitions' | 'compression' | 'cleanup' | 'retention' | 'timestamps' | 'durability';
  /** True: a consumer cannot or must not read the topic like this. False: it can, but something will be lost or wrong. */
  readonly stops: boolean;
  /** What differs and what to do, for a person. */
  readonly sentence: string;
}

/** The codecs that kafkajs reads without a further package. */
const READABLE = new Set(['gzip', 'producer', 'uncompressed']);
const FOR_EVER = '-1';

/** The settings with which a topic is made. `copies` decides how many must have a record before it is acknowledged. */
export function settingsOf(topic: Topic, copies: number): Record<string, string> {
  return {
    'cleanup.policy': topic.compacted ? 'compact' : 'delete',
    'compression.type': topic.compression,
    // Lateness is a function of when the log took a record in; a producer's own clock would decide it otherwise.
    'message.timestamp.type': 'LogAppendTime',
    ...(!topic.compacted && {
      'retention.ms': topic.retentionMs === null ? FOR_EVER : String(topic.retentionMs),
      'retention.bytes': FOR_EVER,
    }),
    ...(copies >= 3 && { 'min.insync.replicas': '2' }),
  };
}

/**
 * Every difference between what is agreed and what is there, in the order of `wanted`; none means fine. `prefix` stands before
 * the names of `found`.
 */
export function topicDifferences(
  wanted: readonly Topic[],
  found: readonly FoundTopic[],
  prefix = '',
): TopicDifference[] {
  return wanted.flatMap((topic) => {
    const name = prefix + topic.name;
    const there = found.find((candidate) => candidate.name === name);
    if (there) return differencesOf(topic, there);
    const sentence = `${name} does not exist: make it with "taxameter topics create"`;
    return [{ topic: name, kind: 'missing', stops: true, sentence }];
  });
}

function differencesOf(topic: Topic, found: FoundTopic): TopicDifference[] {
  const wanted = settingsOf(topic, found.copies);
  const setting = (name: string) => found.settings[name] ?? '';
  const differs = (name: string) => setting(name) !== wanted[name];
  const differences: (TopicDifference | false)[] = [
    partitionDifference(topic, found),
    differs('compression.type') && compressionDifference(topic, found.name, setting('compression.type')),
    differs('cleanup.policy') &&
      report(found, 'cleanup', false, 'cleanup.policy', wanted, cleanupHarm(topic)),
    ...['retention.ms', 'retention.bytes'].map(
      (name) =>
        isShorter(setting(name), wanted[name]) &&
        report(
          found,
          'retention',
          false,
          name,
          wanted,
          'records would be gone before they may be read again',
        ),
    ),
    differs('message.timestamp.type') &&
      report(
        found,
        'timestamps',
        false,
        'message.timestamp.type',
        wanted,
        "a producer's clock would decide what is too late",
      ),
    found.copies >= 3 &&
      Number(setting('min.insync.replicas')) < 2 &&
      report(
        found,
        'durability',
        false,
        'min.insync.replicas',
        wanted,
        'an acknowledged record could be on one broker only and be lost with it',
      ),
  ];
  return differences.filter((difference) => difference !== false);
}

/** Raising the number moves keys to other partitions: a copy of an SMS would then meet another reader than the first. */
function partitionDifference(topic: Topic, found: FoundTopic): TopicDifference | false {
  if (found.partitions === topic.partitions) return false;
  // The identities of calls are one table for all partitions, and what rooms keep of calls merges in any order.
  const mayGrow = topic.identity === 'source-and-id' && found.partitions > topic.partitions;
  const numbers = `${found.name} has ${found.partitions} partitions, agreed are ${topic.partitions}`;
  const remedy =
    topic.identity === 'message-id'
      ? 'this number is never changed, since equal message ids must meet on one partition: make the topic anew ' +
        'under another TOPIC_PREFIX before the first SMS, or bring the events over by their keys'
      : found.partitions < topic.partitions
        ? `stop the consumers, then "kafka-topics.sh --alter --topic ${found.name} --partitions ${topic.partitions}"`
        : `Kafka cannot take partitions away: ${mayGrow ? 'they are all read, but the HTTP door writes to the agreed ones only: ' : 'make the topic anew, or '}raise the number in libs/contracts`;
  return { topic: found.name, kind: 'partitions', stops: !mayGrow, sentence: `${numbers}: ${remedy}` };
}

function compressionDifference(topic: Topic, name: string, is: string): TopicDifference | false {
  const isReadable = READABLE.has(is);
  if (isReadable && topic.compression === 'producer') return false;
  const why = isReadable
    ? `compression.type is ${is}: a producer with zstd, snappy or lz4 would stop a partition`
    : `compression.type is ${is}, which no consumer here can read`;
  const sentence = `${name}: ${why}. ${alter(name, 'compression.type', topic.compression)}`;
  return { topic: name, kind: 'compression', stops: !isReadable, sentence };
}

function cleanupHarm(topic: Topic): string {
  return topic.compacted
    ? 'the newest state of a key would be deleted by age'
    : 'older records of a key would be compacted away, although each counts';
}

/** -1 is for ever; anything unreadable counts as shorter. */
function isShorter(is: string, wanted: string | undefined): boolean {
  if (wanted === undefined || is === FOR_EVER) return false;
  return wanted === FOR_EVER || !(Number(is) >= Number(wanted));
}

function report(
  found: FoundTopic,
  kind: TopicDifference['kind'],
  stops: boolean,
  setting: string,
  wanted: Readonly<Record<string, string>>,
  harm: string,
): TopicDifference {
  const is = found.settings[setting] ?? 'not known';
  const remedy = alter(found.name, setting, wanted[setting] ?? '');
  return {
    topic: found.name,
    kind,
    stops,
    sentence: `${found.name}: ${setting} is ${is}: ${harm}. ${remedy}`,
  };
}

function alter(topic: string, setting: string, value: string): string {
  return `Set it: kafka-configs.sh --alter --topic ${topic} --add-config ${setting}=${value}`;
}
