/**
 * Identifiers. Ours are prefixed UUIDv7 (RFC 9562): the prefix says what a thing is when it turns up in a log or a mail,
 * and the leading timestamp keeps B-tree inserts at the right edge. Ids of others (integration, organisation) are theirs.
 */

export const ID_PREFIXES = {
  partner: 'par',
  contact: 'con',
  application: 'app',
  restriction: 'rst',
  approval: 'apv',
  breach: 'br',
  backTest: 'bt',
  invoice: 'inv',
  billingRun: 'run',
  document: 'doc',
  subscription: 'sub',
  alert: 'alr',
  delivery: 'del',
  token: 'tok',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

/**
 * A UUIDv7 with its prefix, `br_01997b3c…` without dashes. Pure: time (ms since 1970, UTC) and randomness come in.
 * @throws RangeError when fewer than ten random bytes are given
 */
export function makeId(kind: IdKind, nowMs: number, random: Uint8Array): string {
  if (random.length < 10) throw new RangeError(`an id needs ten random bytes, not ${random.length}`);
  const bytes = new Uint8Array(16);
  for (let index = 0; index < 6; index += 1) bytes[index] = Math.floor(nowMs / 2 ** (8 * (5 - index))) & 0xff;
  bytes.set(random.subarray(0, 10), 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${ID_PREFIXES[kind]}_${hex}`;
}

/** Identity of an agreement inside Taxameter: absent on the wire (null) is the empty string, never NULL in a key. */
export function agreementIdOf(organizationId: string | null | undefined): string {
  return organizationId ?? '';
}
