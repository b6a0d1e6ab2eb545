import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { System, type SystemAccounting } from '../system.service.js';
import { accounting, accountingRanges, lagSeconds } from './accounting.js';
import { Problem } from './problem.js';
import { defineRoute } from './route.js';
import { Input, Route, type CallOf } from './route.decorator.js';
import { RoomsElsewhere } from './rooms-elsewhere.service.js';

export const live = defineRoute({
  method: 'GET',
  path: '/health/live',
  summary: 'The process runs',
  roles: 'public',
  responses: { 200: { description: 'Alive', schema: z.object({ status: z.literal('alive') }) } },
});

const consumer = z.object({
  room: z.string(),
  topic: z.string(),
  partition: z.number(),
  state: z.enum(['joining', 'running', 'retrying', 'gap', 'stopped']),
  nextOffset: z.number(),
  logEnd: z.number(),
  lagSeconds,
});

export const ready = defineRoute({
  method: 'GET',
  path: '/health/ready',
  summary: 'Databases and event log answer, and no partition stands still',
  description:
    'Of this process only. 503 is `database-away`, `event-log-away`, `not-joined` (a reader has not joined its group: at start, or without Kafka), `facts-not-sent` (what a room tells others has not left it for 5 s) or `partition-stopped` (state `stopped` or `gap`: a person is needed).',
  roles: 'public',
  responses: {
    200: {
      description: 'Ready',
      schema: z.object({
        status: z.literal('ready'),
        rooms: z.array(z.string()),
        consumers: z.array(consumer),
      }),
    },
  },
});

@Controller()
export class HealthController {
  constructor(
    @Inject(System) private readonly system: System,
    @Inject(RoomsElsewhere) private readonly elsewhere: RoomsElsewhere,
  ) {}

  @Route(live)
  live() {
    return { status: 'alive' as const };
  }

  @Route(ready)
  async ready() {
    await this.system.ping();
    // Without the reason: it may quote the driver, and everybody may read this.
    const consumers = (await this.system.consumersWithLag()).map(
      ({ reason: _reason, gap: _gap, generation: _generation, nextAppendedAt: _appended, ...shown }) => shown,
    );
    const stopped = consumers.filter((status) => status.state === 'stopped' || status.state === 'gap');
    if (stopped.length > 0) {
      throw new Problem(
        503,
        'partition-stopped',
        'a partition stands still and needs a person: see the log',
        { consumers },
      );
    }
    return { status: 'ready' as const, rooms: this.system.rooms(), consumers };
  }

  @Route(accounting)
  async accounting(@Input() { request, query }: CallOf<typeof accounting>): Promise<SystemAccounting> {
    const own = await this.system.accounting();
    if (query.rooms === 'own') return own;
    const parts = [own, ...(await this.elsewhere.accounting(request.headers))];
    return {
      partitions: parts.flatMap(({ partitions }) => partitions),
      outbox: parts.flatMap(({ outbox }) => outbox),
    };
  }
  @Route(accountingRanges)
  async ranges(@Input() { query }: CallOf<typeof accountingRanges>) {
    return this.system.accountingRanges(query);
  }
}
