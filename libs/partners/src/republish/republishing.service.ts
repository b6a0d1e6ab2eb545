import { Inject, Injectable } from '@nestjs/common';
import {
  CLOCK,
  LOGGER,
  databaseOf,
  BackgroundLoop,
  systemActor,
  withActor,
  type Clock,
  type Logger,
} from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { KINDS, PIECE, republishPiece } from './republish-piece.service.js';

/**
 * Publishes every key of `partners.v1` and `integrations.status.v1` again, at start and once a day: in a compacted topic the
 * last record of a key stays, and a relay that was thought dead may write an older one after the newest.
 */

const EVERY_MS = 24 * 3_600_000;
/** At most one full piece a second, so that a fresh fact waits behind few. */
const IDLE_MS = 1_000;

@Injectable()
export class Republishing extends BackgroundLoop {
  private readonly actor = systemActor('partners');
  private dueAtMs = 0;
  private kind = 0;
  private after = '';

  constructor(
    @Inject(databaseOf('partners')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) logger: Logger,
  ) {
    super({ name: 'republishing of partners', idleMs: IDLE_MS, logger });
  }

  /** On at once to the next kind, so that a small room is through in a moment. */
  protected override async step(): Promise<boolean> {
    return (await this.republishNext()) && this.after === '';
  }

  /** The next piece, when a round is due and the outbox is short; false when nothing was to be done. */
  async republishNext(): Promise<boolean> {
    const now = this.clock.now();
    const kind = KINDS[this.kind];
    if (now.getTime() < this.dueAtMs || kind === undefined) return false;
    const last = await withActor(this.database, this.actor, async (tx) => {
      const [{ waiting }] = await tx.query<[{ waiting: number }]>(
        'select count(*) as waiting from (select from outbox limit $1) as facts',
        [PIECE],
      );
      return waiting >= PIECE ? undefined : republishPiece(tx, kind, this.after, now);
    });
    if (last === undefined) return false;
    this.after = last ?? '';
    if (last === null) this.kind += 1;
    if (this.kind === KINDS.length) {
      this.kind = 0;
      this.dueAtMs = now.getTime() + EVERY_MS;
    }
    return true;
  }
}
