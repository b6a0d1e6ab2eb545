import type { Policies } from '../policy/policies.js';
import type { RuleId } from '../policy/policy.js';
import { RULES, type Rule } from '../rules/registry.js';
import {
  judge,
  leftUntilClosed,
  newestMarks,
  type DirtyMinute,
  type Docket,
  type Judgement,
} from './judge.js';

/** Judges rule by rule: what one of them stumbles over keeps none of the others from judging. */

/** What each rule threw. */
export type RuleFailures = ReadonlyMap<RuleId, unknown>;

export interface JudgedDocket {
  readonly judgements: readonly Judgement[];
  /** To be judged once they are closed. */
  readonly left: readonly DirtyMinute[];
  /** Of these rules nothing was judged, not even what they did not stumble over: their marks are to be kept. */
  readonly failures: RuleFailures;
}

export function judgeDocket(
  docket: Docket,
  policies: Policies,
  rules: readonly Rule[] = RULES,
): JudgedDocket {
  const able = rules.filter(({ id }) => !docket.failures?.has(id));
  const { done, failures } = ofEachRule(able, (rule) => ({
    judgements: judge(docket, policies, [rule]),
    left: leftUntilClosed(docket, policies, [rule]),
  }));
  return {
    judgements: done.flatMap(({ judgements }) => judgements),
    left: newestMarks(done.flatMap(({ left }) => left)),
    failures: new Map([...(docket.failures ?? []), ...failures]),
  };
}

/** Does something for each rule that can. */
export function ofEachRule<Done>(
  rules: readonly Rule[],
  work: (rule: Rule) => Done,
): { readonly done: readonly Done[]; readonly failures: RuleFailures } {
  const done: Done[] = [];
  const failures = new Map<RuleId, unknown>();
  for (const rule of rules) {
    try {
      done.push(work(rule));
    } catch (error) {
      failures.set(rule.id, error);
    }
  }
  return { done, failures };
}
