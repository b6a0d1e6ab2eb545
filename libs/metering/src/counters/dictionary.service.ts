import { Inject, Injectable } from '@nestjs/common';
import { databaseOf } from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { ROOM } from '../room.js';

/**
 * Names (integrations, agreements, routes) as small integers. A new name is inserted and committed on a connection of its
 * own, before and outside the batch: an id remembered from a batch that was rolled back would point at nothing.
 */
const COLUMNS = { integration: 'integration_id', agreement: 'organization_id', route: 'route' } as const;
export type NameKind = keyof typeof COLUMNS;

/** Names kept in memory per kind, about 10 MB; beyond it they are forgotten and asked for again. */
const MOST_REMEMBERED = 100_000;

@Injectable()
export class Dictionary {
  private readonly remembered: Readonly<Record<NameKind, Map<string, number>>> = {
    integration: new Map(),
    agreement: new Map(),
    route: new Map(),
  };

  constructor(@Inject(databaseOf(ROOM)) private readonly database: DataSource) {}

  /** Whether a name is in memory, and so has an id. */
  remembers(kind: NameKind, name: string): boolean {
    return this.remembered[kind].has(name);
  }

  /** The id of each name; new names get one. */
  async idsOf(kind: NameKind, names: Iterable<string>): Promise<ReadonlyMap<string, number>> {
    const known = this.remembered[kind];
    const wanted = [...new Set(names)];
    const unknown = wanted.filter((name) => !known.has(name)).sort();
    const found = new Map<string, number>();
    for (const name of wanted) {
      const id = known.get(name);
      if (id !== undefined) found.set(name, id);
    }
    if (unknown.length > 0) {
      if (known.size + unknown.length > MOST_REMEMBERED) known.clear();
      for (const [name, id] of await this.lookUp(kind, unknown)) {
        known.set(name, id);
        found.set(name, id);
      }
    }
    return found;
  }

  private async lookUp(kind: NameKind, sortedNames: readonly string[]): Promise<Map<string, number>> {
    const column = COLUMNS[kind];
    const select = async (names: readonly string[]) =>
      this.database.query<{ name: string; id: number }[]>(
        `select ${column} as name, id from ${kind} where ${column} = any($1)`,
        [names],
      );
    const ids = new Map((await select(sortedNames)).map(({ name, id }) => [name, id]));
    const missing = sortedNames.filter((name) => !ids.has(name));
    if (missing.length === 0) return ids;
    // Sorted, so that two processes which insert the same names wait for each other instead of deadlocking.
    await this.database.query(
      `insert into ${kind} (${column}) select name from unnest($1::text[]) as new (name) order by name
       on conflict do nothing`,
      [missing],
    );
    for (const { name, id } of await select(missing)) ids.set(name, id);
    return ids;
  }
}
