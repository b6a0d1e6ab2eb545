import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from './logging.service.js';

/** A step that is repeated in the background until it is stopped: relay, evaluator, deliveries, consumers. */
export interface Loop {
  /** Something may have arrived: do not wait out the idle time. */
  wake(): void;
  /** Lets a running step finish, then ends. */
  stop(): Promise<void>;
}

const LONGEST_PAUSE_MS = 5_000;

/**
 * Runs `step` again at once while it answers true (there was work), else after `idleMs`, or as many ms as it answers, or a wake. A step that throws is
 * logged and tried again after 0.1, 0.2, 0.4 … 5 s: trouble outside must not end a loop, and must not spin either.
 */
export function startLoop(options: {
  name: string;
  idleMs: number;
  logger: Logger;
  step: () => Promise<boolean | number>;
}): Loop {
  const stopping = new AbortController();
  let awake = new AbortController();
  let failures = 0;

  const pause = async (milliseconds: number) => {
    const signal = AbortSignal.any([stopping.signal, awake.signal]);
    await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
    if (awake.signal.aborted) awake = new AbortController();
  };

  const run = async () => {
    while (!stopping.signal.aborted) {
      try {
        const worked = await options.step();
        failures = 0;
        if (worked !== true) await pause(worked === false ? options.idleMs : worked);
      } catch (error) {
        failures += 1;
        options.logger.error(
          { err: error, loop: options.name, failures },
          `${options.name} failed and will be tried again`,
        );
        awake = new AbortController();
        await pause(Math.min(LONGEST_PAUSE_MS, 50 * 2 ** Math.min(failures, 10)));
      }
    }
  };
  const ended = run();

  return {
    wake: () => awake.abort(),
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
}
