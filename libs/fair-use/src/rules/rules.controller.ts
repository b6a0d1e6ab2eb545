import { Controller, Inject } from '@nestjs/common';
import { SEVERITIES } from '@taxameter/contracts';
import { CLOCK, databaseOf, defineRoute, Input, Route, type CallOf, type Clock } from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { guidanceTemplate } from '../guidance/guidance.js';
import { PolicyBook } from '../policy/policy-book.service.js';
import { policyOf } from '../policy/policy-document.js';
import { versionInForce } from '../policy/policies.js';
import { modeOf, RULE_MODES, type Policy, type RuleId } from '../policy/policy.js';
import { RULES } from './registry.js';

/**
 * Publishes the rules to those whom they judge (domain rule 1.7.10): nobody is measured by a secret limit.
 */

const bilingual = z.object({ da: z.string(), en: z.string() });
const threshold = z.union([
  z.number(),
  z.object({ calls: z.number(), minutes: z.number() }),
  z.object({ serverTimeMs: z.number(), minutes: z.number() }),
  z.object({ percent: z.number(), minutes: z.number() }),
  z
    .object({ timesLevel: z.number() })
    .describe('more than so many times the level that the guidance tells of'),
]);

const rules = z.object({
  policyVersion: z.int(),
  rules: z.array(
    z.object({
      ruleId: z.string(),
      title: bilingual,
      key: z.array(z.string()).describe('one case for each combination of these'),
      mode: z
        .enum(RULE_MODES)
        .describe(
          'shadow: judged and recorded, told to nobody; off: not judged. A partner is shown those that are on',
        ),
      windowMinutes: z.int(),
      minCalls: z
        .int()
        .nullable()
        .describe(
          'a share (thresholds in percent) is taken of so many calls at least; null where there is none',
        ),
      minSms: z.int().nullable().describe('so many SMS are never unusual; null where there is no such rule'),
      agreements: z
        .int()
        .nullable()
        .describe(
          'the thresholds are for up to so many active agreements, and grow in proportion with more; null where they do not',
        ),
      maxAgeSeconds: z
        .int()
        .nullable()
        .describe('only what asks for the changes of a longer time counts; null where that is no matter'),
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
  description: 'For all; what is agreed with some is in `GET /v1/policies/in-force`.',
  roles: ['ops', 'finance', 'partner'],
  responses: { 200: { description: 'The policy in force', schema: rules } },
});

@Controller()
export class RulesController {
  constructor(
    @Inject(databaseOf('fair-use')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(PolicyBook) private readonly book: PolicyBook,
  ) {}

  @Route(getRules)
  async list(@Input() { actor }: CallOf<typeof getRules>): Promise<z.input<typeof rules>> {
    const { versions } = await this.book.read(this.database);
    const { version, document } = versionInForce(versions, this.clock.now())!;
    const policy = policyOf(version, document);
    const isShown = (ruleId: RuleId) => actor.role !== 'partner' || modeOf(policy, ruleId) === 'on';
    return {
      policyVersion: policy.version,
      rules: RULES.filter(({ id }) => isShown(id)).map((rule) => ({
        ruleId: rule.id,
        title: rule.title,
        key: [...rule.key],
        mode: modeOf(policy, rule.id),
        windowMinutes: policy.rules[rule.id].windowMinutes,
        minCalls: minCallsOf(policy.rules[rule.id]),
        minSms: minSmsOf(policy.rules[rule.id]),
        agreements: agreementsOf(policy.rules[rule.id]),
        maxAgeSeconds: maxAgeOf(policy.rules[rule.id]),
        thresholds: policy.rules[rule.id].thresholds,
        guidance: guidanceTemplate(rule.id),
      })),
      filterableRoutes: [...policy.filterableRoutes],
      maxPageSize: policy.maxPageSize,
    };
  }
}

function minCallsOf(settings: Policy['rules'][RuleId]): number | null {
  return 'minCalls' in settings ? settings.minCalls : null;
}

function minSmsOf(settings: Policy['rules'][RuleId]): number | null {
  return 'minSms' in settings ? settings.minSms : null;
}

function agreementsOf(settings: Policy['rules'][RuleId]): number | null {
  return 'agreements' in settings ? settings.agreements : null;
}

function maxAgeOf(settings: Policy['rules'][RuleId]): number | null {
  return 'maxAgeSeconds' in settings ? settings.maxAgeSeconds : null;
}
