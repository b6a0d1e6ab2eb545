import { RULE_IDS } from '@taxameter/contracts';
import type { Wish } from '../news/news.js';

/** Finds what in a subscription can match nothing, so that it is refused when it is saved and not missed when it is needed. */

export interface WishFault {
  readonly field: string;
  /** Name of the rule that was broken, for machines. */
  readonly rule: 'unknown_rule' | 'resolved_needs_breach' | 'narrows_nothing' | 'leaks_are_errors';
  readonly reason: string;
}

const KNOWN_RULES = new Set<string>(RULE_IDS);

/** Every fault of a wish. Integrations and agreements are not looked up: one may be subscribed to before its first call. */
export function wishFaults(wish: Wish): WishFault[] {
  const faults: WishFault[] = (wish.rules ?? []).flatMap((id, index) =>
    KNOWN_RULES.has(id)
      ? []
      : [
          {
            field: `rules.${index}`,
            rule: 'unknown_rule',
            reason: `there is no rule ${id}: GET /v1/rules lists them`,
          },
        ],
  );
  const hasBreaches = wish.kinds.includes('breach');
  if (wish.kinds.includes('breach_resolved') && !hasBreaches) {
    faults.push({
      field: 'kinds',
      rule: 'resolved_needs_breach',
      reason:
        'that a breach is over is told to those who were told that it opened: breach_resolved needs breach',
    });
  }
  for (const field of ['rules', 'organizationIds'] as const) {
    if (wish[field] === null || hasBreaches) continue;
    faults.push({
      field,
      rule: 'narrows_nothing',
      reason: `${field} narrows breaches, which kinds leaves out`,
    });
  }
  if (!hasBreaches && wish.minSeverity === 'critical') {
    faults.push({
      field: 'minSeverity',
      rule: 'leaks_are_errors',
      reason: 'leaks have the severity error, so critical leaves nothing',
    });
  }
  return faults;
}
