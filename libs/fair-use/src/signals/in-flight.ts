import { noSlots } from './measure.js';
import { SLOT_MS, SLOTS_PER_MINUTE } from './minute.js';

/**
 * Adds, in place, a call to the slots at whose middle it was in flight, of those of the minute in which it began. It is in flight
 * from its start until it is answered, half-open: calls made one after the other are never in flight together.
 *
 * Looked at in twelve instants and not at every call's start, since only counts at fixed instants add up in any order. What is found
 * is never more than there was.
 * @param inFlight empty, or a number for each slot
 */
export function addInFlight(inFlight: number[], durationMs: number, msIntoMinute: number): void {
  const first = Math.ceil((msIntoMinute - SLOT_MS / 2) / SLOT_MS);
  const end = Math.min(Math.ceil((msIntoMinute + durationMs - SLOT_MS / 2) / SLOT_MS), SLOTS_PER_MINUTE);
  if (first >= end) return;
  if (inFlight.length === 0) inFlight.push(...noSlots());
  for (let slot = first; slot < end; slot += 1) inFlight[slot]! += 1;
}
