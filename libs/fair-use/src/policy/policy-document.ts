import type { Policy, RuleId, RuleMode } from './policy.js';

/**
 * A policy as people write it: the rules for all, what is agreed with some, and when. One text holds everything, so that a version
 * says by itself how anybody was judged.
 */

type Settings<Id extends RuleId> = Policy['rules'][Id] & { readonly mode?: RuleMode };

export type RuleSettings = { readonly [Id in RuleId]: Settings<Id> };

/** What is named replaces what held before; `thresholds` as a whole. */
export type RuleChanges = { readonly [Id in RuleId]?: Partial<Settings<Id>> };
export type SettingsChange = Readonly<Record<string, unknown>>;

export interface Plan {
  readonly integrations: readonly string[];
  readonly rules: RuleChanges;
}

/** Whom and when something agreed holds for: an integration, or one agreement of it; half-open. */
export interface Agreed {
  readonly integrationId: string;
  readonly organizationId?: string;
  /** Absent: as soon as the version is in force. */
  readonly from?: string;
  readonly until: string;
  readonly who: string;
  readonly why: string;
}

export interface Override extends Agreed {
  readonly rule: RuleId;
  readonly settings: SettingsChange;
}

/** An agreed time in which nothing is judged, such as a first synchronisation. */
export interface Suppression extends Agreed {
  /** Absent: all rules. */
  readonly rules?: readonly RuleId[];
}

export interface PolicyDocument extends Omit<Policy, 'version' | 'rules' | 'modes'> {
  readonly rules: RuleSettings;
  /** By name. */
  readonly plans: Readonly<Record<string, Plan>>;
  readonly overrides: readonly Override[];
  readonly suppressions: readonly Suppression[];
}

/** A policy as a document in which nothing is agreed with anybody. */
export function documentOf({ version: _, rules, modes, ...rest }: Policy): PolicyDocument {
  const moded = Object.entries(rules).map(([id, settings]) => [
    id,
    { mode: modes?.[id as RuleId] ?? 'on', ...settings },
  ]);
  const forAll = Object.fromEntries(moded) as RuleSettings;
  return { rules: forAll, ...rest, plans: {}, overrides: [], suppressions: [] };
}

/** The policy that a document has for all, with changes of rules on top, the last one winning. */
export function policyOf(
  version: number,
  { rules, plans: _1, overrides: _2, suppressions: _3, ...rest }: PolicyDocument,
  changes: readonly RuleChanges[] = [],
): Policy {
  const ids = Object.keys(rules) as RuleId[];
  const changed = ids.map((id) => {
    const { mode = 'on', ...settings } = Object.assign(
      {},
      rules[id],
      ...changes.map((change) => change[id] ?? {}),
    ) as RuleSettings[RuleId];
    return { id, mode, settings };
  });
  return {
    version,
    ...rest,
    rules: Object.fromEntries(
      changed.map(({ id, settings }) => [id, settings]),
    ) as unknown as Policy['rules'],
    modes: Object.fromEntries(changed.flatMap(({ id, mode }) => (mode === 'on' ? [] : [[id, mode]]))),
  };
}

/**
 * A document that was written before a rule or a setting existed, made whole. A rule that nobody has decided on is judged in
 * shadow: no partner is measured by what was never published.
 */
export function completed(stored: PolicyDocument, newest: PolicyDocument): PolicyDocument {
  const rules = Object.entries(newest.rules).map(([id, settings]) => {
    const known = stored.rules[id as RuleId] as RuleSettings[RuleId] | undefined;
    return [id, known ? { ...settings, mode: 'on', ...known } : { ...settings, mode: 'shadow' }];
  });
  return { ...newest, ...stored, rules: Object.fromEntries(rules) as RuleSettings };
}

/** The rule that an override changes, as a change of rules. */
export function changesOf({ rule, settings }: Pick<Override, 'rule' | 'settings'>): RuleChanges {
  return { [rule]: settings };
}

/** Without what is agreed for a time that is over: it changes nothing any more, and no new version may hold it. */
export function withoutOver(document: PolicyDocument, at: Date): PolicyDocument {
  const isToCome = ({ until }: Agreed) => Date.parse(until) > at.getTime();
  const { overrides, suppressions } = document;
  return {
    ...document,
    overrides: overrides.filter(isToCome),
    suppressions: suppressions.filter(isToCome),
  };
}
