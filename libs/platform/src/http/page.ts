import { fields } from '@taxameter/contracts';
import { z } from 'zod';

/** How every list is paged: so many items after a cursor, which the page before gave. */

/** What a list route takes. A list whose cursor is no identifier puts its own in place of it. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: fields.identifier(100).optional().describe('nextCursor of the page before'),
};

/** `limit` and `cursor` as a route hands them on. */
export interface PageWanted {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Give it as `cursor` to get the next page; null on the last one. */
  readonly nextCursor: string | null;
}

/** The schema of a page of items. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

/** A page from one row more than was asked for: only that row tells whether there is a next page. */
export function cutPage<Item>(
  rows: readonly Item[],
  limit: number,
  cursorOf: (item: Item) => string,
): Page<Item> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}
