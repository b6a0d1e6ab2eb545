import { Problem } from '@taxameter/platform';

/** The three ways in which HTTP carries CloudEvents (HTTP protocol binding 1.0): binary, structured, batched. */
export interface EventRequest {
  readonly contentType: string;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Bytes for `application/cloudevents…`, the parsed data for `application/json`. */
  readonly body: unknown;
}

const MAX_EVENTS = 10_000;

/** @throws Problem 400 when the body is not JSON or not a batch, 413 above 10,000 events */
export function readEvents(request: EventRequest): { values: unknown[]; isBatch: boolean } {
  const contentType = request.contentType.toLowerCase();
  if (contentType.startsWith('application/cloudevents-batch+json')) {
    const values = parse(request.body);
    if (!Array.isArray(values))
      throw new Problem(400, 'not-a-batch', 'a batch must be a JSON array of CloudEvents');
    if (values.length > MAX_EVENTS) {
      throw new Problem(
        413,
        'too-many-events',
        `a batch may hold ${MAX_EVENTS} events, not ${values.length}`,
      );
    }
    return { values, isBatch: true };
  }
  if (contentType.startsWith('application/cloudevents+json'))
    return { values: [parse(request.body)], isBatch: false };
  return { values: [fromBinaryMode(request)], isBatch: false };
}

function parse(body: unknown): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body as Uint8Array));
  } catch {
    throw new Problem(400, 'not-json', 'the body is not JSON in UTF-8');
  }
}

/** Attributes are headers `ce-…` whose values are percent-encoded where they are not printable ASCII. */
function fromBinaryMode({ headers, body }: EventRequest): Record<string, unknown> {
  const event: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('ce-') && typeof value === 'string') event[name.slice(3)] = decoded(value);
  }
  if (Object.keys(event).length === 0) {
    throw new Problem(
      415,
      'not-a-cloud-event',
      'send application/cloudevents+json, application/cloudevents-batch+json, or application/json with ce- headers',
    );
  }
  return { ...event, data: body };
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
