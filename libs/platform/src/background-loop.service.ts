import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from './logging.service.js';
import { startLoop, type Loop } from './loop.service.js';

/** What a room does in the background: a provider whose step is repeated from the start of the application to its end. */
export abstract class BackgroundLoop implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private loop: Loop | undefined;

  /** @param loopOptions as of `startLoop`: the name is for the log, `idleMs` the rest when there was nothing to do */
  constructor(
    private readonly loopOptions: { readonly name: string; readonly idleMs: number; readonly logger: Logger },
  ) {}

  /** @returns true when there may be more to do at once; a number: how long to rest before, in ms */
  protected abstract step(): Promise<boolean | number>;

  onApplicationBootstrap(): void {
    this.loop = startLoop({ ...this.loopOptions, step: () => this.step() });
  }

  /** While the databases are still there: a running step finishes. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.loop?.stop();
  }

  /** There is something to do: do not wait out the rest. */
  wake(): void {
    this.loop?.wake();
  }
}
