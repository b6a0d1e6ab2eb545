import { minuteStart } from '../signals/minute.js';
import { changesOf, policyOf, type Agreed, type PolicyDocument } from './policy-document.js';
import type { Policy, RuleId } from './policy.js';

/**
 * Says by which policy a minute is judged. Event time decides: a minute belongs to the newest version that was in force when it
 * began, so a replay is judged as the first run was.
 */

export interface Policies {
  /**
   * The one that holds for an integration on an agreement (the empty string: for the integration as a whole) in a minute. A rule
   * that an agreed time suppresses there is off.
   */
  readonly at: (integrationId: string, agreementId: string, minute: number) => Policy;
  /** At least one; among their windows of a rule are all that `at` may answer. */
  readonly all: readonly Policy[];
  /** Every policy that `at` may answer for an integration, on any agreement and at any time. */
  readonly variantsOf: (integrationId: string) => readonly Policy[];
  /** The integrations with which something is agreed: for all others `variantsOf` answers the same. */
  readonly agreedWith: readonly string[];
  /**
   * Tells which calls of an integration are agreed to count for nothing under a rule, also in the windows of later minutes: who made
   * a first synchronisation must not be blamed for it a minute after it ended. null: no time was ever agreed with it.
   */
  readonly suppressionsOf: (integrationId: string) => ((place: SuppressedPlace) => boolean) | null;
}

export interface SuppressedPlace {
  readonly ruleId: RuleId;
  readonly agreementId: string;
  /** The first and the last minute of what is asked for. */
  readonly from: number;
  readonly through: number;
}

export interface PolicyVersion {
  readonly version: number;
  /** RFC 3339; null: always. */
  readonly effectiveFrom: string | null;
  readonly document: PolicyDocument;
}

/** One policy for all and always. */
export function onePolicy(policy: Policy): Policies {
  return {
    at: () => policy,
    all: [policy],
    variantsOf: () => [policy],
    agreedWith: [],
    suppressionsOf: () => null,
  };
}

/**
 * @param versions in any order, one of which is in force always. A higher one takes over at its time, for good: one that is lower
 * and would begin later never does
 */
export function policiesOf(versions: readonly PolicyVersion[]): Policies {
  const newestFirst = versions.toSorted((left, right) => right.version - left.version).map(resolverOf);
  const versionAt = (minute: number) =>
    newestFirst.find(({ fromMinute }) => fromMinute <= minute) ?? newestFirst.at(-1)!;
  return {
    at: (integrationId, agreementId, minute) => versionAt(minute).at(integrationId, agreementId, minute),
    all: newestFirst.flatMap(({ all }) => all),
    variantsOf: (integrationId) => newestFirst.flatMap((version) => version.variantsOf(integrationId)),
    agreedWith: [...new Set(newestFirst.flatMap(({ agreedWith }) => agreedWith))],
    suppressionsOf: (integrationId) => {
      if (!newestFirst.some(({ suppresses }) => suppresses.has(integrationId))) return null;
      return ({ ruleId, agreementId, from, through }) => {
        for (let minute = from; minute <= through; minute += 1) {
          const agreed = versionAt(minute).suppresses.get(integrationId) ?? [];
          if (agreed.some((each) => suppressesRule(each, ruleId, agreementId, minute))) return true;
        }
        return false;
      };
    },
  };
}

/** The version by which minutes are judged that begin at an instant: the newest that was in force by then. */
export function versionInForce<Version extends Pick<PolicyVersion, 'version' | 'effectiveFrom'>>(
  versions: readonly Version[],
  at: Date,
): Version | undefined {
  return versions
    .filter(({ effectiveFrom }) => effectiveFrom === null || Date.parse(effectiveFrom) <= at.getTime())
    .reduce<Version | undefined>(
      (newest, next) => (newest && newest.version > next.version ? newest : next),
      undefined,
    );
}

const MINUTE_MS = 60_000;
/** Combinations of what is agreed that are kept worked out; they are few, unless many agreements have their own. */
const MAX_RESOLVED = 10_000;

interface Within<Item extends Agreed> {
  readonly item: Item;
  readonly from: number;
  readonly until: number;
}
type Suppressed = Within<PolicyDocument['suppressions'][number]>;

function resolverOf({ version, effectiveFrom, document }: PolicyVersion) {
  const base = policyOf(version, document);
  const planOf = new Map(
    Object.values(document.plans).flatMap(({ integrations, rules }) =>
      integrations.map((integrationId) => [integrationId, rules] as const),
    ),
  );
  const overrides = byIntegration(document.overrides);
  const suppresses = byIntegration(document.suppressions);
  const resolved = new Map<string, Policy>();

  function at(integrationId: string, agreementId: string, minute: number): Policy {
    const plan = planOf.get(integrationId);
    const own = overrides.get(integrationId);
    const suppressions = suppresses.get(integrationId);
    if (!plan && !own && !suppressions) return base;
    const holding = (own ?? []).filter(
      ({ item, from, until }) =>
        concerns(item, agreementId) && from <= minute * MINUTE_MS && minute * MINUTE_MS < until,
    );
    const off = (Object.keys(base.rules) as RuleId[]).filter((ruleId) =>
      suppressions?.some((each) => suppressesRule(each, ruleId, agreementId, minute)),
    );
    const indices = holding.map((each) => own!.indexOf(each));
    const key = `${integrationId}|${indices.join()}|${off.join()}`;
    let policy = resolved.get(key);
    if (policy) return policy;
    // What is agreed for one agreement is closer than what is agreed for all of them.
    const isOfAgreement = ({ item }: (typeof holding)[number]) => Number(item.organizationId !== undefined);
    const changes = holding
      .toSorted((left, right) => isOfAgreement(left) - isOfAgreement(right))
      .map(({ item }) => changesOf(item));
    policy = policyOf(version, document, [...(plan ? [plan] : []), ...changes]);
    if (off.length > 0) {
      policy = { ...policy, modes: { ...policy.modes, ...Object.fromEntries(off.map((id) => [id, 'off'])) } };
    }
    if (resolved.size >= MAX_RESOLVED) resolved.clear();
    resolved.set(key, policy);
    return policy;
  }

  const variants = new Map<string, readonly Policy[]>();
  function variantsOf(integrationId: string): readonly Policy[] {
    const known = variants.get(integrationId);
    if (known) return known;
    const own = overrides.get(integrationId) ?? [];
    // What is agreed changes only where one of its times begins or ends, and for the agreements that it names.
    const instants = [-Infinity, ...own.flatMap(({ from, until }) => [from, until])];
    const agreementIds = new Set(['', ...own.map(({ item }) => item.organizationId ?? '')]);
    const found = new Set<Policy>();
    for (const agreementId of agreementIds) {
      for (const instant of instants)
        found.add(at(integrationId, agreementId, Math.ceil(instant / MINUTE_MS)));
    }
    variants.set(integrationId, [...found]);
    return [...found];
  }

  const changes = [
    ...Object.values(document.plans).map(({ rules }) => rules),
    ...document.overrides.map(changesOf),
  ];
  const ofOwnWindow = changes.filter((change) =>
    Object.values(change).some(({ windowMinutes }) => windowMinutes !== undefined),
  );
  return {
    at,
    variantsOf,
    agreedWith: [...new Set([...planOf.keys(), ...overrides.keys(), ...suppresses.keys()])],
    fromMinute: effectiveFrom === null ? -Infinity : Math.ceil(Date.parse(effectiveFrom) / MINUTE_MS),
    all: [base, ...ofOwnWindow.map((change) => policyOf(version, document, [change]))],
    suppresses: suppresses as ReadonlyMap<string, readonly Suppressed[]>,
  };
}

function byIntegration<Item extends Agreed>(items: readonly Item[]): Map<string, Within<Item>[]> {
  const found = new Map<string, Within<Item>[]>();
  for (const item of items) {
    const own = found.get(item.integrationId) ?? [];
    const from = item.from === undefined ? -Infinity : Date.parse(item.from);
    own.push({ item, from, until: Date.parse(item.until) });
    found.set(item.integrationId, own);
  }
  return found;
}

function concerns({ organizationId }: Agreed, agreementId: string): boolean {
  return organizationId === undefined || organizationId === agreementId;
}

/** A minute that begins or ends outside is left out whole: its calls cannot be told apart. */
function suppressesRule(
  { item, from, until }: Suppressed,
  ruleId: RuleId,
  agreementId: string,
  minute: number,
): boolean {
  if (!concerns(item, agreementId) || (item.rules && !item.rules.includes(ruleId))) return false;
  return (minute + 1) * MINUTE_MS > from && minute * MINUTE_MS < until;
}

/** The first instant from which a policy can hold: the whole minute after all that may have been judged. */
export function earliestEffect(now: Date, newestMinute: number | null): string {
  const next = Math.ceil(now.getTime() / MINUTE_MS);
  return minuteStart(newestMinute === null ? next : Math.max(next, newestMinute + 1));
}
