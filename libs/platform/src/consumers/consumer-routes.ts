import { fields } from '@taxameter/contracts';
import { z } from 'zod';
import { defineRoute } from '../http/route.js';

/** The routes by which a person sees how each partition is read, and decides about one that stands in a gap. */

/** Of a partition, in the list. */
export const DECISIONS_SHOWN = 20;
const MAX_INTEGER = 2_147_483_647;

const kinds = ['skip-lost', 'new-log'] as const;
const generation = z.int().min(0).max(MAX_INTEGER);
const offset = z.int().min(0);

const decision = z.object({
  room: z.string(),
  topic: z.string(),
  partition: z.number(),
  kind: z.enum(kinds),
  from: z.object({ generation, offset }).describe('where the room stood'),
  to: z.object({ generation, offset }).describe('where it goes on'),
  skipped: z.number().describe('offsets that were given up'),
  at: z.iso.datetime(),
  by: z.object({ id: z.string(), name: z.string() }).describe('the token that was used'),
  reason: z.string(),
});
export type ConsumerDecision = z.output<typeof decision>;

const consumer = z.object({
  room: z.string(),
  topic: z.string(),
  partition: z.number(),
  state: z.enum(['joining', 'running', 'retrying', 'gap', 'stopped']),
  reason: z.string().nullable().describe('why it does not run, in one sentence'),
  gap: z
    .enum(['lost', 'another_log'])
    .nullable()
    .describe(
      'lost: the log begins behind the position, decide `skip-lost`; another_log: it ends before it, decide `new-log`',
    ),
  generation: z.number().describe('how many logs of this partition there were before, as people decided'),
  position: z.number().describe('the offset that is read next'),
  logBegin: z.number().nullable().describe('the first offset that the log has; null when it does not answer'),
  logEnd: z.number().nullable().describe('the offset that the next record will get'),
  lag: z
    .number()
    .nullable()
    .describe('records that are not read yet; null when the position is beyond the log'),
  decisions: z.array(decision).describe(`the newest ${DECISIONS_SHOWN}, newest first`),
});
export type ListedConsumer = z.output<typeof consumer>;

export const listConsumers = defineRoute({
  method: 'GET',
  path: '/v1/consumers',
  summary: 'How each partition is read: state, position, log, and what was decided about it',
  description:
    'Of this process only: over Kafka of the partitions that it is assigned, or of all of a room that is outside its group. The ' +
    'position is of the database now, the state of the reader as it last looked.',
  roles: ['ops'],
  responses: {
    200: {
      description: 'Every partition, by room, topic and partition',
      schema: z.object({ items: z.array(consumer) }),
    },
  },
});

export const decideGap = defineRoute({
  method: 'POST',
  path: '/v1/consumers/decisions',
  summary: 'Let a partition that stands in a gap go on elsewhere',
  description:
    '`skip-lost`: retention has taken records that were not read; go on where the log begins, or behind it. `new-log`: the topic was ' +
    'made anew or cut short; its offsets are of another generation, and identities still keep anything from counting twice. ' +
    'What is given up is in no count and stays visible as `skipped` in GET /v1/accounting. 409 when the partition stands in no ' +
    'gap, or not where you saw it. The reader goes on by itself within seconds, in whichever process it runs.',
  roles: ['ops'],
  command: true,
  body: z.object({
    room: fields.identifier(64),
    topic: fields.identifier(90),
    partition: z.int().min(0).max(MAX_INTEGER),
    kind: z.enum(kinds),
    continueAt: offset.describe('from logBegin to logEnd; what lies before it is never read'),
    seen: z
      .object({ generation, offset })
      .describe('`generation` and `position` as you saw them: 409 when the partition stands elsewhere now'),
    reason: fields.text(500).regex(/\S/, 'says nothing').describe('why you decide so; it is kept'),
  }),
  responses: {
    200: { description: 'The decision as it is kept', schema: decision },
    404: { description: 'The room does not run here, or does not read the topic' },
    409: { description: 'No gap, another position, or a place that the log does not have' },
  },
});
export type GapDecision = z.output<NonNullable<typeof decideGap.body>>;
