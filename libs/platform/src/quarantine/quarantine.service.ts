import type { DataSource, EntityManager } from 'typeorm';
import type { Clock } from '../clock.js';
import { withActor } from '../database/with-actor.service.js';
import type { Subscription } from '../event-log/event-batch.js';
import { runCommand } from '../http/command.service.js';
import { cutPage } from '../http/page.js';
import { notFound } from '../http/problem.js';
import type { CallOf } from '../http/route.decorator.js';
import type { Tokens } from '../identity/tokens.service.js';
import type { Logger } from '../logging.service.js';
import {
  chooseItems,
  nameOf,
  partitionOf,
  presentGenerations,
  recordDecision,
  unchanged,
  type Decider,
  type LockedItem,
} from './decide.service.js';
import type {
  DecidedItem,
  DecidedItems,
  discardQuarantined,
  listQuarantine,
  QuarantineItem,
  showQuarantined,
} from './quarantine-routes.js';
import {
  countByReason,
  cursorOf,
  newestFirst,
  placeOfCursor,
  readItem,
  readItems,
} from './read-quarantine.service.js';
import { replayItems } from './replay-items.service.js';

export interface QuarantineOptions {
  /** Databases of the rooms that run here, by room. */
  readonly databases: ReadonlyMap<string, DataSource>;
  readonly subscriptionTo: (room: string, topic: string) => Subscription | undefined;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Command = CallOf<typeof discardQuarantined>;

/** The quarantine of every room that runs in this process: what is in it, and what people decide about it. */
export class Quarantine {
  constructor(private readonly options: QuarantineOptions) {}

  async list({ actor, query }: CallOf<typeof listQuarantine>) {
    const { room, limit, cursor } = query;
    const after = cursor === undefined ? null : placeOfCursor(cursor);
    const names = room === undefined ? [...this.options.databases.keys()] : [room];
    const perRoom = await Promise.all(
      names.map((name) =>
        withActor(this.databaseOf(name), actor, async (tx) => ({
          items: await readItems(tx, name, query, { limit: limit + 1, after }),
          counts: await countByReason(tx, query),
        })),
      ),
    );
    const items = perRoom.flatMap((part) => part.items).sort(newestFirst);
    const counts = new Map<string, number>();
    for (const { reason, count } of perRoom.flatMap((part) => part.counts)) {
      counts.set(reason, (counts.get(reason) ?? 0) + count);
    }
    return {
      ...cutPage(items, limit, cursorOf),
      counts: [...counts.keys()].sort().map((reason) => ({ reason, count: counts.get(reason)! })),
    };
  }

  /** @throws Problem 404 */
  async show({ actor, params: { room, ...named }, query }: CallOf<typeof showQuarantined>) {
    const found = await withActor(this.databaseOf(room), actor, async (tx) => {
      const present = (await presentGenerations(tx, [named])).get(partitionOf(named)) ?? 0;
      const position = { ...named, generation: query.generation ?? present };
      const item = await readItem(tx, room, position);
      if (item) return item;
      throw notFound(`item ${nameOf(position)} in the quarantine of ${room}`);
    });
    const { history, bytes, ...item } = found;
    return { ...item, bytes: readable(bytes), history };
  }

  /** @throws Problem as `replayItems` says, or 404 */
  async replay(call: Command): Promise<DecidedItems> {
    const { clock, logger, subscriptionTo } = this.options;
    const { room } = call.body;
    const replayRoom = {
      room,
      clock,
      logger,
      subscriptionTo: (topic: string) => subscriptionTo(room, topic),
    };
    return this.decide(call, 'open', (tx, items, decider) => replayItems(tx, replayRoom, items, decider));
  }

  async discard(call: Command): Promise<DecidedItems> {
    return this.decide(call, 'open', (tx, items, decider) =>
      turn(tx, items, { from: 'open', to: 'discarded', decision: 'discarded' }, decider),
    );
  }

  async reopen(call: Command): Promise<DecidedItems> {
    return this.decide(call, 'discarded', (tx, items, decider) =>
      turn(tx, items, { from: 'discarded', to: 'open', decision: 'reopened' }, decider),
    );
  }

  /** `state` is what a filter looks for; items that are named may be in any. */
  private async decide(
    call: Command,
    state: QuarantineItem['state'],
    work: (tx: EntityManager, items: readonly LockedItem[], decider: Decider) => Promise<DecidedItem[]>,
  ): Promise<DecidedItems> {
    const { clock, tokens } = this.options;
    const { room, reason } = call.body;
    const database = this.databaseOf(room);
    const actorName = (await tokens.nameOf(call.actor.id)) ?? '';
    return runCommand(database, call, clock, async (tx) => {
      const chosen = await chooseItems(tx, call.body, state);
      const decider = { actorId: call.actor.id, actorName, at: clock.now(), reason };
      const items = await work(tx, chosen.items, decider);
      const changed = items.filter((item, index) => item.state !== chosen.items[index]?.state).length;
      return { room, changed, items, next: chosen.next };
    });
  }

  private databaseOf(room: string): DataSource {
    const database = this.options.databases.get(room);
    if (database) return database;
    const known = [...this.options.databases.keys()].join(', ');
    throw notFound(`room "${room}" with a quarantine in this process, which has ${known || 'none'}`);
  }
}

interface Turn {
  readonly from: QuarantineItem['state'];
  readonly to: QuarantineItem['state'];
  readonly decision: 'discarded' | 'reopened';
}

async function turn(
  tx: EntityManager,
  items: readonly LockedItem[],
  { from, to, decision }: Turn,
  decider: Decider,
): Promise<DecidedItem[]> {
  const decided: DecidedItem[] = [];
  for (const item of items) {
    const made = { decision, state: to, outcome: decision, found: '', field: '', detail: '' };
    decided.push(item.state === from ? await recordDecision(tx, item, made, decider) : unchanged(item));
  }
  return decided;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readable(bytes: Buffer): { encoding: 'json' | 'base64'; text: string } {
  try {
    const text = decoder.decode(bytes);
    JSON.parse(text);
    return { encoding: 'json', text };
  } catch {
    return { encoding: 'base64', text: bytes.toString('base64') };
  }
}
