import { Controller, Inject } from '@nestjs/common';
import { breachOpened, fields, SEVERITIES } from '@taxameter/contracts';
import { databaseOf, defineRoute, Input, notFound, Route, withActor, type CallOf } from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { isPending, readPieces } from './evidence-store.service.js';
import { forPartner } from './show-evidence.js';

/** Shows what was frozen of a case, to ops and to the partner whose case it is. */

const count = z.int().min(0);
const ms = count.describe('ms');
const share = z.number().min(0).max(1).nullable();

const own = z.object({
  calls: count,
  serverTimeMs: ms,
  shareOfCalls: share.describe('of all calls that the platform worked on; null: it had none'),
  shareOfServerTime: share,
});
const harm = z.object({
  from: fields.instant,
  to: fields.instant,
  platform: z
    .object({
      calls: count.optional(),
      serverTimeMs: ms.optional(),
      p95Ms: ms
        .nullable()
        .describe('95 % of all calls took this long at most; an upper bound, within a factor of 1.41'),
    })
    .describe('calls and server time for ops only'),
  integration: own.describe('on all agreements'),
  subject: own.describe('what the case is about: the agreement, or all of them'),
});

const body = breachOpened.schema.shape.data
  .pick({
    ...{ ruleId: true, scope: true, severity: true, policyVersion: true },
    ...{ observed: true, threshold: true, evidence: true },
  })
  .extend({
    format: z.literal(1),
    series: z.object({
      of: z.enum(['calls', 'sms']),
      grainMinutes: z.union([z.literal(1), z.literal(60)]),
      from: fields.instant,
      windowStart: fields.instant,
      to: fields.instant,
      values: z.array(count).describe('one for each minute or hour from `from` on'),
    }),
    harm: z.object({ before: harm, during: harm }),
    answers: z
      .object({
        from: fields.instant,
        to: fields.instant,
        statuses: z.object({
          successes: count.describe('2xx'),
          redirects: count.describe('1xx and 3xx'),
          refusals: count.describe('4xx'),
          failures: count.describe('5xx'),
          aborted: count,
          restricted: count.describe('answered by our own restriction, whatever the status'),
        }),
        routes: z.array(
          z.object({
            method: z.string(),
            route: z.string(),
            calls: count,
            serverTimeMs: ms,
            eventIds: z.array(z.string()).describe('up to five'),
          }),
        ),
      })
      .describe('of the whole hours (UTC) that the window touches'),
  });

export const getEvidence = defineRoute({
  method: 'GET',
  path: '/v1/breaches/:breachId/evidence',
  summary: 'What was frozen of a case when it began and each time it got worse',
  description:
    'Frozen when the hour in which the window ends is closed: the log is two minutes past it. A partner sees shares in whole percent and no totals of the platform.',
  roles: ['ops', 'partner'],
  params: z.object({ breachId: fields.identifier(64) }),
  responses: {
    200: {
      description: 'The evidence, as far as it is frozen',
      schema: z.object({
        pending: z.boolean().describe('more will be frozen; until then the case itself has the figures'),
        items: z.array(
          z.object({
            occurrence: z.int().min(1),
            severity: z.enum(SEVERITIES),
            sha256: z
              .string()
              .describe('of the canonical JSON (RFC 8785) of the body as ops sees it, in hexadecimal'),
            body,
          }),
        ),
      }),
    },
  },
});

@Controller()
export class EvidenceController {
  constructor(@Inject(databaseOf('fair-use')) private readonly database: DataSource) {}

  @Route(getEvidence)
  evidence(@Input() { params: { breachId }, actor }: CallOf<typeof getEvidence>) {
    return withActor(this.database, actor, async (tx) => {
      const known = await tx.query<unknown[]>('select from breach where breach_id = $1', [breachId]);
      if (known.length === 0) throw notFound(`breach ${breachId}`);
      // Asked first: what is frozen meanwhile is told as both, and never as neither.
      const pending = await isPending(tx, breachId);
      const pieces = await readPieces(tx, breachId);
      const items = pieces.map((piece) =>
        actor.role === 'partner' ? { ...piece, body: forPartner(piece.body) } : piece,
      );
      return { pending, items };
    });
  }
}
