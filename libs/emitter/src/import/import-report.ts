import { apiCall } from '@taxameter/contracts';
import type { ApiCall, CloudEvent } from '@taxameter/contracts';

/**
 * Keeps the figures of an import: read = events + unreadable + blank, and events = accepted + refused when
 * all was sent.
 */

export interface LineProblem {
  readonly line: number;
  /** Who could not take it: we could not read the line, or the door refused its event. */
  readonly kind: 'unreadable' | 'refused';
  readonly reason: string;
}

export interface ImportReport {
  readonly file: string;
  readonly source: string | null;
  readonly format: string;
  readonly dryRun: boolean;
  readonly lines: number;
  readonly blank: number;
  readonly events: number;
  readonly accepted: number;
  readonly unreadable: number;
  readonly refused: number;
  readonly shiftMs: number;
  /** Of the events, after the shift; null without events. */
  readonly earliest: string | null;
  readonly latest: string | null;
  readonly byIntegration: Readonly<Record<string, number>>;
  readonly byRoute: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  /** The first events, in a dry run only. */
  readonly firstEvents: readonly CloudEvent[];
}

// A log of scanners holds as many routes as lines; the summary is for reading.
const MOST_KEYS = 10_000;
const FIRST_EVENTS = 3;

export class ImportTally {
  lines = 0;
  blank = 0;
  events = 0;
  accepted = 0;
  unreadable = 0;
  refused = 0;
  private earliestMs = Infinity;
  private latestMs = -Infinity;
  private readonly integrations = new Map<string, number>();
  private readonly routes = new Map<string, number>();
  private readonly statuses = new Map<string, number>();
  private readonly firstEvents: CloudEvent[] = [];

  addEvent(event: CloudEvent): void {
    this.events += 1;
    const timeMs = Date.parse(event.time);
    this.earliestMs = Math.min(this.earliestMs, timeMs);
    this.latestMs = Math.max(this.latestMs, timeMs);
    if (this.firstEvents.length < FIRST_EVENTS) this.firstEvents.push(event);
    const data = event.data as Partial<ApiCall>;
    increment(this.integrations, data.integrationId ?? '(none)');
    if (event.type !== apiCall.type) return;
    increment(this.routes, `${data.method} ${data.route}`);
    increment(this.statuses, String(data.status));
  }

  report(about: Pick<ImportReport, 'file' | 'source' | 'format' | 'dryRun' | 'shiftMs'>): ImportReport {
    const { lines, blank, events, accepted, unreadable, refused } = this;
    const figures = { lines, blank, events, accepted, unreadable, refused };
    return {
      ...about,
      ...figures,
      earliest: events === 0 ? null : new Date(this.earliestMs).toISOString(),
      latest: events === 0 ? null : new Date(this.latestMs).toISOString(),
      byIntegration: mostFirst(this.integrations),
      byRoute: mostFirst(this.routes),
      byStatus: mostFirst(this.statuses),
      firstEvents: about.dryRun ? this.firstEvents : [],
    };
  }
}

function increment(counts: Map<string, number>, key: string): void {
  const kept = counts.has(key) || counts.size < MOST_KEYS ? key : '(others)';
  counts.set(kept, (counts.get(kept) ?? 0) + 1);
}

function mostFirst(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort((one, other) => other[1] - one[1]));
}
