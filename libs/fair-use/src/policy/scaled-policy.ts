import type { Policy } from './policy.js';

/**
 * The same policy with every threshold at a share of itself. What it still finds is too close to a limit to be called over: a
 * value that swings around the limit would open and settle its case minute by minute. In how many minutes a limit must be reached
 * stays, as does everything that is no threshold.
 */
export function scaledPolicy(policy: Policy, ratio: number): Policy {
  const known = scaled.get(policy);
  if (known?.ratio === ratio) return known.policy;
  const rules = Object.entries(policy.rules).map(([id, settings]) => [
    id,
    { ...settings, thresholds: scaledThresholds(settings.thresholds, ratio) },
  ]);
  const result: Policy = { ...policy, rules: Object.fromEntries(rules) as Policy['rules'] };
  scaled.set(policy, { ratio, policy: result });
  return result;
}

// Asked for every minute that is looked at.
const scaled = new WeakMap<Policy, { readonly ratio: number; readonly policy: Policy }>();

function scaledThresholds(thresholds: object, ratio: number) {
  const each = Object.entries(thresholds as Record<string, number | Record<string, number>>);
  return Object.fromEntries(
    each.map(([severity, threshold]) => [
      severity,
      typeof threshold === 'number' ? scale(threshold, ratio) : scaledLimits(threshold, ratio),
    ]),
  );
}

function scaledLimits(threshold: Record<string, number>, ratio: number) {
  const limits = Object.entries(threshold);
  return Object.fromEntries(
    limits.map(([name, limit]) => [name, name === 'minutes' ? limit : scale(limit, ratio)]),
  );
}

/** To six decimals: 3 × 0.8 as a float is above 2.4, and would miss a share of exactly that. */
function scale(limit: number, ratio: number): number {
  return Math.round(limit * ratio * 1e6) / 1e6;
}
