import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { System } from '../system.service.js';
import { Problem } from './problem.js';
import { defineRoute } from './route.js';
import { Route } from './route.decorator.js';

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
});

export const ready = defineRoute({
  method: 'GET',
  path: '/health/ready',
  summary: 'The databases answer and no partition is stopped',
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

const counts = {
  read: z.number(),
  counted: z.number(),
  duplicate: z.number(),
  quarantined: z.number(),
  ignored: z.number(),
};

export const accounting = defineRoute({
  method: 'GET',
  path: '/v1/accounting',
  summary: 'read = counted + duplicate + quarantined + ignored, per room, topic and partition',
  roles: ['ops', 'finance'],
  responses: {
    200: {
      description: 'The account of every partition, and what waits to be read or sent on',
      schema: z.object({
        partitions: z.array(
          z.object({
            room: z.string(),
            topic: z.string(),
            partition: z.number(),
            ...counts,
            nextOffset: z.number(),
            lag: z.number(),
          }),
        ),
        outbox: z.array(z.object({ room: z.string(), waiting: z.number() })),
      }),
    },
  },
});

@Controller()
export class HealthController {
  constructor(@Inject(System) private readonly system: System) {}

  @Route(live)
  live() {
    return { status: 'alive' as const };
  }

  @Route(ready)
  async ready() {
    await this.system.ping();
    // Without the reason: it may quote the driver, and everybody may read this.
    const consumers = this.system.consumers().map(({ reason: _reason, ...shown }) => shown);
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
  async accounting() {
    return this.system.accounting();
  }
}
