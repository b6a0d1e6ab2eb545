import { Controller, Inject, Module, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { z } from 'zod';
import { CLOCK, type Clock } from '../clock.js';
import { databaseOf } from '../database/room-database.service.js';
import { partnerPolicy, withActor } from '../database/with-actor.service.js';
import type { Room } from '../room.js';
import { runCommand } from './command.service.js';
import { defineRoute } from './route.js';
import { Input, Route, type CallOf } from './route.decorator.js';

/** A room with a route of every kind, for the specs of HTTP and identity. */
class Things1760000100001 implements MigrationInterface {
  name = 'Things1760000100001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table thing (
        id bigint generated always as identity primary key,
        partner_id text not null,
        name text not null check (name <> 'refused by the database')
      );
      ${partnerPolicy('thing')}`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

const thing = z.object({ id: z.number(), partnerId: z.string(), name: z.string() });

const listThings = defineRoute({
  method: 'GET',
  path: '/v1/probe/things',
  summary: 'Things that the caller may see',
  roles: ['ops', 'partner'],
  query: z.object({ limit: z.coerce.number().int().min(1).max(500).default(50) }),
  responses: { 200: { description: 'Things', schema: z.object({ items: z.array(thing) }) } },
});

const createThing = defineRoute({
  method: 'POST',
  path: '/v1/probe/things',
  summary: 'Create a thing',
  roles: ['ops'],
  command: true,
  query: z.object({ dryRun: z.enum(['yes', 'no']).default('no') }),
  body: z.object({ name: z.string().min(1).max(100), partnerId: z.string().default('par_1') }),
  responses: { 201: { description: 'Created', schema: thing } },
  webhooks: {
    thing: { description: 'A thing changed', schema: z.object({ type: z.literal('thing'), thing }) },
  },
});

const explode = defineRoute({
  method: 'GET',
  path: '/v1/probe/explosions/:kind',
  summary: 'Fail in a way',
  roles: ['ops'],
  params: z.object({ kind: z.enum(['surprise', 'deadlock']) }),
  responses: { 200: { description: 'Never' } },
});

const streamThings = defineRoute({
  method: 'GET',
  path: '/v1/probe/stream',
  summary: 'A stream that ends with its reader',
  roles: ['ops'],
  responses: { 200: { description: 'The stream', contentType: 'text/event-stream' } },
});

/** Streams that a reader still holds open. */
export const openStreams = new Set<FastifyReply>();

@Controller()
class ThingsController {
  constructor(
    @Inject(databaseOf('http-probe')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Route(listThings)
  async list(@Input() { actor, query }: CallOf<typeof listThings>) {
    const items = await withActor(this.database, actor, (tx) =>
      tx.query<unknown[]>('select id, partner_id as "partnerId", name from thing order by id limit $1', [
        query.limit,
      ]),
    );
    return { items };
  }

  @Route(createThing)
  async create(@Input() call: CallOf<typeof createThing>) {
    return runCommand(this.database, call, this.clock, async (tx) => {
      const [row] = await tx.query<[{ id: number }]>(
        // A slow command: its twin arrives while it runs.
        'with slow as (select pg_sleep(0.1)) insert into thing (partner_id, name) select $1, $2 from slow returning id',
        [call.body.partnerId, call.body.name],
      );
      return { id: row.id, ...call.body };
    });
  }

  @Route(explode)
  explode(@Input() { params }: CallOf<typeof explode>) {
    throw Object.assign(new Error('canary-of-an-error'), params.kind === 'deadlock' ? { code: '40P01' } : {});
  }

  @Route(streamThings)
  stream(@Res() reply: FastifyReply): void {
    openStreams.add(reply);
    reply.raw.on('close', () => openStreams.delete(reply));
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' });
    reply.raw.write(': connected\n\n');
  }
}

@Module({ controllers: [ThingsController] })
class HttpProbeModule {}

export const httpProbeRoom: Room = {
  name: 'http-probe',
  module: HttpProbeModule,
  schema: { migrations: [Things1760000100001] },
};
