import { setTimeout as sleep } from 'node:timers/promises';

/** Waits that end before the work does; the work goes on, and its late failure is nobody's. */

/** Resolves with undefined once the signal is aborted; before that as the work does. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  work.catch(() => undefined);
  if (signal.aborted) return undefined;
  let onAbort = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    onAbort = () => resolve(undefined);
    signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** As the work does; @throws what `late` gives when the time is up before. */
export async function orLate<T>(milliseconds: number, work: Promise<T>, late: () => Error): Promise<T> {
  const enough = new AbortController();
  const timer = sleep(milliseconds, undefined, { signal: enough.signal }).then(() => {
    throw late();
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, timer]);
  } finally {
    enough.abort();
    timer.catch(() => undefined);
  }
}

/** Resolves when the work has ended, however, or the time is up. */
export async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const enough = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: enough.signal }).catch(() => undefined);
  await Promise.race([work.catch(() => undefined), late]);
  enough.abort();
}

/** So many may work at a time; who comes later waits, in the order of coming. */
export class Places {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  /** @returns what gives the place back, to be called once; undefined when the signal was aborted before there was one */
  async take(leave: AbortSignal): Promise<(() => void) | undefined> {
    if (leave.aborted) return undefined;
    if (this.free > 0) this.free -= 1;
    else {
      let called = () => {};
      const turn = new Promise<true>((resolve) => this.waiting.push((called = () => resolve(true))));
      if (!(await orAborted(turn, leave))) {
        const at = this.waiting.indexOf(called);
        if (at < 0) this.giveBack();
        else this.waiting.splice(at, 1);
        return undefined;
      }
    }
    return () => this.giveBack();
  }

  private giveBack(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.free += 1;
  }
}
