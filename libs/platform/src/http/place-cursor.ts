import type { z } from 'zod';
import { Problem } from './problem.js';
import { unstorableFields } from './unstorable.js';

/**
 * A cursor that holds a place in an order of several columns. It is opaque to callers, who may send anything all the same, and
 * what is read from it goes to the database.
 */

export function writePlaceCursor(place: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** @throws Problem 400 when the cursor is not one of ours */
export function readPlaceCursor<Schema extends z.ZodType>(schema: Schema, cursor: string): z.output<Schema> {
  const place = schema.safeParse(parsed(cursor));
  if (place.success && unstorableFields(place.data).length === 0) return place.data;
  throw new Problem(400, 'invalid-cursor', 'cursor must be the nextCursor of an earlier page');
}

function parsed(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}
