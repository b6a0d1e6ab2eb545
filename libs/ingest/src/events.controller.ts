import { Controller, HttpException, Inject } from '@nestjs/common';
import {
  CLOCK,
  defineRoute,
  EVENT_LOG_PRODUCER,
  Input,
  LOGGER,
  MAX_BODY_BYTES,
  Problem,
  Route,
  type CallOf,
  type Clock,
  type EventLogProducer,
  type Logger,
} from '@taxameter/platform';
import { z } from 'zod';
import { acceptEvents } from './accept-events.js';
import { packRecords } from './pack-records.js';
import { readEvents } from './read-request.js';

const rejectedEvent = z.object({
  index: z.int().describe('place in the batch, from 0'),
  field: z.string().describe('path of the field, such as data.status'),
  reason: z.string(),
});

export const postEvents = defineRoute({
  method: 'POST',
  path: '/v1/events',
  summary: 'Take events: one CloudEvent (structured or binary mode) or a batch',
  description:
    'Answered when every accepted event is stored durably. 202 names what was rejected and why; the other events of the batch ' +
    'are counted. 503 means: nothing is known to be stored, send all again with the same ids. Sending twice counts once.',
  roles: ['ingest'],
  rawBody: {
    contentTypes: ['application/cloudevents+json', 'application/cloudevents-batch+json', 'application/json'],
    maxBytes: MAX_BODY_BYTES,
  },
  responses: {
    202: {
      description: 'Stored, but for what is named in `rejected`',
      schema: z.object({ accepted: z.int(), rejected: z.array(rejectedEvent) }),
    },
  },
});

@Controller()
export class EventsController {
  constructor(
    @Inject(EVENT_LOG_PRODUCER) private readonly log: EventLogProducer,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Route(postEvents)
  async post(@Input() { request }: CallOf<typeof postEvents>) {
    const { values, isBatch } = readEvents({
      contentType: request.headers['content-type'] ?? '',
      headers: request.headers,
      body: request.body,
    });
    const { accepted, rejected } = acceptEvents(values, this.clock.now());
    const [first] = rejected;
    if (first && !isBatch) {
      throw new Problem(400, 'invalid-event', `${first.field || 'the event'}: ${first.reason}`, {
        errors: rejected.map(({ field, reason }) => ({ field, reason })),
      });
    }
    try {
      await this.log.append(packRecords(accepted));
    } catch (error) {
      if (error instanceof HttpException || error instanceof Problem) throw error;
      this.logger.error({ err: error }, 'events could not be stored');
      throw new Problem(
        503,
        'not-stored',
        'the events are not known to be stored: send all again with the same ids',
        {},
        {
          'retry-after': '1',
        },
      );
    }
    return { accepted: accepted.length, rejected };
  }
}
