import type { z } from 'zod';
import { checkPolicy } from './check-policy.js';
import type { PolicyDocument } from './policy-document.js';
import { policyDocument } from './policy-schema.js';

/** Takes what people wrote for a policy, or says what is wrong with it and where. */

export interface PolicyProblem {
  /** A path such as `overrides.2.until`. */
  readonly field: string;
  /** What it breaks, stable. */
  readonly rule: string;
  readonly reason: string;
}

export type PolicyRead =
  | { readonly document: PolicyDocument; readonly problems: null }
  | { readonly document: null; readonly problems: readonly PolicyProblem[] };

/** @param effectiveFrom when it would begin: what is over by then is refused */
export function readPolicy(written: unknown, effectiveFrom: Date): PolicyRead {
  const { data, error } = policyDocument.safeParse(written);
  if (error) return { document: null, problems: error.issues.flatMap(problemsOf) };
  const document = data as unknown as PolicyDocument;
  const problems = checkPolicy(document, effectiveFrom);
  return problems.length > 0 ? { document: null, problems } : { document, problems: null };
}

function problemsOf(issue: z.core.$ZodIssue): PolicyProblem[] {
  const path = issue.path.map(String);
  const field = path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const isRule = path.at(-1) === 'rules';
      return {
        field: [...path, key].join('.'),
        rule: isRule ? 'unknown-rule' : 'unknown-setting',
        reason: isRule ? 'there is no such rule' : 'there is no such setting here',
      };
    });
  }
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) {
    return [{ field, rule: 'missing', reason: 'is missing' }];
  }
  if (issue.code === 'invalid_type' && issue.message.endsWith('string, received number')) {
    return [{ field, rule: 'schema', reason: 'must be text: put it in quotes' }];
  }
  const isRule = path.at(-1) === 'rule' || path.at(-2) === 'rules';
  if (issue.code === 'invalid_value' && isRule) {
    return [{ field, rule: 'unknown-rule', reason: `there is no such rule: ${issue.values.join(', ')}` }];
  }
  return [{ field, rule: 'schema', reason: issue.message }];
}
