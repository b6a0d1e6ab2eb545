import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { cutPage, type Page } from '../http/page.js';
import { readPlaceCursor, writePlaceCursor } from '../http/place-cursor.js';
import { Problem } from '../http/problem.js';

/** The rows of the accounting, page by page across the rooms of a process. */

export interface AccountingRange {
  readonly room: string;
  readonly topic: string;
  readonly partition: number;
  /** Which log of the partition the offsets are of. */
  readonly generation: number;
  readonly fromOffset: number;
  /** The offset after the range. */
  readonly toOffset: number;
  readonly kind: 'log' | 'replay';
  readonly read: number;
  readonly counted: number;
  readonly duplicate: number;
  readonly quarantined: number;
  readonly ignored: number;
  readonly committedAt: Date;
}

export interface RangesWanted {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly room?: string | undefined;
  readonly topic?: string | undefined;
  readonly partition?: number | undefined;
  readonly kind?: 'log' | 'replay' | undefined;
  /** Ranges that reach beyond this offset. */
  readonly from?: number | undefined;
  /** Ranges that begin below this offset. */
  readonly to?: number | undefined;
}

const placeSchema = z.tuple([
  z.string(),
  z.string(),
  z.int().min(0).max(2_147_483_647),
  z.int().min(0).max(2_147_483_647),
  z.int().min(0),
  z.enum(['log', 'replay']),
]);
/** Room, topic, partition, generation, first offset, kind: the order of the list, and what a cursor holds. */
type Place = z.output<typeof placeSchema>;

/**
 * @throws Problem 404 when the room is not one of these, naming those that are
 * @throws Problem 400 when the cursor is not one of ours
 */
export async function readAccountingRanges(
  databases: ReadonlyMap<string, DataSource>,
  wanted: RangesWanted,
): Promise<Page<AccountingRange>> {
  const here = [...databases.keys()].sort();
  if (wanted.room !== undefined && !databases.has(wanted.room)) {
    throw new Problem(
      404,
      'room-not-here',
      `${wanted.room} does not run in this process, which runs ${here.join(', ')}: ask the process of that room`,
    );
  }
  const after = wanted.cursor === undefined ? null : readPlaceCursor(placeSchema, wanted.cursor);
  const rooms = here.filter((room) => (wanted.room ?? room) === room && (after === null || room >= after[0]));
  const rows: AccountingRange[] = [];
  for (const room of rooms) {
    const missing = wanted.limit + 1 - rows.length;
    if (missing === 0) break;
    const [, ...place] = after?.[0] === room ? after : [room, null, null, null, null, null];
    const { topic, partition, kind, from, to } = wanted;
    const filters = [topic, partition, kind, from, to].map((value) => value ?? null);
    const found = await databases
      .get(room)!
      .query<Omit<AccountingRange, 'room'>[]>(RANGES, [...filters, ...place, missing]);
    rows.push(...found.map((row) => ({ room, ...row })));
  }
  return cutPage(rows, wanted.limit, cursorOf);
}

function cursorOf({ room, topic, partition, generation, fromOffset, kind }: AccountingRange): string {
  return writePlaceCursor([room, topic, partition, generation, fromOffset, kind] satisfies Place);
}

const RANGES = `
  select topic, partition, log_generation as generation, from_offset as "fromOffset", to_offset as "toOffset", kind,
         read, counted, duplicate, quarantined, ignored, committed_at as "committedAt"
  from consumer_accounting
  where ($1::text is null or topic = $1) and ($2::integer is null or partition = $2)
    and ($3::text is null or kind = $3)
    and ($4::bigint is null or to_offset > $4) and ($5::bigint is null or from_offset < $5)
    and ($6::text is null
         or (topic, partition, log_generation, from_offset, kind)
              > ($6::text, $7::integer, $8::integer, $9::bigint, $10::text))
  order by topic, partition, log_generation, from_offset, kind
  limit $11`;
