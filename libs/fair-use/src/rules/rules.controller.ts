import { Controller } from '@nestjs/common';
import { SEVERITIES } from '@taxameter/contracts';
import { defineRoute, Route } from '@taxameter/platform';
import { z } from 'zod';
import { guidanceTemplate } from '../guidance/guidance.js';
import { defaultPolicy } from '../policy/default-policy.js';
import type { Policy, RuleId } from '../policy/policy.js';
import { RULES } from './registry.js';

/**
 * Publishes the rules to those whom they judge (domain rule 1.7.10): nobody is measured by a secret limit.
 */

const bilingual = z.object({ da: z.string(), en: z.string() });
const threshold = z.union([
  z.number(),
  z.object({ calls: z.number(), minutes: z.number() }),
  z.object({ serverTimeMs: z.number(), minutes: z.number() }),
]);

const rules = z.object({
  policyVersion: z.int(),
  rules: z.array(
    z.object({
      ruleId: z.string(),
      title: bilingual,
      key: z.array(z.string()).describe('one case for each combination of these'),
      windowMinutes: z.int(),
      minCalls: z
        .int()
        .nullable()
        .describe(
          'a share (thresholds in percent) is taken of so many calls at least; null where there is none',
        ),
      thresholds: z.partialRecord(z.enum(SEVERITIES), threshold).describe('met at their own value'),
      guidance: bilingual.describe('with placeholders in braces'),
    }),
  ),
  filterableRoutes: z
    .array(z.object({ path: z.string(), filter: z.string() }))
    .describe('lists that can be asked for their changes only, without the version segment'),
  maxPageSize: z.int(),
});

export const getRules = defineRoute({
  method: 'GET',
  path: '/v1/rules',
  summary: 'The fair-use rules in force, with thresholds and guidance',
  roles: ['ops', 'finance', 'partner'],
  responses: { 200: { description: 'The policy in force', schema: rules } },
});

@Controller()
export class RulesController {
  @Route(getRules)
  list(): z.input<typeof rules> {
    return {
      policyVersion: defaultPolicy.version,
      rules: RULES.map((rule) => ({
        ruleId: rule.id,
        title: rule.title,
        key: [...rule.key],
        windowMinutes: rule.windowMinutes(defaultPolicy),
        minCalls: minCallsOf(defaultPolicy.rules[rule.id]),
        thresholds: defaultPolicy.rules[rule.id].thresholds,
        guidance: guidanceTemplate(rule.id),
      })),
      filterableRoutes: [...defaultPolicy.filterableRoutes],
      maxPageSize: defaultPolicy.maxPageSize,
    };
  }
}

function minCallsOf(settings: Policy['rules'][RuleId]): number | null {
  return 'minCalls' in settings ? settings.minCalls : null;
}
