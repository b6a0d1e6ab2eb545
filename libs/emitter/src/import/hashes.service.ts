import { createHash, createHmac } from 'node:crypto';
import type { KeyedHash } from './select-party.js';

/** The hashes of an import: HMAC-SHA256 for what must not be guessed back, SHA-256 for ids. */

export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * A key for a log whose owner gave none: the same for the same log, so a second import repeats the same
 * bodies. Made of the first 50 lines, it is as secret as these; a log with addresses of people deserves a
 * key of its own.
 */
export function deriveHashKey(head: readonly string[]): string {
  return sha256Hex(`taxameter access log\n${head.join('\n')}`);
}

/**
 * The purpose keeps equal values of different kinds apart, so an address cannot be told from a resource
 * hash.
 */
export function keyedHash(key: string): KeyedHash {
  return (purpose, value, length) =>
    createHmac('sha256', key).update(`${purpose}\0${value}`).digest('hex').slice(0, length);
}
