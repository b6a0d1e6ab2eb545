import { Controller, Inject, Res } from '@nestjs/common';
import { fields, integrationStatusChanged } from '@taxameter/contracts';
import {
  CLOCK,
  Input,
  Route,
  databaseOf,
  defineRoute,
  withActor,
  type CallOf,
  type Clock,
} from '@taxameter/platform';
import type { ServerResponse } from 'node:http';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { FeedWaiting } from './feed-waiting.service.js';
import { forgetGateways, listGateways, noteGateway } from './gateways.service.js';
import { changesSince, snapshot, type Feed } from './read-feed.service.js';

/** What gateways must enforce, for those without Kafka: the whole of it, or a long poll for what changes. */

const MAX_WAIT_SECONDS = 30;

interface Reply {
  readonly raw: ServerResponse;
  status(code: number): Reply;
  headers(values: Record<string, string>): Reply;
  send(body?: unknown): unknown;
}

export const getEnforcement = defineRoute({
  method: 'GET',
  path: '/v1/enforcement',
  summary: 'What a gateway must let through, slow down or refuse',
  description:
    'Without `after`: the whole snapshot, which takes the place of all that a gateway knew; an integration that is not in ' +
    'it is let through. With `after` and `waitSeconds`: answers as soon as something changes, with the newest record of ' +
    'each integration that did, and 304 when nothing does. Put each in place of the one before and go on with `revision`. ' +
    '410 `feed-cursor-expired`: take the whole snapshot. The gateway judges `from` and `until` by its own clock, and keeps ' +
    'what it has while we do not answer.',
  roles: ['gateway', 'ops'],
  query: z.object({
    after: z.coerce
      .number()
      .int()
      .min(0)
      .max(Number.MAX_SAFE_INTEGER)
      .optional()
      .describe('the revision that you have'),
    waitSeconds: z.coerce
      .number()
      .int()
      .min(0)
      .max(MAX_WAIT_SECONDS)
      .default(0)
      .describe('with `after`: how long to wait for a change'),
    gateway: fields
      .identifier(64)
      .optional()
      .describe('your name, so that it is seen how far you are: the same after each start'),
  }),
  responses: {
    200: {
      description: 'The snapshot or the changes; `ETag` is the revision',
      schema: z.object({
        revision: z.int(),
        isFull: z.boolean().describe('true: put it in place of everything; false: these have changed'),
        integrations: z.array(integrationStatusChanged.schema.shape.data),
      }),
    },
    304: { description: 'Nothing has changed' },
  },
});

export const getGateways = defineRoute({
  method: 'GET',
  path: '/v1/enforcement/gateways',
  summary: 'Gateways that ask, and how far behind each of them is',
  roles: ['ops'],
  responses: {
    200: {
      description: 'Those that asked within seven days and gave a name, at most 500',
      schema: z.object({
        items: z.array(
          z.object({
            gateway: z.string(),
            revision: z.int().nullable().describe('what it said it has; null: nothing yet'),
            askedAt: z.iso.datetime(),
            changesBehind: z.int().describe('changes that it has not said to know'),
            behindSince: z.iso.datetime().nullable().describe('when the oldest of them was made'),
            isStale: z.boolean().describe('true: it has not asked for 90 seconds'),
          }),
        ),
      }),
    },
  },
});

@Controller()
export class EnforcementController {
  constructor(
    @Inject(databaseOf('partners')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly waiting: FeedWaiting,
  ) {}

  @Route(getEnforcement)
  async enforcement(@Input() call: CallOf<typeof getEnforcement>, @Res() reply: Reply): Promise<void> {
    const { after, waitSeconds, gateway } = call.query;
    const seen = call.request.headers['if-none-match'];
    const known = after ?? revisionOf(seen);
    if (gateway !== undefined) {
      await withActor(this.database, call.actor, (tx) => noteGateway(tx, gateway, known, this.clock.now()));
    }
    const read = () =>
      withActor(this.database, call.actor, (tx) =>
        after === undefined ? snapshot(tx) : changesSince(tx, after),
      );
    let feed = await read();
    if (after !== undefined && feed.integrations.length === 0 && waitSeconds > 0) {
      const left = new AbortController();
      reply.raw.on('close', () => left.abort());
      const isPast = await this.waiting.past(feed.revision, waitSeconds * 1_000, left.signal);
      if (left.signal.aborted) return;
      if (isPast) feed = await read();
    }
    answer(reply, feed, after === undefined ? seen : undefined, after === undefined);
  }

  @Route(getGateways)
  gateways(@Input() { actor }: CallOf<typeof getGateways>) {
    return withActor(this.database, actor, async (tx) => {
      await forgetGateways(tx, this.clock.now());
      return { items: await listGateways(tx, this.clock.now()) };
    });
  }
}

function answer(reply: Reply, feed: Feed, seen: string | undefined, isFull: boolean): void {
  const etag = `"${feed.revision}"`;
  reply.headers({ etag, 'cache-control': 'private, no-cache' });
  const isKnown = isFull ? seen === etag : feed.integrations.length === 0;
  if (isKnown) reply.status(304).send();
  else reply.status(200).send({ revision: feed.revision, isFull, integrations: feed.integrations });
}

/** The revision of an `ETag` of ours, or null. */
function revisionOf(etag: string | undefined): number | null {
  const digits = /^"(\d{1,15})"$/.exec(etag ?? '')?.[1];
  return digits === undefined ? null : Number(digits);
}
