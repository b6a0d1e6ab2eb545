import { fields } from '@taxameter/contracts';
import { z } from 'zod';
import { pageOf, pageQuery } from '../http/page.js';
import { defineRoute } from '../http/route.js';

/** The routes by which a person looks at quarantined events and decides about them. */

/** Items that one command takes: they are locked until it is done. */
export const MAX_ITEMS_PER_COMMAND = 500;
const MAX_INTEGER = 2_147_483_647;

const room = fields.identifier(64).describe('a room of this process that has a database');
const topic = fields.identifier(90);
const badReason = fields.text(100).describe('why it is in quarantine, such as breaks_schema');
const states = ['open', 'replayed', 'discarded'] as const;

const generation = z
  .int()
  .min(0)
  .max(MAX_INTEGER)
  .describe(
    'which log of the partition the offset is of, as `GET /v1/consumers` says; when left out: the present one',
  );

const numbers = {
  partition: z.int().min(0).max(MAX_INTEGER),
  offset: z.int().min(0),
  index: z.int().min(0).max(MAX_INTEGER).describe('which event of the record, from 0'),
};
const numbersInPath = {
  partition: z.coerce.number().pipe(numbers.partition),
  offset: z.coerce.number().pipe(numbers.offset),
  index: z.coerce.number().pipe(numbers.index),
};
const position = z.object({ topic, ...numbers, generation: generation.optional() });

/** An item by all that it is known by. */
export interface ItemPosition {
  readonly topic: string;
  readonly partition: number;
  readonly generation: number;
  readonly offset: number;
  readonly index: number;
}

const person = z.object({ id: z.string(), name: z.string() }).describe('the token that was used');

const item = z.object({
  room: z.string(),
  topic: z.string(),
  partition: z.number(),
  generation: z.number(),
  offset: z.number(),
  index: z.number(),
  reason: z.string(),
  field: z.string(),
  detail: z.string(),
  appendedAt: z.iso.datetime(),
  quarantinedAt: z.iso.datetime(),
  sizeBytes: z.number(),
  state: z.enum(states),
  decidedAt: z.iso.datetime().nullable().describe('of the last decision; null while there is none'),
  decidedBy: person.nullable(),
  decisionReason: z.string().nullable(),
});
export type QuarantineItem = z.output<typeof item>;

const decision = z.object({
  decision: z.enum(['replayed', 'still_bad', 'discarded', 'reopened']),
  at: z.iso.datetime(),
  by: person,
  reason: z.string(),
  found: z.string().describe('by a replay: counted, duplicate, ignored, or the reason why it is still bad'),
  field: z.string(),
  detail: z.string(),
});
export type QuarantineDecision = z.output<typeof decision>;

export const listQuarantine = defineRoute({
  method: 'GET',
  path: '/v1/quarantine',
  summary: 'Events that were read and could not be counted, newest first',
  description:
    'Of the rooms of this process. The bytes are not in the list, since they may be personal data.',
  roles: ['ops'],
  query: z.object({
    ...pageQuery,
    cursor: z.string().max(400).optional().describe('nextCursor of the page before'),
    room: room.optional(),
    topic: topic.optional(),
    reason: badReason.optional(),
    state: z.enum(states).default('open'),
  }),
  responses: {
    200: {
      description: 'A page of items',
      schema: pageOf(item).extend({
        counts: z
          .array(z.object({ reason: z.string(), count: z.number() }))
          .describe('how many items there are by reason, whatever `reason`, `limit` and `cursor` say'),
      }),
    },
  },
});

export const showQuarantined = defineRoute({
  method: 'GET',
  path: '/v1/quarantine/:room/:topic/:partition/:offset/:index',
  summary: 'One quarantined event with its bytes and every decision about it',
  roles: ['ops'],
  params: z.object({ room, topic, ...numbersInPath }),
  query: z.object({ generation: z.coerce.number().pipe(generation).optional() }),
  responses: {
    200: {
      description: 'The item',
      schema: item.extend({
        bytes: z
          .object({ encoding: z.enum(['json', 'base64']), text: z.string() })
          .describe('as it came where it is JSON in UTF-8, else in base64'),
        history: z.array(decision).describe('oldest first, the newest 100'),
      }),
    },
  },
});

const chosen = z
  .object({
    room,
    reason: fields.text(500).regex(/\S/, 'says nothing').describe('why you decide so; it is kept'),
    items: z.array(position).min(1).max(MAX_ITEMS_PER_COMMAND).optional(),
    filter: z
      .object({
        topic,
        reason: badReason,
        after: z
          .object({ ...numbers, generation: generation.default(0) })
          .optional()
          .describe('`next` of the answer before'),
      })
      .optional()
      .describe(
        `the first ${MAX_ITEMS_PER_COMMAND} items that match, by partition, generation, offset and index`,
      ),
  })
  .refine(({ items, filter }) => (items === undefined) !== (filter === undefined), {
    message: 'name either items or a filter',
  });
export type ChosenItems = z.output<typeof chosen>;

const decided = z.object({
  room: z.string(),
  changed: z.number().describe('items whose state this command changed'),
  items: z.array(
    z.object({
      topic,
      ...numbers,
      generation,
      outcome: z.enum([
        ...(['counted', 'duplicate', 'ignored', 'still_bad', 'discarded', 'reopened'] as const),
        'unchanged',
      ]),
      state: z.enum(states),
      found: z.string(),
      field: z.string(),
      detail: z.string(),
    }),
  ),
  next: z
    .object({ ...numbers, generation })
    .nullable()
    .describe('where a filter goes on; null when there is nothing more'),
});
export type DecidedItems = z.output<typeof decided>;
export type DecidedItem = DecidedItems['items'][number];

const command = (
  name: 'replay' | 'discard' | 'reopen',
  { summary, description }: { summary: string; description: string },
) =>
  defineRoute({
    method: 'POST',
    path: `/v1/quarantine/${name}`,
    summary,
    description,
    roles: ['ops'],
    command: true,
    body: chosen,
    responses: { 200: { description: 'What became of each item', schema: decided } },
  });

export const replayQuarantined = command('replay', {
  summary: 'Hand quarantined events to the room again',
  description:
    'Each is decoded, checked, claimed and handled as if it came now, and counts once. One that is still bad stays open. ' +
    'Lateness is judged by the time at which the log took the event, and another body under a known message id never counts: ' +
    'such events can only be discarded.',
});

export const discardQuarantined = command('discard', {
  summary: 'Set quarantined events aside for good',
  description: 'Nothing is deleted; a discarded item can be reopened.',
});

export const reopenQuarantined = command('reopen', {
  summary: 'Take the discarding of events back',
  description: 'What was replayed is counted and stays so.',
});
