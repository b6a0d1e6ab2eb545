import { SEVERITIES, type Severity } from '@taxameter/contracts';

/**
 * A policy is the data that the rules judge by: thresholds, windows and which lists can be filtered. It has a
 * version; a breach stores the version that judged it. It is a value and no code, so that an override or a
 * back-test is another value.
 */

/** Thresholds by severity; a severity without one never occurs. A threshold is met at its own value (≥). */
export type Thresholds<Threshold> = Readonly<Partial<Record<Severity, Threshold>>>;

/** A limit that was reached in at least `minutes` minutes of the window. */
export interface HeldThreshold {
  readonly minutes: number;
}

export interface HeldSettings<Threshold extends HeldThreshold> {
  readonly windowMinutes: number;
  readonly thresholds: Thresholds<Threshold>;
}

/** `calls` or more in a minute, in at least `minutes` minutes of the window. */
export type CallsHeld = HeldThreshold & { readonly calls: number };

/** `serverTimeMs` or more in a minute, in at least `minutes` minutes of the window. */
export type ServerTimeHeld = HeldThreshold & { readonly serverTimeMs: number };

export interface SweepSettings {
  readonly windowMinutes: number;
  /** Sweeps of one route in the window. */
  readonly thresholds: Thresholds<number>;
}

/** A share of the calls of the window, judged when there are at least `minCalls`. */
export interface ShareSettings {
  readonly windowMinutes: number;
  readonly minCalls: number;
  /** Percent of the calls, with at most one decimal. */
  readonly thresholds: Thresholds<number>;
}

/** A number of what an integration did in the window, summed. */
export interface SumSettings {
  readonly windowMinutes: number;
  readonly thresholds: Thresholds<number>;
}

/** A list that can be asked for its changes only. */
export interface FilterableRoute {
  /** Route template without its version segment; what stands in braces is a name only. */
  readonly path: string;
  /** The query parameter that makes it send changes only; guidance names it. */
  readonly filter: string;
}

export interface Policy {
  readonly version: number;
  readonly rules: {
    readonly RATE_MINUTE: HeldSettings<CallsHeld>;
    /** `calls` are those of the busiest slot of five seconds of a minute. */
    readonly BURST: HeldSettings<CallsHeld>;
    readonly WRITE_RATE: HeldSettings<CallsHeld>;
    readonly SERVER_TIME: HeldSettings<ServerTimeHeld>;
    readonly ERROR_RATIO_4XX: ShareSettings;
    readonly THROTTLED_RATIO: ShareSettings;
    readonly POLLING_UNFILTERED: SweepSettings;
    readonly POLLING_TOO_OFTEN: SweepSettings;
    readonly RATE_DAY: SumSettings;
    readonly LEGACY_AUTH: SumSettings;
  };
  readonly filterableRoutes: readonly FilterableRoute[];
  /** Largest page of a list, for guidance. */
  readonly maxPageSize: number;
  /**
   * A window that ended longer than this before the log took the events in opens its breach as retroactive.
   */
  readonly evaluationHorizonMs: number;
  /** A rule that is broken again within this after a case was settled opens the same case, later a new one. */
  readonly reopenWithinMs: number;
  /**
   * How much later than others a call may be told of and still count before its minute is closed: gateways
   * send in batches, each at its own pace.
   */
  readonly latenessMs: number;
  /** For so long after an integration was active for the first time, nothing it does is judged worse than a warning. */
  readonly warmUpMs: number;
  /** What is not named is on. */
  readonly modes?: Readonly<Partial<Record<keyof Policy['rules'], RuleMode>>>;
}

export type RuleId = keyof Policy['rules'];

/** `shadow`: judged and recorded, but told to nobody, and shown to ops alone. `off`: not judged. */
export const RULE_MODES = ['on', 'shadow', 'off'] as const;
export type RuleMode = (typeof RULE_MODES)[number];

export function modeOf(policy: Policy, ruleId: RuleId): RuleMode {
  return policy.modes?.[ruleId] ?? 'on';
}

/** The same policy without what is worse than a severity. Advice is computed from the whole one. */
export function atMost(worst: Severity, policy: Policy): Policy {
  let mild = milder.get(policy);
  if (!mild) milder.set(policy, (mild = new Map<Severity, Policy>()));
  let known = mild.get(worst);
  if (!known) mild.set(worst, (known = { ...policy, rules: rulesAtMost(worst, policy.rules) }));
  return known;
}

// Asked for every minute of a new integration.
const milder = new WeakMap<Policy, Map<Severity, Policy>>();

function rulesAtMost(worst: Severity, rules: Policy['rules']): Policy['rules'] {
  const kept = SEVERITIES.slice(0, SEVERITIES.indexOf(worst) + 1);
  return Object.fromEntries(
    Object.entries(rules).map(([id, settings]) => {
      const thresholds = settings.thresholds as Thresholds<unknown>;
      const left = kept.flatMap((severity) =>
        thresholds[severity] === undefined ? [] : [[severity, thresholds[severity]] as const],
      );
      return [id, { ...settings, thresholds: Object.fromEntries(left) }];
    }),
  ) as unknown as Policy['rules'];
}

/**
 * The catalogue's entry for a route template, or null when the list cannot be filtered as far as we know. The
 * version segment (`/v1/`, `/v1.1/`, `/v2/`), the names in braces and a trailing slash do not matter: a new
 * version of an endpoint keeps its filter, and an importer may call the tenant what it likes.
 */
export function filterableRoute(policy: Policy, route: string): FilterableRoute | null {
  let catalogue = catalogues.get(policy.filterableRoutes);
  if (!catalogue) {
    const byShape = new Map(policy.filterableRoutes.map((entry) => [shapeOf(entry.path), entry]));
    catalogues.set(policy.filterableRoutes, (catalogue = { byShape, asked: new Map() }));
  }
  const { byShape, asked } = catalogue;
  const known = asked.get(route);
  if (known !== undefined) return known;
  const entry = byShape.get(shapeOf(route)) ?? null;
  if (asked.size >= MAX_ASKED) asked.clear();
  asked.set(route, entry);
  return entry;
}

/** An API has some hundred templates; one that writes identifiers into them must not fill the memory. */
const MAX_ASKED = 10_000;

interface Catalogue {
  readonly byShape: ReadonlyMap<string, FilterableRoute>;
  /** What was answered before: working out a shape costs more than all else that is asked of a call. */
  readonly asked: Map<string, FilterableRoute | null>;
}

// Asked for every list call: the shapes of a catalogue are worked out once, and forgotten with it.
const catalogues = new WeakMap<readonly FilterableRoute[], Catalogue>();

function shapeOf(route: string): string {
  return route
    .replace(/^\/v\d+(\.\d+)*(?=\/)/, '')
    .replaceAll(/\{[^/{}]*\}/g, '{}')
    .replace(/\/$/, '');
}
