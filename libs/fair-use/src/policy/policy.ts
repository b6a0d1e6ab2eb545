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
  /** With fewer calls than so many that ended so, nothing worse than info is found; absent: no matter. */
  readonly minCountedAboveInfo?: number;
}

/** A number of what an integration did in the window, summed. */
export interface SumSettings {
  readonly windowMinutes: number;
  readonly thresholds: Thresholds<number>;
}

/** More than `timesLevel` times the level from which a number is unusual. */
export interface TimesLevel {
  readonly timesLevel: number;
}

export interface SpikeSettings {
  /** Always an hour. */
  readonly windowMinutes: 60;
  /** So many are never unusual. */
  readonly minSms: number;
  /** How many times the usual number is still usual. */
  readonly timesUsual: number;
  /** SMS an hour that were agreed; an override may set it. */
  readonly declaredSmsPerHour?: number;
  readonly thresholds: Thresholds<TimesLevel>;
}

/** Fetches of changes in the window that asked for those of a longer time than `maxAgeSeconds`. */
export interface StaleSettings extends SumSettings {
  readonly maxAgeSeconds: number;
}

/** Refusals over all agreements in the window: for up to `agreements` active ones, and for more in proportion. */
export interface RefusalSettings extends SumSettings {
  readonly agreements: number;
}

/** `percent` or more of a limit in a minute, in at least `minutes` minutes of the window. */
export type PercentHeld = HeldThreshold & { readonly percent: number };

/**
 * Calls a minute over all agreements, against a limit that grows with those that are active: `baseCalls` and `callsPerAgreement` for each,
 * `maxCalls` at most. Only minutes count in which one agreement alone had `pairCalls` or more: growth is not guilt.
 */
export interface IntegrationRateSettings extends HeldSettings<PercentHeld> {
  readonly baseCalls: number;
  readonly callsPerAgreement: number;
  readonly maxCalls: number;
  readonly pairCalls: number;
}

/** Calls made while a 429 asked to wait, summed. The waits are counted by the policy in force when the calls are read. */
export interface WaitSettings extends SumSettings {
  /** How long a 429 asks to wait that says nothing of it. */
  readonly waitSecIfUntold: number;
  /** Of a longer wait no more is counted; whole minutes. */
  readonly longestWaitSec: number;
}

/** Records fetched one by one after a list of them: `calls` of a minute, each of another record. */
export interface ReadsSettings extends HeldSettings<CallsHeld> {
  /** And so many of them or more for each page of the list. */
  readonly readsPerListCall: number;
  /** Pages that were fetched in so many minutes, the one of the reads the last. */
  readonly listWithinMinutes: number;
}

/** Small pages of one list, one after the other. */
export interface PageSettings extends SumSettings {
  /** Records on a page that is small, at most. The pages are counted by the policy in force when the calls are read. */
  readonly smallPageSize: number;
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
    readonly SMS_FOREIGN: SumSettings;
    /** Times that one voucher was sent to one recipient in the window. */
    readonly SMS_REPEAT: SumSettings;
    readonly SMS_SPIKE: SpikeSettings;
    readonly SCOPE_MISMATCH: SumSettings;
    readonly STALE_CHANGES_SINCE: StaleSettings;
    readonly AUTH_FAILURES: RefusalSettings;
    readonly SMS_INVALID: ShareSettings;
    readonly RATE_INTEGRATION: IntegrationRateSettings;
    readonly IGNORES_429: WaitSettings;
    /** `calls` are those in flight together at some instant of a minute. */
    readonly CONCURRENCY: HeldSettings<CallsHeld>;
    readonly N_PLUS_ONE: ReadsSettings;
    readonly SMALL_PAGES: PageSettings;
    /** More than the window has minutes, or reads that are made once a minute are not looked at. */
    readonly DUPLICATE_READS: SumSettings;
    /** `calls` are those that our own block answered. */
    readonly IGNORES_BLOCK: HeldSettings<CallsHeld>;
  };
  readonly filterableRoutes: readonly FilterableRoute[];
  /** Countries to which SMS may be sent (ISO 3166-1 alpha-2). */
  readonly allowedSmsCountries: readonly string[];
  /** What an SMS costs, as texts say it. The price list is billing's: who changes it there changes it here. */
  readonly smsPriceText: { readonly da: string; readonly en: string };
  /** Largest page of a list, for guidance. */
  readonly maxPageSize: number;
  /** A source of events has a gap when it was heard in `activeMinutes` of 60 minutes and then not for `silentMinutes`, at least one. */
  readonly dataGap: { readonly activeMinutes: number; readonly silentMinutes: number };
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
  /** A case is over when the rule finds nothing even at this share of every threshold … */
  readonly clearRatio: number;
  /** … in each of so many minutes; of a rule that sees hours, in the hours of so many minutes. */
  readonly clearForMinutes: number;
  readonly clearForMinutesOfHours: number;
}

export type RuleId = keyof Policy['rules'];

/** `shadow`: judged and recorded, but told to nobody, and shown to ops alone. `off`: not judged. */
export const RULE_MODES = ['on', 'shadow', 'off'] as const;
export type RuleMode = (typeof RULE_MODES)[number];

/** The lowest figure at which any severity is reached; `Infinity` where there is no threshold. */
export function lowestOf<Threshold>(
  thresholds: Thresholds<Threshold>,
  valueOf: (threshold: Threshold) => number,
): number {
  const values = SEVERITIES.map((severity) => thresholds[severity])
    .filter((threshold) => threshold !== undefined)
    .map(valueOf);
  return Math.min(...values);
}

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
