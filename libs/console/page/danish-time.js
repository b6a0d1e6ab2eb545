/** Danish wall-clock time as an instant, wherever the reader's computer stands. */

const DANISH = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Europe/Copenhagen',
  dateStyle: 'short',
  timeStyle: 'medium',
});

/**
 * Of the hour that comes twice in October, the later one; an hour that a spring night leaves out is read as the one after it.
 * @param {string} wallClock `2026-10-05T12:30`, as a field of the kind `datetime-local` gives it
 * @returns {string | null} the instant; null for what is no time
 */
export function instantOfDanish(wallClock) {
  const asUtc = Date.parse(`${wallClock}Z`);
  if (Number.isNaN(asUtc)) return null;
  // The offset of a Danish instant, looked up where it can be off by two hours at most, and again nearer.
  const nearer = asUtc - offsetMs(asUtc);
  return new Date(asUtc - offsetMs(nearer)).toISOString();
}

/** @param {number} instantMs */
function offsetMs(instantMs) {
  const shown = Date.parse(`${DANISH.format(instantMs).replace(' ', 'T')}Z`);
  return shown - instantMs;
}
