import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What `paced-load.ts` tells its parent; `atMs` in ms since 1970, with fractions. */
export type LoadMessage =
  | { readonly kind: 'began'; readonly atMs: number }
  /** Every partition has acknowledged a call of this minute (whole minutes since 1970) or of a later one. */
  | { readonly kind: 'passed'; readonly minute: number; readonly atMs: number; readonly sent: number };

/** Starts the load as a process of its own, so that what measures does not wait for it. */
export function startLoad(args: readonly string[]) {
  const child = fork(fileURLToPath(new URL('./paced-load.js', import.meta.url)), args);
  const ended = once(child, 'exit');
  return {
    onMessage: (hear: (message: LoadMessage) => void) => void child.on('message', hear),
    /** @throws Error when the load ends first */
    whileItRuns: <T>(work: Promise<T>): Promise<T> =>
      Promise.race([
        work,
        ended.then(([code]) =>
          Promise.reject(new Error(`the load ended with ${code} before the measurement`)),
        ),
      ]),
    stop: async (): Promise<void> => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
