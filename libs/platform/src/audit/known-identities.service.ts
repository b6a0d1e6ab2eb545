import type { Topic } from '@taxameter/contracts';
import type { DataSource } from 'typeorm';
import { hashOfBody } from '../event-log/body-hash.service.js';
import { identityOfCall } from '../event-log/claim-calls.service.js';
import type { ReceivedEvent } from '../event-log/decode-record.js';
import { hash128 } from '../event-log/hash-128.service.js';

/** What the database knows of the identities of events that are read again. */

/** `other_body`: known with another body. `day_dropped`: retention has taken its day. */
export type Known = 'known' | 'unknown' | 'other_body' | 'day_dropped';

export interface IdentifiedEvent {
  readonly received: ReceivedEvent;
  readonly known: Known;
  /** 128 bits as hex, and what tells equal ones apart; null where identities are versions. */
  readonly identity: { readonly hash: string; readonly salt: number } | null;
}

const DAY_MS = 86_400_000;

export class KnownIdentities {
  private readonly droppedDays = new Map<string, boolean>();

  constructor(
    private readonly database: DataSource,
    private readonly topic: Topic,
  ) {}

  async identify(events: readonly ReceivedEvent[]): Promise<IdentifiedEvent[]> {
    if (events.length === 0) return [];
    switch (this.topic.identity) {
      case 'source-and-id':
        return this.calls(events);
      case 'message-id':
        return this.messages(events);
      case 'key-and-version':
        return this.versions(events);
    }
  }

  private async calls(events: readonly ReceivedEvent[]): Promise<IdentifiedEvent[]> {
    const keys = events.map(identityOfCall);
    const days = keys.map((key) => key.slice(0, 10));
    const hashes = keys.map((key) => key.slice(11));
    await this.lookAtDays(days);
    const rows = await this.database.query<{ place: number }[]>(
      `select place from unnest($1::date[], $2::uuid[]) with ordinality as read_again (day, identity, place)
       where not exists (
         select from seen_call where seen_call.day = read_again.day and seen_call.identity = read_again.identity
       )`,
      [days, hashes],
    );
    const missing = new Set(rows.map(({ place }) => place - 1));
    return events.map((received, index) => {
      const day = days[index]!;
      const isDropped = this.droppedDays.get(day) === true;
      const known = missing.has(index) ? (isDropped ? 'day_dropped' : 'unknown') : 'known';
      return { received, known, identity: { hash: hashes[index]!, salt: Date.parse(day) / DAY_MS } };
    });
  }

  /** A day that is missing and was not dropped by retention lets calls count twice. */
  private async lookAtDays(days: readonly string[]): Promise<void> {
    const asked = [...new Set(days)].filter((day) => !this.droppedDays.has(day));
    if (asked.length === 0) return;
    const rows = await this.database.query<{ day: string; dropped: boolean }[]>(
      `select day::text, exists (
         select from retained_from where partitioned_table = 'seen_call' and since > day
       ) as dropped
       from unnest($1::date[]) as asked (day)`,
      [asked],
    );
    for (const { day, dropped } of rows) this.droppedDays.set(day, dropped);
  }

  private async messages(events: readonly ReceivedEvent[]): Promise<IdentifiedEvent[]> {
    const ids = events.map(({ event }) => (event.data as { messageId: string }).messageId);
    const rows = await this.database.query<{ id: string; body: string }[]>(
      `select message_id as id, replace(body_hash::text, '-', '') as body from seen_message where message_id = any($1)`,
      [[...new Set(ids)]],
    );
    const bodies = new Map(rows.map(({ id, body }) => [id, body]));
    return events.map((received, index) => {
      const body = bodies.get(ids[index]!);
      const isSame = body === hashOfBody(received.event);
      const known = body === undefined ? 'unknown' : isSame ? 'known' : 'other_body';
      return { received, known, identity: { hash: hash128(ids[index]!), salt: 0 } };
    });
  }

  private async versions(events: readonly ReceivedEvent[]): Promise<IdentifiedEvent[]> {
    const keys = events.map(({ key }) => key ?? '');
    const rows = await this.database.query<{ key: string; version: number }[]>(
      'select key, version from seen_version where topic = $1 and key = any($2)',
      [this.topic.name, [...new Set(keys)]],
    );
    const newest = new Map(rows.map(({ key, version }) => [key, version]));
    return events.map((received, index) => {
      const { version } = received.event.data as { version: number };
      const known = version <= (newest.get(keys[index]!) ?? 0) ? 'known' : 'unknown';
      return { received, known, identity: null };
    });
  }
}
