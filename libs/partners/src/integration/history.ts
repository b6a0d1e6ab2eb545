/**
 * Effective-dated histories (ownership, status): what held when. Entries are only ever added; what has taken
 * effect is not changed afterwards, what is merely planned can be overtaken.
 */

export interface Dated {
  /** Instant from which the entry holds, itself included. */
  readonly from: string;
}

/** The request would change what already held: somebody may have been billed by it. */
export class PastWouldChange extends Error {
  override readonly name = 'PastWouldChange';
}

/**
 * The entry in force at an instant, or null before the first. Of two that begin together the later in the
 * list holds.
 */
export function inForceAt<Entry extends Dated>(history: readonly Entry[], instant: Date): Entry | null {
  let found: Entry | null = null;
  for (const entry of history) {
    const isBegun = Date.parse(entry.from) <= instant.getTime();
    if (isBegun && (!found || Date.parse(entry.from) >= Date.parse(found.from))) found = entry;
  }
  return found;
}

/**
 * The history after which `wanted` holds from its instant on, for good, in order of `from`. An entry is added
 * at that instant, and one for every later planned entry that says otherwise. The time before the first
 * entry, of which nothing was known, may be filled with what the first entry says.
 * @throws PastWouldChange when an entry that took effect at or before `now` would be overridden
 */
export function holdFrom<Entry extends Dated>(
  history: readonly Entry[],
  wanted: Entry,
  isSame: (one: Entry, other: Entry) => boolean,
  now: Date,
): readonly Entry[] {
  const begins = Date.parse(wanted.from);
  const present = inForceAt(history, now);
  const later = history.map((entry) => Date.parse(entry.from)).filter((instantMs) => instantMs > begins);
  const instants = [...new Set([begins, ...later])].sort((left, right) => left - right);
  const added: Entry[] = [];
  for (const instantMs of instants) {
    const held = inForceAt(history, new Date(instantMs));
    if (held && isSame(held, wanted)) continue;
    const isOver = instantMs === begins ? isBefore(begins, present) : instantMs <= now.getTime();
    if (held && isOver) {
      throw new PastWouldChange(
        `"from" ${wanted.from} lies before what holds since ${present?.from ?? held.from}: ` +
          'what has taken effect is not changed afterwards, so choose a later instant',
      );
    }
    added.push({ ...wanted, from: new Date(instantMs).toISOString() });
  }
  return inOrder([...history, ...added]);
}

function isBefore(instantMs: number, entry: Dated | null): boolean {
  return entry !== null && instantMs < Date.parse(entry.from);
}

/** Sorting is stable, so of two that begin together the one said later stays later. */
function inOrder<Entry extends Dated>(history: readonly Entry[]): readonly Entry[] {
  return [...history].sort((left, right) => Date.parse(left.from) - Date.parse(right.from));
}
