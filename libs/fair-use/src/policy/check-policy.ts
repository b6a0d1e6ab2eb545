import { SEVERITIES } from '@taxameter/contracts';
import { guidanceFor } from '../guidance/guidance.js';
import { isIntegrationWide, RULES } from '../rules/registry.js';
import type { Verdict } from '../rules/verdict.js';
import { minuteOf, minuteStart } from '../signals/minute.js';
import {
  changesOf,
  policyOf,
  type Agreed,
  type PolicyDocument,
  type RuleChanges,
} from './policy-document.js';
import { policiesOf } from './policies.js';
import { modeOf, type Policy, type RuleId, type Thresholds } from './policy.js';
import type { PolicyProblem } from './read-policy.js';

/** Finds what a policy of the right form says that cannot be meant. */

/** Each may meet any other of the same integration, and each meeting must leave room for advice. */
const MAX_OVERRIDES_OF_INTEGRATION = 100;

export function checkPolicy(document: PolicyDocument, effectiveFrom: Date): PolicyProblem[] {
  const problems = [
    ...settingsProblems(document),
    ...twiceInPlans(document),
    ...document.overrides.flatMap((each, index) => timeProblems(each, `overrides.${index}`, effectiveFrom)),
    ...document.suppressions.flatMap((each, index) =>
      timeProblems(each, `suppressions.${index}`, effectiveFrom),
    ),
    ...overlaps(document),
    ...withoutEffect(document),
    ...tooMany(document),
  ];
  return problems.length > 0 ? problems : adviceProblems(document, effectiveFrom);
}

/** Of the rules for all, of each plan and each override: thresholds and windows that contradict each other. */
function settingsProblems(document: PolicyDocument): PolicyProblem[] {
  const changes: (readonly [string, RuleChanges])[] = [
    ...Object.entries(document.plans).map(([name, plan]) => [`plans.${name}.rules.`, plan.rules] as const),
    ...document.overrides.map((each, index) => [`overrides.${index}.`, changesOf(each)] as const),
  ];
  const forAll = Object.entries(document.rules).flatMap(([id, settings]) =>
    thresholdProblems(settings, `rules.${id}.`),
  );
  const others = changes.flatMap(([prefix, rules]) =>
    Object.keys(rules).flatMap((id) => {
      const path = prefix.startsWith('overrides') ? `${prefix}settings.` : `${prefix}${id}.`;
      return thresholdProblems({ ...document.rules[id as RuleId], ...rules[id as RuleId] }, path);
    }),
  );
  return [...forAll, ...others];
}

/** A threshold that is no object is its only figure. */
function thresholdProblems(
  { thresholds, windowMinutes }: { readonly thresholds: unknown; readonly windowMinutes?: number },
  path: string,
): PolicyProblem[] {
  const all = thresholds as Thresholds<number | Readonly<Record<string, number>>>;
  const present = SEVERITIES.flatMap((severity) => {
    const threshold = all[severity];
    if (threshold === undefined) return [];
    return [{ severity, figures: typeof threshold === 'number' ? { '': threshold } : threshold }];
  });
  return present.flatMap(({ severity, figures }, index) =>
    Object.entries(figures).flatMap(([name, value]) => {
      const field = [`${path}thresholds.${severity}`, ...(name === '' ? [] : [name])].join('.');
      const before = present[index - 1];
      const milder = before?.figures[name];
      if (before && milder !== undefined && value < milder) {
        const reason = `is ${value}, less than the ${milder} of ${before.severity}: a worse severity must not ask for less`;
        return [{ field, rule: 'falls-with-severity', reason }];
      }
      if (name === 'minutes' && windowMinutes !== undefined && value > windowMinutes) {
        const reason = `is never met: the window has ${windowMinutes} minutes`;
        return [{ field, rule: 'never-met', reason }];
      }
      return [];
    }),
  );
}

function twiceInPlans({ plans }: PolicyDocument): PolicyProblem[] {
  const seen = new Map<string, string>();
  return Object.entries(plans).flatMap(([name, { integrations }]) =>
    integrations.flatMap((integrationId, index) => {
      const other = seen.get(integrationId);
      seen.set(integrationId, name);
      if (other === undefined) return [];
      const reason = `is in the plan ${other} already: an integration has one plan`;
      return [{ field: `plans.${name}.integrations.${index}`, rule: 'twice-in-plans', reason }];
    }),
  );
}

function timeProblems({ from, until }: Agreed, path: string, effectiveFrom: Date): PolicyProblem[] {
  if (from !== undefined && Date.parse(until) <= Date.parse(from)) {
    const reason = `is not after \`from\`, ${from}`;
    return [{ field: `${path}.until`, rule: 'ends-before-it-starts', reason }];
  }
  if (Date.parse(until) <= effectiveFrom.getTime()) {
    const reason = `is over when the policy begins, ${effectiveFrom.toISOString()}: take it out`;
    return [{ field: `${path}.until`, rule: 'in-the-past', reason }];
  }
  return [];
}

/** Two overrides of one rule for the same integration and agreement: nobody could say which one holds. */
function overlaps({ overrides }: PolicyDocument): PolicyProblem[] {
  const begin = ({ from }: Agreed) => (from === undefined ? -Infinity : Date.parse(from));
  return overrides.flatMap((own, index) => {
    const other = overrides
      .slice(0, index)
      .findIndex(
        (each) =>
          each.rule === own.rule &&
          each.integrationId === own.integrationId &&
          each.organizationId === own.organizationId &&
          begin(each) < Date.parse(own.until) &&
          begin(own) < Date.parse(each.until),
      );
    if (other < 0) return [];
    const reason = `is of the same rule and the same time as overrides.${other}`;
    return [{ field: `overrides.${index}`, rule: 'overlaps', reason }];
  });
}

/** A rule about all agreements together asks for no single one. */
function withoutEffect({ overrides }: PolicyDocument): PolicyProblem[] {
  return overrides.flatMap(({ rule: ruleId, organizationId }, index) => {
    const rule = RULES.find(({ id }) => id === ruleId);
    if (organizationId === undefined || !rule || !isIntegrationWide(rule)) return [];
    const reason = `${ruleId} judges all agreements of an integration together: leave it out`;
    return [{ field: `overrides.${index}.organizationId`, rule: 'without-effect', reason }];
  });
}

function tooMany({ overrides }: PolicyDocument): PolicyProblem[] {
  const counted = new Map<string, number>();
  for (const { integrationId } of overrides) {
    counted.set(integrationId, (counted.get(integrationId) ?? 0) + 1);
  }
  return [...counted]
    .filter(([, count]) => count > MAX_OVERRIDES_OF_INTEGRATION)
    .map(([integrationId, count]) => ({
      field: 'overrides',
      rule: 'too-many',
      reason: `${count} are of ${integrationId}, which may have ${MAX_OVERRIDES_OF_INTEGRATION}: use a plan`,
    }));
}

/** Every policy that somebody may be judged by must be one that he can be told how to keep (domain rule 1.7.2). */
function adviceProblems(document: PolicyDocument, effectiveFrom: Date): PolicyProblem[] {
  const forAll = withoutAdvice(policyOf(0, document), (ruleId) => `rules.${ruleId}`);
  if (forAll.length > 0) return forAll;
  const plans = Object.entries(document.plans).flatMap(([name, { rules }]) =>
    withoutAdvice(policyOf(0, document, [rules]), (ruleId) => `plans.${name}.rules.${ruleId}`),
  );
  if (plans.length > 0) return plans;
  return withoutAdviceTogether(document, effectiveFrom);
}

/** Where overrides meet each other and plans: when each begins, on the agreements for which something changes then. */
function withoutAdviceTogether(document: PolicyDocument, effectiveFrom: Date): PolicyProblem[] {
  const { overrides } = document;
  const { at } = policiesOf([
    { version: 0, effectiveFrom: null, document: { ...document, suppressions: [] } },
  ]);
  const start = minuteOf(effectiveFrom.toISOString());
  const agreementsOf = new Map<string, Set<string>>();
  for (const { integrationId, organizationId = '' } of overrides) {
    const known = agreementsOf.get(integrationId) ?? new Set(['']);
    agreementsOf.set(integrationId, known.add(organizationId));
  }
  const checked = new Set<Policy>();
  return overrides.flatMap(({ integrationId, organizationId, from }, index) => {
    const minute = from === undefined ? start : Math.max(start, Math.ceil(Date.parse(from) / 60_000));
    const agreements =
      organizationId === undefined ? [...agreementsOf.get(integrationId)!] : [organizationId];
    return agreements.flatMap((agreementId) => {
      const policy = at(integrationId, agreementId, minute);
      if (checked.has(policy)) return [];
      checked.add(policy);
      return withoutAdvice(policy, () => `overrides.${index}`).slice(0, 1);
    });
  });
}

function withoutAdvice(policy: Policy, fieldOf: (ruleId: RuleId) => string): PolicyProblem[] {
  return (Object.keys(policy.rules) as RuleId[]).flatMap((ruleId) => {
    if (modeOf(policy, ruleId) === 'off') return [];
    try {
      const route = policy.filterableRoutes[0]?.path ?? '/';
      guidanceFor(ruleId, anyVerdict(policy, ruleId), { agreementId: '1', route }, policy);
      return [];
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return [{ field: fieldOf(ruleId), rule: 'no-room-for-advice', reason: error.message }];
    }
  });
}

function anyVerdict(policy: Policy, ruleId: RuleId): Verdict {
  const { thresholds } = policy.rules[ruleId];
  const severity = SEVERITIES.find((each) => thresholds[each] !== undefined) ?? 'info';
  const figures = { value: 1, unit: '', threshold: 1, evidence: [] };
  return { severity, ...figures, windowStart: minuteStart(0), windowEnd: minuteStart(1) };
}
