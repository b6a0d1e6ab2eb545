import { z } from 'zod';
import { defineRoute } from './route.js';

const counts = {
  read: z.number(),
  counted: z.number(),
  duplicate: z.number(),
  quarantined: z.number(),
  ignored: z.number(),
};

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
      nextOffset: z.number(),
      lag: z.number(),
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
