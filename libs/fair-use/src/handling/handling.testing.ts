import { Controller, Module } from '@nestjs/common';
import { TOPICS, type BreachOpenedEvent } from '@taxameter/contracts';
import { OnEvents, type EventBatch, type Room } from '@taxameter/platform';
import type { TestAnswer, TestRooms } from '@taxameter/platform/testing';
import { fiveMinutes, send } from '../fair-use.testing.js';

/** A case to work on, and somebody who hears what is told of it, for the specs of handling. */

const told: BreachOpenedEvent[] = [];

@Controller()
class Reader {
  @OnEvents('reader', TOPICS.breaches)
  breaches(batch: EventBatch<BreachOpenedEvent>): Promise<void> {
    told.push(...batch.events.map((received) => received.event));
    return Promise.resolve();
  }
}

@Module({ controllers: [Reader] })
class ReaderModule {}

export const reader: Room = { name: 'reader', module: ReaderModule, schema: { migrations: [] } };

/** What the reader was told of a case, in order. */
export async function factsAbout(rooms: TestRooms, breachId: string): Promise<BreachOpenedEvent[]> {
  await rooms.settle();
  return told.filter(({ data }) => data.breachId === breachId);
}

export interface CaseAtHand {
  readonly id: string;
  readonly path: string;
  /** A command of ops. */
  post(command: string, body?: object, headers?: Record<string, string>): Promise<TestAnswer>;
  /** The case as ops reads it. */
  read(): Promise<TestAnswer['body']>;
}

/** The case that opens when an integration makes 75 calls in each of five minutes from seven o'clock on. */
export async function openCase(rooms: TestRooms, integrationId: string): Promise<CaseAtHand> {
  await send(rooms, fiveMinutes(integrationId, '2026-10-05T07:00:00Z', 75));
  return newestCase(rooms, integrationId);
}

export async function newestCase(rooms: TestRooms, integrationId: string): Promise<CaseAtHand> {
  const { body } = await rooms.call('ops', 'GET', `/v1/breaches?integrationId=${integrationId}`);
  const { breachId: id } = (body as { items: { breachId: string }[] }).items[0]!;
  const path = `/v1/breaches/${id}`;
  return {
    id,
    path,
    post: (command, more = {}, headers = {}) =>
      rooms.call('ops', 'POST', `${path}/${command}`, { body: more, headers }),
    read: async () => (await rooms.call('ops', 'GET', path)).body,
  };
}
