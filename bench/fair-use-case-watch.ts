import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Probe } from './fair-use-probes.js';
import { quantile } from './pace.js';

/** A case that is waited for; times in ms on the clock that all processes of a machine share. */
export interface Watched {
  readonly probe: Probe;
  /** When the record that makes its rule hold was acknowledged. */
  holdsMs?: number;
  signalsMs?: number;
  caseMs?: number;
}

/** In ms. */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

const LOOK_EVERY_MS = 5;
const STATE = `select
  (select coalesce(sum(next_offset), 0)::float8 from fair_use.consumer_position where topic = 'usage.api-calls.v1') as read,
  (select count(*)::integer from fair_use.dirty_minute) as dirty,
  (select count(*)::integer from fair_use.breach) as cases`;
const LOOK = `
  select 'case' as what, integration_id as id from fair_use.breach where integration_id = any($1)
  union all
  select 'signals', integration_id from fair_use.signal_route_minute where integration_id = any($2)
  group by integration_id having sum(unfiltered_sweeps) >= $3`;

interface State {
  readonly read: number;
  readonly dirty: number;
  readonly cases: number;
}

/** Looks at the tables every few ms for the cases waited for. */
export class CaseWatch {
  /** By integration. */
  private readonly cases = new Map<string, Watched>();
  private readonly signals = new Map<string, Watched>();
  private readonly gapsMs: number[] = [];
  private isStopped = false;

  constructor(private readonly client: pg.Client) {}

  /** Ms since 1970, with fractions. */
  static nowMs(): number {
    return performance.timeOrigin + performance.now();
  }

  /** @param gaveUpMs when nobody looked any more: one that was not there took so long at least */
  static spreadOf(watched: readonly Watched[], what: 'signalsMs' | 'caseMs', gaveUpMs: number): Spread {
    // The row may be there before the acknowledgement is: nobody waited for it then.
    return spreadOf(
      watched.map(({ holdsMs = gaveUpMs, [what]: seenMs = gaveUpMs }) => Math.max(0, seenMs - holdsMs)),
    );
  }

  add(watched: Watched, { hasSweeps }: { readonly hasSweeps: boolean }): void {
    this.cases.set(watched.probe.integrationId, watched);
    if (hasSweeps) this.signals.set(watched.probe.integrationId, watched);
  }

  isWaiting(): boolean {
    return this.cases.size > 0;
  }

  stop(): void {
    this.isStopped = true;
  }

  lookEvery(): Spread {
    return spreadOf(this.gapsMs);
  }

  async dirty(): Promise<number> {
    return (await this.state())!.dirty;
  }

  /** @throws Error when it takes too long, or when a case is there already */
  async untilJudged(records: number, withinMs: number): Promise<void> {
    for (const giveUpMs = CaseWatch.nowMs() + withinMs; ; await sleep(10 * LOOK_EVERY_MS)) {
      // Before the first migration there is no table.
      const state = await this.state().catch(() => undefined);
      if (state && state.cases > 0) throw new Error('a case was there before the last call of its probe');
      if (state && state.read >= records && state.dirty === 0) return;
      if (CaseWatch.nowMs() > giveUpMs) throw new Error('the first calls of the probes were not judged');
    }
  }

  /** Until it is stopped. */
  async look(): Promise<void> {
    let lastMs = CaseWatch.nowMs();
    while (!this.isStopped) {
      const sweeps = [...this.signals.values()][0]?.probe.calls.length ?? 0;
      const { rows } = await this.client.query<{ what: 'case' | 'signals'; id: string }>(LOOK, [
        [...this.cases.keys()],
        [...this.signals.keys()],
        sweeps,
      ]);
      const seenMs = CaseWatch.nowMs();
      if (this.isWaiting()) this.gapsMs.push(seenMs - lastMs);
      lastMs = seenMs;
      for (const { what, id } of rows) {
        const waiting = what === 'case' ? this.cases : this.signals;
        const watched = waiting.get(id);
        if (watched) watched[what === 'case' ? 'caseMs' : 'signalsMs'] = seenMs;
        waiting.delete(id);
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  private async state(): Promise<State | undefined> {
    return (await this.client.query<State>(STATE)).rows[0];
  }
}

function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('nothing was measured: the measurement was too short');
  const [p50, p99, most] = [0.5, 0.99, 1].map((share) => Number(quantile(values, share).toFixed(1)));
  return { count: values.length, p50: p50!, p99: p99!, most: most! };
}
