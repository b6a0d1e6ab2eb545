import { z } from 'zod';
import { pageOf, pageQuery } from './page.js';
import { defineRoute } from './route.js';

const counts = {
  read: z.number(),
  counted: z.number(),
  duplicate: z.number(),
  quarantined: z.number(),
  ignored: z.number(),
};

/** Of a partition's reader, in /v1/accounting and in /health/ready. */
export const lagSeconds = z
  .number()
  .nullable()
  .describe(
    'Age in seconds of the oldest record that is not read yet, by the time at which the log took it; 0 when nothing waits. ' +
      'null when it is not known: over Kafka a process knows it of records that it has fetched and not yet committed only, so ' +
      'neither of a partition that another process reads nor of one that stands in a gap or has not joined.',
  );

export const accountingAnswer = z.object({
  partitions: z.array(
    z.object({
      room: z.string(),
      topic: z.string(),
      partition: z.number(),
      ...counts,
      replayed: z
        .object({ read: z.number(), counted: z.number(), duplicate: z.number(), ignored: z.number() })
        .describe('of the quarantined: what replays have settled since; in none of the counts beside it'),
      skipped: z
        .number()
        .describe(
          'offsets that people gave up at a gap, read by nobody: what they held is in no count. What a topic that was made anew ' +
            'had beyond the position is not known and not in it: see the decisions in GET /v1/consumers.',
        ),
      nextOffset: z.number(),
      lag: z.number().describe('Records that are not read yet'),
      lagSeconds,
    }),
  ),
  outbox: z.array(z.object({ room: z.string(), waiting: z.number() })),
});

export const accounting = defineRoute({
  method: 'GET',
  path: '/v1/accounting',
  summary: 'read = counted + duplicate + quarantined + ignored, per room, topic and partition',
  description:
    'Of the rooms of this process and of those that it passes on to; 503 when one of them does not answer. What took effect is ' +
    '`counted` + `replayed.counted`; what is open or discarded in quarantine is `quarantined` − `replayed.read`.',
  roles: ['ops', 'finance'],
  query: z.object({
    rooms: z
      .enum(['all', 'own'])
      .default('all')
      .describe('own: of the rooms of this process only; so ask those that pass requests on'),
  }),
  responses: {
    200: {
      description: 'The account of every partition, and what waits to be read or sent on',
      schema: accountingAnswer,
    },
  },
});

const offset = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const accountingRanges = defineRoute({
  method: 'GET',
  path: '/v1/accounting/ranges',
  summary: 'The rows that the accounting is the sum of: one for each range of offsets that was committed',
  description:
    'Of the rooms of this process only, in the order of room, topic, partition, generation and offset. The ranges of kind ' +
    '`log` of a partition lie end to end from 0 to its position, but for what was skipped; rows are never changed. ' +
    'A range of kind `replay` is what came of quarantined events that were tried again.',
  roles: ['ops', 'finance'],
  query: z.object({
    ...pageQuery,
    cursor: z.string().max(500).optional().describe('nextCursor of the page before'),
    room: z.string().max(100).optional(),
    topic: z.string().max(200).optional(),
    partition: z.coerce.number().int().min(0).max(2_147_483_647).optional(),
    kind: z.enum(['log', 'replay']).optional(),
    from: offset.optional().describe('Only ranges that reach beyond this offset'),
    to: offset.optional().describe('Only ranges that begin below this offset'),
  }),
  responses: {
    200: {
      description: 'A page of ranges',
      schema: pageOf(
        z.object({
          room: z.string(),
          topic: z.string(),
          partition: z.number(),
          generation: z.number().describe('which log of the partition the offsets are of'),
          fromOffset: z.number(),
          toOffset: z.number().describe('The offset after the range'),
          kind: z.enum(['log', 'replay']),
          ...counts,
          committedAt: z.iso.datetime(),
        }),
      ),
    },
    404: { description: 'The room does not run in this process' },
  },
});
