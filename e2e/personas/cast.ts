import { Diary, type UsageEvent } from './diary.js';
import { WASTEFUL } from './guilty-manners.js';
import { TOO_MUCH } from './guilty-rates.js';
import { WRONG_SMS } from './guilty-sms.js';
import { ORDINARY } from './innocent-days.js';
import { BUSY_AND_FAIR } from './innocent-loads.js';
import { UNLUCKY } from './innocent-mishaps.js';
import type { PersonaKind } from './persona.js';

/** Everybody: 200 integrations, of whom most are innocent. */

export const KINDS: readonly PersonaKind[] = [
  ...TOO_MUCH,
  ...WASTEFUL,
  ...WRONG_SMS,
  ...BUSY_AND_FAIR,
  ...UNLUCKY,
  ...ORDINARY,
];

export interface Persona {
  readonly integrationId: string;
  readonly kind: PersonaKind;
  readonly seed: number;
}

/** Those of a kind differ by their seed, and nobody's changes when another kind is added after it. */
export const CAST: readonly Persona[] = KINDS.flatMap((kind, place) =>
  Array.from({ length: kind.count }, (_, number) => ({
    integrationId: `isv_${kind.name}_${number + 1}`,
    kind,
    seed: (place + 1) * 1_000 + number,
  })),
);

export const isGuilty = ({ breaks }: PersonaKind): boolean => Object.keys(breaks).length > 0;

/** All that an integration of a kind does. Pure: the same for the same seed. */
export function eventsOf({ kind, integrationId, seed }: Persona): readonly UsageEvent[] {
  const diary = new Diary(integrationId, seed);
  kind.live(diary);
  return diary.events;
}
