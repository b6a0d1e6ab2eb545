/** How this room's lists are paged: by id in ascending order, the cursor being the last id that was shown. */
import { fields } from '@taxameter/contracts';
import { z } from 'zod';

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: fields.identifier(100).optional().describe('nextCursor of the page before'),
};

export interface PageWanted {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** The schema of a page of items. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

/** A page from one row more than was asked for: only that row tells whether there is a next page. */
export function cutPage<Item>(rows: readonly Item[], limit: number, idOf: (item: Item) => string) {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? idOf(last) : null };
}
