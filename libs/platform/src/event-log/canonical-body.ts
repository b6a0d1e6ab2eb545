import { topicOfType, type CloudEvent } from '@taxameter/contracts';

/**
 * The body of an event as one text: equal for two deliveries of the same thing. The CloudEvents `source` and `id` are not
 * part of it, an instant is compared as an instant, unknown fields and absent against null make no difference.
 */
export function canonicalBody(event: CloudEvent): string {
  const definition = topicOfType(event.type)?.types.find((known) => known.type === event.type);
  const parsed = definition?.schema.safeParse(event);
  const data = parsed?.success ? (parsed.data as CloudEvent).data : event.data;
  return JSON.stringify([event.type, new Date(event.time).getTime(), sorted(data)]);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .filter(([, inner]) => inner !== null && inner !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, inner]) => [name, sorted(inner)]);
}
