import { topicNamed } from '@taxameter/contracts';
import type { DataSource, EntityManager } from 'typeorm';
import type { Clock } from '../clock.js';
import type { PartitionStatus } from '../event-log/consumer-state.js';
import type { Subscription } from '../event-log/event-batch.js';
import { EventLogError } from '../event-log/kafka-failure.js';
import type { Gap, LogExtent, LogPosition } from '../event-log/log-position.js';
import { runCommand } from '../http/command.service.js';
import { notFound, Problem } from '../http/problem.js';
import type { CallOf } from '../http/route.decorator.js';
import type { Tokens } from '../identity/tokens.service.js';
import {
  DECISIONS_SHOWN,
  type ConsumerDecision,
  type decideGap,
  type GapDecision,
  type ListedConsumer,
} from './consumer-routes.js';
import { refuseDecision } from './refuse-decision.js';

export interface ConsumersOptions {
  /** Databases of the rooms that run here, by room. */
  readonly databases: ReadonlyMap<string, DataSource>;
  readonly log: {
    readonly statuses: readonly PartitionStatus[];
    readonly subscriptionTo: (room: string, topic: string) => Subscription | undefined;
    extentsOf(topic: string): Promise<ReadonlyMap<number, LogExtent>>;
  };
  readonly tokens: Pick<Tokens, 'nameOf'>;
  readonly clock: Clock;
}

/** The readers of this process, and what people decide about those that stand in a gap. */
export class Consumers {
  constructor(private readonly options: ConsumersOptions) {}

  async list(): Promise<ListedConsumer[]> {
    const { databases, log } = this.options;
    const topics = [...new Set(log.statuses.map(({ topic }) => topic))];
    // A log that is away must not hide where the rooms stand.
    const extents = new Map(
      await Promise.all(
        topics.map(
          async (topic) => [topic, await log.extentsOf(topic).catch(nothingWhenAway)] as [string, Extents],
        ),
      ),
    );
    const perRoom = await Promise.all(
      [...databases].map(async ([room, database]) => {
        const statuses = log.statuses.filter((status) => status.room === room);
        const rows = await database.query<PositionRow[]>(POSITIONS, [DECISIONS_SHOWN]);
        return statuses.map((status) => {
          const { topic, partition } = status;
          const row = rows.find((known) => known.topic === topic && known.partition === partition);
          return listed(status, row, extents.get(topic)?.get(partition));
        });
      }),
    );
    const byPlace = (one: ListedConsumer, other: ListedConsumer) =>
      one.room.localeCompare(other.room) ||
      one.topic.localeCompare(other.topic) ||
      one.partition - other.partition;
    return perRoom.flat().sort(byPlace);
  }

  /**
   * Moves the position of a partition that stands in a gap, and keeps who did it and why.
   * @throws Problem 404 for a room or topic that is not here, 409 when there is no gap or the position was moved, 503 when the
   * log does not answer
   */
  async decide(call: CallOf<typeof decideGap>): Promise<ConsumerDecision> {
    const { clock, log, tokens } = this.options;
    const { room, topic } = call.body;
    const database = this.databaseOf(room);
    if (!log.subscriptionTo(room, topic)) throw notFound(`topic "${topic}" that ${room} reads`);
    const actorName = (await tokens.nameOf(call.actor.id)) ?? '';
    return runCommand(database, call, clock, async (tx) => {
      const extents = await log.extentsOf(topic).catch(refuseAsAway);
      const position = await lockSeenPosition(tx, call.body);
      const gapOfReader = this.gapOfReader(call.body, position);
      const refusal = refuseDecision(call.body, { topic: topicNamed(topic), extents, position, gapOfReader });
      if (refusal) throw new Problem(409, refusal.code, refusal.sentence);
      const by = { id: call.actor.id, name: actorName };
      const extent = extents.get(call.body.partition)!;
      return move(tx, call.body, { position, extent, by, at: clock.now() });
    });
  }

  private gapOfReader(
    { room, topic, partition }: GapDecision,
    { generation, nextOffset }: LogPosition,
  ): Gap['kind'] | null {
    const status = this.options.log.statuses.find(
      (known) => known.room === room && known.topic === topic && known.partition === partition,
    );
    const isThere = status?.generation === generation && status.nextOffset === nextOffset;
    return isThere && status.state === 'gap' ? status.gap : null;
  }

  private databaseOf(room: string): DataSource {
    const database = this.options.databases.get(room);
    if (database) return database;
    const known = [...this.options.databases.keys()].join(', ');
    throw notFound(`room "${room}" that reads in this process, which has ${known || 'none'}`);
  }
}

type Extents = ReadonlyMap<number, LogExtent>;

function nothingWhenAway(error: unknown): Extents {
  if (error instanceof EventLogError) return new Map();
  throw error;
}

function refuseAsAway(error: unknown): never {
  if (!(error instanceof EventLogError)) throw error;
  throw new Problem(503, 'event-log-away', error.message);
}

interface PositionRow extends LogPosition {
  readonly topic: string;
  readonly partition: number;
  readonly decisions: readonly (Omit<ConsumerDecision, 'room' | 'topic' | 'partition' | 'at'> & {
    readonly at: string;
  })[];
}

function listed(
  status: PartitionStatus,
  row: PositionRow | undefined,
  extent: LogExtent | undefined,
): ListedConsumer {
  const { room, topic, partition, state, reason } = status;
  const { generation, nextOffset } = row ?? status;
  return {
    ...{ room, topic, partition, state, reason },
    gap: state === 'gap' ? status.gap : null,
    generation,
    position: nextOffset,
    logBegin: extent?.first ?? null,
    logEnd: extent?.next ?? null,
    lag: extent === undefined || extent.next < nextOffset ? null : extent.next - nextOffset,
    decisions: (row?.decisions ?? []).map((decision) => ({
      ...{ room, topic, partition },
      ...decision,
      at: new Date(decision.at).toISOString(),
    })),
  };
}

/**
 * The position, locked until the transaction ends: the reader of the partition and whoever decides at the same moment wait.
 * @throws Problem 409 when it is not the one that was seen
 */
async function lockSeenPosition(
  tx: EntityManager,
  { room, topic, partition, seen }: GapDecision,
): Promise<LogPosition> {
  const [position] = await tx.query<LogPosition[]>(
    `select log_generation as generation, next_offset as "nextOffset"
     from consumer_position where topic = $1 and partition = $2 for update`,
    [topic, partition],
  );
  if (!position) throw notFound(`partition ${partition} of ${topic} that ${room} has read`);
  const { generation, nextOffset } = position;
  if (generation === seen.generation && nextOffset === seen.offset) return position;
  throw new Problem(
    409,
    'position-moved',
    `${room} stands at ${nextOffset} of ${topic} ${partition} in generation ${generation}, not at ${seen.offset} in ` +
      `generation ${seen.generation}: look again before you decide`,
  );
}

async function move(
  tx: EntityManager,
  { room, topic, partition, kind, continueAt, reason }: GapDecision,
  {
    position,
    extent,
    by,
    at,
  }: { position: LogPosition; extent: LogExtent; by: ConsumerDecision['by']; at: Date },
): Promise<ConsumerDecision> {
  const from = { generation: position.generation, offset: position.nextOffset };
  const to = { generation: from.generation + (kind === 'new-log' ? 1 : 0), offset: continueAt };
  await tx.query(
    'update consumer_position set log_generation = $3, next_offset = $4 where topic = $1 and partition = $2',
    [topic, partition, to.generation, to.offset],
  );
  const [kept] = await tx.query<[{ skipped: number }]>(
    `insert into consumer_decision
       (topic, partition, kind, from_generation, from_offset, to_generation, to_offset, log_begin, log_end,
        decided_at, actor_id, actor_name, reason)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning skipped`,
    [
      ...[topic, partition, kind, from.generation, from.offset, to.generation, to.offset],
      ...[extent.first, extent.next, at, by.id, by.name, reason],
    ],
  );
  const place = { room, topic, partition };
  return { ...place, kind, from, to, skipped: kept.skipped, at: at.toISOString(), by, reason };
}

const POSITIONS = `
  select topic, partition, log_generation as generation, next_offset as "nextOffset", coalesce((
    select json_agg(json_build_object(
             'kind', kind, 'from', json_build_object('generation', from_generation, 'offset', from_offset),
             'to', json_build_object('generation', to_generation, 'offset', to_offset), 'skipped', skipped,
             'at', decided_at, 'by', json_build_object('id', actor_id, 'name', actor_name), 'reason', reason)
             order by id desc)
    from (select * from consumer_decision as decision
          where decision.topic = position.topic and decision.partition = position.partition
          order by id desc limit $1) as newest), '[]') as decisions
  from consumer_position as position`;
