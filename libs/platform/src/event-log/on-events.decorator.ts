import type { EventType, Topic } from '@taxameter/contracts';
import { applyDecorators, SetMetadata } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';

/** The transport that our handlers belong to, whatever carries the records. */
export const EVENT_LOG_TRANSPORT = Symbol('taxameter event log');

/** Under which a method keeps what it reads, for those who ask without running it. */
export const EVENTS_WANTED = 'taxameter:events-wanted';

export interface OnEventsExtras {
  readonly topic: string;
  readonly room: string;
  readonly types: readonly string[];
}

/**
 * Marks a method as the room's reader of a topic; it is given an `EventBatch`. With `types`, events of other types of that
 * topic are accounted as ignored. The pattern names topic *and* room: Nest chains handlers of one pattern, so two rooms on
 * the bare topic would each be called twice.
 */
export function OnEvents(room: string, topic: Topic, types: readonly EventType[] = []): MethodDecorator {
  const extras: OnEventsExtras = { topic: topic.name, room, types: types.map((known) => known.type) };
  return applyDecorators(
    EventPattern({ topic: topic.name, room }, EVENT_LOG_TRANSPORT, { ...extras }),
    SetMetadata(EVENTS_WANTED, extras),
  );
}
