import { Controller, Module } from '@nestjs/common';
import { TOPICS, type CloudEvent, type Topic } from '@taxameter/contracts';
import { OnEvents, type EventBatch, type NewRecord, type Room } from '@taxameter/platform';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { PartnersModule } from './partners.module.js';
import { partnersMigrations } from './partners.migration.js';

/** The room of the specs, and what they look at: the facts that left it and its audit. */

export const partnersRoom: Room = {
  name: 'partners',
  module: PartnersModule,
  schema: { migrations: partnersMigrations },
};

/** The clock of the specs stands here. */
export const NOW = '2026-10-05T08:00:00.000Z';

type Fact = CloudEvent<{ readonly version: number }>;
const heard: Fact[] = [];

@Controller()
class ListenerConsumer {
  @OnEvents('listener', TOPICS.partners)
  async facts(batch: EventBatch<Fact>): Promise<void> {
    heard.push(...batch.events.map(({ event }) => event));
  }

  @OnEvents('listener', TOPICS.restrictionAnswers)
  async answers(batch: EventBatch<Fact>): Promise<void> {
    heard.push(...batch.events.map(({ event }) => event));
  }

  @OnEvents('listener', TOPICS.integrationStatus)
  async statuses(batch: EventBatch<Fact>): Promise<void> {
    heard.push(...batch.events.map(({ event }) => event));
  }
}

/** Another domain, as far as this room knows: it hears the facts and nothing else. */
@Module({ controllers: [ListenerConsumer] })
class ListenerModule {}

const listenerRoom: Room = {
  name: 'listener',
  module: ListenerModule,
  schema: { migrations: [] },
};

export function startPartnersRoom(settings: Record<string, string> = {}): Promise<TestRooms> {
  return startTestRooms([partnersRoom, listenerRoom], { now: NOW, settings });
}

/** Another process of the room on the same database, whose clock stands at another instant. */
export function startBeside(
  { databaseUrl }: TestRooms,
  now: string,
  settings: Record<string, string> = {},
): Promise<TestRooms> {
  return startTestRooms([partnersRoom, listenerRoom], { now, databaseUrl, settings });
}

/** The facts of a subject (of a status: the integration's id) that another domain has heard, oldest first. */
export async function factsOf(rooms: TestRooms, subject: string): Promise<Fact[]> {
  await rooms.settle();
  return heard.filter((fact) => fact.subject === subject);
}

export interface AuditEntry {
  readonly action: string;
  readonly actor_role: string;
  readonly before: { readonly version: number } | null;
  readonly after: { readonly version: number };
  readonly reason: string | null;
  readonly at: Date;
}

export function auditOf(rooms: TestRooms, subject: string): Promise<AuditEntry[]> {
  return rooms.databases
    .get('partners')!
    .query('select * from audit_entry where subject = $1 order by id', [subject]);
}

/** A fact of another domain as it arrives in the log. */
export function recordOfFact(
  topic: Topic,
  key: string,
  type: string,
  data: Readonly<Record<string, unknown>> & { readonly version: number },
): NewRecord {
  const event = {
    specversion: '1.0',
    id: `${type}/${key}/${data.version}`,
    source: '/taxameter/elsewhere',
    type,
    time: NOW,
    subject: key,
    data,
  };
  return {
    topic: topic.name,
    partition: 0,
    key,
    headers: { 'content-type': 'application/cloudevents+json' },
    value: new TextEncoder().encode(JSON.stringify(event)),
  };
}
