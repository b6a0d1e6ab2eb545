/**
 * What held at an instant in an effective-dated history (ownership, status): an entry holds from its own instant on.
 */

/** The entry in force at an instant, or null before the first. Of two that begin together, the later in the list holds. */
export function inForceAt<Entry extends { readonly from: string }>(
  history: readonly Entry[],
  instant: Date,
): Entry | null {
  let found: Entry | null = null;
  for (const entry of history) {
    const begins = Date.parse(entry.from);
    if (begins <= instant.getTime() && (!found || begins >= Date.parse(found.from))) found = entry;
  }
  return found;
}
