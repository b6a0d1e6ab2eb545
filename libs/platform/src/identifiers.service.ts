import { randomBytes } from 'node:crypto';
import { makeId, type IdKind } from '@taxameter/contracts';
import type { Clock } from './clock.js';

/** A new identifier, `br_01997b3c…`: prefixed UUIDv7 of the clock's now. */
export function newId(kind: IdKind, clock: Clock): string {
  return makeId(kind, clock.now().getTime(), randomBytes(10));
}
