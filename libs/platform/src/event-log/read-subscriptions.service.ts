import 'reflect-metadata';
import type { MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import type { EventBatch, Subscription } from './event-batch.js';
import { controllersOf } from '../http/routes-of.service.js';
import type { Room } from '../room.js';
import { EVENTS_WANTED, type OnEventsExtras } from './on-events.decorator.js';

/**
 * Which room reads which topic, out of what Nest knows of the `@OnEvents` methods: the same for every transport.
 * @throws Error when a (room, topic) has two readers or a room has no database: found at start, not in production
 */
export function readSubscriptions(
  handlers: Iterable<MessageHandler>,
  roomsWithDatabase: ReadonlySet<string>,
  { comparesBodies = false } = {},
): Map<string, Subscription[]> {
  const rooms = new Map<string, Subscription[]>();
  for (const handler of handlers) {
    const { room, topic, types } = handler.extras as unknown as OnEventsExtras;
    const ofRoom = rooms.get(room) ?? [];
    if (handler.next || ofRoom.some((known) => known.topic === topic)) {
      throw new Error(`two handlers read ${topic} for ${room}`);
    }
    if (!roomsWithDatabase.has(room)) throw new Error(`${room} reads ${topic} but has no database`);
    const handle = async (batch: EventBatch) => {
      const result: unknown = await handler(batch);
      if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
    };
    rooms.set(room, [...ofRoom, { room, topic, types, comparesBodies, handle }]);
  }
  return rooms;
}

/** Which topics a room reads and which types of event it wants of each (none named: all), without running it. */
export function topicsReadBy({ module }: Room): OnEventsExtras[] {
  return controllersOf(module).flatMap((controller) =>
    Object.getOwnPropertyNames(controller.prototype).flatMap((name) => {
      const method: unknown = (controller.prototype as Record<string, unknown>)[name];
      if (typeof method !== 'function') return [];
      return (Reflect.getMetadata(EVENTS_WANTED, method) as OnEventsExtras | undefined) ?? [];
    }),
  );
}
