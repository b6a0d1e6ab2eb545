import {
  comparePolicies,
  type PolicyComparison,
  type Shown,
  type ShownDocument,
} from './compare-policies.js';
import { withoutOver, type Agreed, type Override, type PolicyDocument } from './policy-document.js';
import { versionInForce, type PolicyVersion } from './policies.js';

/** What is shown of a version: where it stands, what it changed, and to a partner only what concerns it. */

/** Who looks: null sees everything, a partner what is agreed with its own integrations. */
export type Viewer = { readonly own: ReadonlySet<string> } | null;

/** `overtaken`: planned, and replaced before it began. */
export const VERSION_STATES = ['in_force', 'planned', 'past', 'overtaken'] as const;

export function stateOf(
  { version, effectiveFrom }: PolicyVersion,
  versions: readonly PolicyVersion[],
  now: Date,
): (typeof VERSION_STATES)[number] {
  const begin = beginOf(effectiveFrom);
  if (versions.some((each) => each.version > version && beginOf(each.effectiveFrom) <= begin))
    return 'overtaken';
  if (begin > now.getTime()) return 'planned';
  return versionInForce(versions, now)?.version === version ? 'in_force' : 'past';
}

/** What a version changes of what would hold without it when it begins. What is agreed for a time that is over by then is no matter. */
export function changesOfVersion(
  { document, effectiveFrom }: Pick<PolicyVersion, 'document' | 'effectiveFrom'>,
  earlier: readonly PolicyVersion[],
  viewer: Viewer,
): PolicyComparison {
  const begin = new Date(beginOf(effectiveFrom));
  const before = effectiveFrom === null ? undefined : versionInForce(earlier, begin);
  if (!before) return { changes: [], rules: [] };
  return comparePolicies(shownTo(viewer, withoutOver(before.document, begin)), shownTo(viewer, document));
}

/**
 * A partner sees the rules in force, and of what is agreed what is agreed with it; not who of us agreed, and no other integration.
 * A rule in shadow measures nobody, so nobody is to fear it.
 */
export function shownTo(viewer: Viewer, document: PolicyDocument): ShownDocument {
  if (viewer === null) return document;
  const { rules, plans, overrides, suppressions } = document;
  const isOwn = ({ integrationId }: Agreed) => viewer.own.has(integrationId);
  const modeForAll = (rule: Override['rule']) => rules[rule].mode ?? 'on';
  const isOfRuleShown = ({ rule, settings }: Override) => {
    const mode = settings['mode'] ?? modeForAll(rule);
    return mode === 'on' || (mode === 'off' && modeForAll(rule) === 'on');
  };
  const ownPlans = Object.entries(plans).flatMap(([name, plan]) => {
    const integrations = plan.integrations.filter((integrationId) => viewer.own.has(integrationId));
    return integrations.length > 0 ? [[name, { ...plan, integrations }] as const] : [];
  });
  return {
    ...document,
    rules: Object.fromEntries(Object.entries(rules).filter(([, { mode }]) => (mode ?? 'on') === 'on')),
    plans: Object.fromEntries(ownPlans),
    overrides: overrides.filter((each) => isOwn(each) && isOfRuleShown(each)).map(withoutPersons),
    suppressions: suppressions.filter(isOwn).map(withoutPersons),
  };
}

function withoutPersons<Item extends Agreed>({ who: _1, why: _2, ...rest }: Item): Shown<Item> {
  return rest;
}

function beginOf(effectiveFrom: string | null): number {
  return effectiveFrom === null ? -8.64e15 : Date.parse(effectiveFrom);
}
