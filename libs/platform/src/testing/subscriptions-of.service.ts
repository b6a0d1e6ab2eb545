import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { DataSource } from 'typeorm';
import { CLOCK } from '../clock.js';
import { systemClock } from '../clock.service.js';
import { databaseOf } from '../database/room-database.service.js';
import type { Subscription } from '../event-log/event-batch.js';
import { EVENT_LOG_TRANSPORT } from '../event-log/on-events.decorator.js';
import { readSubscriptions } from '../event-log/read-subscriptions.service.js';
import { createLogger, LOGGER } from '../logging.service.js';
import type { Room } from '../room.js';

/** What a room reads, without any event log: for a bench that hands it batches itself. */
export async function subscriptionsOf(
  room: Room,
  database: DataSource,
  options: { readonly comparesBodies?: boolean } = {},
): Promise<readonly Subscription[]> {
  const providers = [
    { provide: databaseOf(room.name), useValue: database },
    { provide: CLOCK, useValue: systemClock },
    { provide: LOGGER, useValue: createLogger('silent') },
  ];
  @Global()
  @Module({ providers, exports: providers.map(({ provide }) => provide) })
  class Ground {}
  @Module({ imports: [Ground, room.module] })
  class Process {}
  const collector = new Collector(room.name);
  const app = await NestFactory.createMicroservice(Process, {
    strategy: collector,
    logger: false,
    // Else Nest ends the process without a word.
    abortOnError: false,
  });
  await app.listen();
  return collector.subscriptions.map((subscription) => ({ ...subscription, ...options }));
}

class Collector extends Server implements CustomTransportStrategy {
  override readonly transportId = EVENT_LOG_TRANSPORT;
  override readonly propagatesEventHandlerErrors = true;
  subscriptions: readonly Subscription[] = [];

  constructor(private readonly room: string) {
    super();
  }

  listen(done: () => void): void {
    this.subscriptions =
      readSubscriptions(this.messageHandlers.values(), new Set([this.room])).get(this.room) ?? [];
    done();
  }

  close(): void {}
  on(): void {}
  unwrap<T>(): T {
    return undefined as T;
  }
}
