import type { ReceivedEvent } from './decode-record.js';
import { ascendingOffset } from './log-position.js';

/**
 * Events as a room is given them: see `ascendingOffset`. `originalOf` leads from one of them to the event as the log has it.
 */
export function inAscendingOffsets(
  generation: number,
  events: readonly ReceivedEvent[],
): {
  readonly shown: readonly ReceivedEvent[];
  readonly originalOf: (shown: ReceivedEvent) => ReceivedEvent;
} {
  if (generation === 0) return { shown: events, originalOf: (received) => received };
  const originals = new Map<ReceivedEvent, ReceivedEvent>();
  for (const received of events) {
    const { position } = received;
    const offset = ascendingOffset(generation, position.offset);
    originals.set({ ...received, position: { ...position, offset } }, received);
  }
  return {
    shown: [...originals.keys()],
    originalOf: (shown) => originals.get(shown) ?? shown,
  };
}
