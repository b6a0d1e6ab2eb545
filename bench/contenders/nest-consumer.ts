import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload, Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { logLevel } from 'kafkajs';
import type { Sample } from '../pace.js';

/**
 * Process: the usual consumer, written by Nest's documentation. One message, one transaction: the id under a primary key, then
 * the minute's counter; eight partitions at once. Arguments: brokers, topic, records, database.
 */

const [brokers, topic, total, databaseUrl] = process.argv.slice(2) as [string, string, string, string];
const pool = new pg.Pool({ connectionString: databaseUrl, max: 8 });
await pool.query('create table event (id uuid primary key, at timestamptz not null)');
await pool.query(
  'create table counter (minute timestamptz, integration text, agreement text, calls bigint not null, primary key (minute, integration, agreement))',
);
const samples: Sample[] = [];
let done = 0;
let finish: () => void;
const finished = new Promise<void>((resolve) => (finish = resolve));

interface Call {
  readonly id: string;
  readonly time: string;
  readonly data: { readonly integrationId: string; readonly organizationId: string };
}

@Controller()
class UsualConsumer {
  @EventPattern(topic)
  async handle(@Payload() payload: unknown): Promise<void> {
    const call = payload as Call;
    const client = await pool.connect();
    try {
      await client.query('begin');
      const added = await client.query('insert into event values ($1, $2) on conflict do nothing', [
        call.id,
        call.time,
      ]);
      if (added.rowCount === 1) {
        await client.query(
          `insert into counter values (date_trunc('minute', $1::timestamptz), $2, $3, 1)
           on conflict (minute, integration, agreement) do update set calls = counter.calls + 1`,
          [call.time, call.data.integrationId, call.data.organizationId],
        );
      }
      await client.query('commit');
    } finally {
      client.release();
    }
    done += 1;
    if (done % 100 === 0 || done >= Number(total)) samples.push({ atMs: performance.now(), done });
    if (done >= Number(total)) finish();
  }
}

@Module({ controllers: [UsualConsumer] })
class UsualModule {}

const app = await NestFactory.createMicroservice<MicroserviceOptions>(UsualModule, {
  logger: false,
  transport: Transport.KAFKA,
  options: {
    client: { brokers: brokers.split(','), logLevel: logLevel.NOTHING },
    consumer: { groupId: `usual-${randomBytes(4).toString('hex')}` },
    subscribe: { fromBeginning: true },
    run: { partitionsConsumedConcurrently: 8 },
  },
});
await app.listen();
await finished;
process.stdout.write(JSON.stringify(samples));
await app.close();
await pool.end();
