import { ALL_TOPICS, type Topic } from './topics.js';
import { jsonSchemaOf } from './validate.js';
import type { EventType } from './cloud-event.js';

/** The AsyncAPI 3.0 document of the topics, from the same schemas that check each event. */
export function asyncApiDocument(version: string): Record<string, unknown> {
  const messages = new Map<string, EventType>();
  for (const topic of ALL_TOPICS) for (const type of topic.types) messages.set(type.type, type);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Taxameter events',
      version,
      description: 'Events that an API platform emits, and facts that Taxameter publishes. CloudEvents 1.0.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/cloudevents+json',
    channels: Object.fromEntries(ALL_TOPICS.map((topic) => [nameOf(topic.name), channel(topic)])),
    operations: Object.fromEntries(
      ALL_TOPICS.map((topic) => [`${direction(topic)}-${nameOf(topic.name)}`, operation(topic)]),
    ),
    components: {
      messages: Object.fromEntries(
        [...messages].map(([type, definition]) => [nameOf(type), message(definition)]),
      ),
    },
  };
}

function channel(topic: Topic): Record<string, unknown> {
  return {
    address: topic.name,
    description: `${topic.description} Key: ${topic.key}. ${topic.compacted ? 'Compacted.' : 'Kept by time.'}`,
    messages: Object.fromEntries(
      topic.types.map(({ type }) => [nameOf(type), { $ref: `#/components/messages/${nameOf(type)}` }]),
    ),
    bindings: { kafka: { partitions: topic.partitions, bindingVersion: '0.5.0' } },
  };
}

function operation(topic: Topic): Record<string, unknown> {
  return { action: direction(topic), channel: { $ref: `#/channels/${nameOf(topic.name)}` } };
}

/** `usage.…` comes from the platform; everything else is ours. */
function direction(topic: Topic): 'receive' | 'send' {
  return topic.name.startsWith('usage.') ? 'receive' : 'send';
}

function message(definition: EventType): Record<string, unknown> {
  const { $schema: _, ...payload } = jsonSchemaOf(definition.schema);
  return { name: definition.type, title: definition.title, summary: definition.description, payload };
}

function nameOf(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9]/g, '-');
}
