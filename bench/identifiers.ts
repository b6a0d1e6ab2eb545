import type { Random } from '@taxameter/contracts/testing';

/** Identifiers by chance. */

export function hex(random: Random, digits: number): string {
  let text = '';
  while (text.length < digits) text += random().toString(16).padStart(8, '0');
  return text.slice(0, digits);
}

export function uuidV4(random: Random): string {
  const text = hex(random, 32);
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-4${text.slice(13, 16)}-a${text.slice(17, 20)}-${text.slice(20)}`;
}

export function uuidV7(timeMs: number, random: Random): string {
  const text = hex(random, 20);
  const time = timeMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${text.slice(1, 4)}-a${text.slice(5, 8)}-${text.slice(8)}`;
}
