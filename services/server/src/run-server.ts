import {
  ConfigurationError,
  PostgresStartError,
  readConfiguration,
  startRooms,
  type RunningRooms,
} from '@taxameter/platform';
import { roomsElsewhere, roomsNamed } from './rooms.js';

/**
 * Runs rooms as a process: starts, says where it listens, stops politely on SIGTERM or Ctrl-C. A start that cannot work ends
 * with one clear sentence and exit code 1.
 */
export async function runServer(
  options: { rooms?: readonly string[]; settings?: Record<string, string> } = {},
): Promise<void> {
  try {
    const configuration = readConfiguration(options.settings);
    const rooms = roomsNamed(options.rooms ?? configuration.ROOMS);
    const elsewhere = roomsElsewhere(configuration.ROOM_URLS, rooms);
    const running = await startRooms(rooms, configuration, { elsewhere });
    stopOnSignal(running);
    process.stdout.write(`${running.system.rooms().join(', ')} on ${running.address}\n`);
  } catch (error) {
    process.stderr.write(`${startFailure(error)}\n`);
    process.exitCode = 1;
  }
}

/** A sentence for a person; the stack only for what nobody expected. */
export function startFailure(error: unknown): string {
  if (error instanceof ConfigurationError || error instanceof PostgresStartError)
    return `Taxameter cannot start: ${error.message}`;
  if (!(error instanceof Error)) return String(error);
  // The operating system refused something: its sentence names what and where, a stack would only hide it.
  return 'syscall' in error ? `Taxameter cannot go on: ${error.message}` : (error.stack ?? error.message);
}

/** The second signal does not wait any more. */
export function stopOnSignal(running: RunningRooms, before: () => void = () => undefined): void {
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      before();
      void running.stop().then(() => process.exit(0));
    });
  }
}
