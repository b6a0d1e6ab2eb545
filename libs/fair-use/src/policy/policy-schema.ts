import { fields, SEVERITIES } from '@taxameter/contracts';
import { z } from 'zod';
import { RULE_MODES, type Policy, type RuleId } from './policy.js';
import type { RuleSettings } from './policy-document.js';

/**
 * What a policy may look like. A new rule has its line in `SETTINGS`; the compiler names one that was forgotten, and a setting
 * that differs from `policy.ts`.
 */

const A_DAY_MINUTES = 24 * 60;
const A_WEEK_MS = 7 * A_DAY_MINUTES * 60_000;

const figure = z.number().min(0, 'must not be negative').max(1_000_000_000);
const whole = z.int('must be a whole number').min(0, 'must not be negative').max(1_000_000_000);
const heldMinutes = z.int().min(1, 'must be 1 or more').max(A_DAY_MINUTES);
const mode = z.enum(RULE_MODES).exactOptional();
const durationMs = (most: number) => z.int().min(0, 'must not be negative').max(most);

/** Rows of minutes are read for all of the window, so it is bounded. */
const windowOfMinutes = z.int().min(1, 'must be 1 or more').max(240, 'must not be longer than 240 minutes');
const windowOfHours = z
  .int()
  .min(60, 'must be 60 or more')
  .max(7 * A_DAY_MINUTES, 'must not be longer than 7 days')
  .multipleOf(60, 'must be whole hours: a multiple of 60');

const thresholds = <Threshold extends z.ZodType>(threshold: Threshold) =>
  z
    .partialRecord(z.enum(SEVERITIES), threshold)
    .refine((all) => Object.keys(all).length > 0, 'has no threshold: to judge nothing, say `mode: off`');

const held = <Threshold extends z.ZodType>(threshold: Threshold) =>
  z.strictObject({ mode, windowMinutes: windowOfMinutes, thresholds: thresholds(threshold) });
const callsHeld = held(z.strictObject({ calls: whole, minutes: heldMinutes }));
const sweeps = z.strictObject({ mode, windowMinutes: windowOfMinutes, thresholds: thresholds(whole) });
const sumOfHours = z.strictObject({ mode, windowMinutes: windowOfHours, thresholds: thresholds(whole) });
const share = z.strictObject({
  mode,
  windowMinutes: windowOfMinutes,
  minCalls: whole,
  minCountedAboveInfo: whole.exactOptional(),
  thresholds: thresholds(figure.max(100, 'must not be more than 100 percent')),
});

export const SETTINGS = {
  RATE_MINUTE: callsHeld,
  BURST: callsHeld,
  WRITE_RATE: callsHeld,
  SERVER_TIME: held(z.strictObject({ serverTimeMs: whole, minutes: heldMinutes })),
  ERROR_RATIO_4XX: share,
  THROTTLED_RATIO: share,
  POLLING_UNFILTERED: sweeps,
  POLLING_TOO_OFTEN: sweeps,
  RATE_DAY: sumOfHours,
  LEGACY_AUTH: sumOfHours,
  IGNORES_429: sweeps.extend({
    waitSecIfUntold: whole.max(600, 'must not be more than 600'),
    longestWaitSec: whole
      .max(600, 'must not be more than 600')
      .multipleOf(60, 'must be whole minutes: a multiple of 60'),
  }),
  CONCURRENCY: callsHeld,
  N_PLUS_ONE: callsHeld.extend({
    readsPerListCall: figure,
    listWithinMinutes: z.int().min(1, 'must be 1 or more').max(60, 'must not be more than 60'),
  }),
  SMALL_PAGES: sweeps.extend({ smallPageSize: whole }),
  DUPLICATE_READS: sweeps,
  IGNORES_BLOCK: callsHeld,
  SCOPE_MISMATCH: sumOfHours,
  STALE_CHANGES_SINCE: sumOfHours.extend({ maxAgeSeconds: whole }),
  AUTH_FAILURES: sweeps.extend({ agreements: z.int().min(1, 'must be 1 or more').max(1_000_000) }),
  SMS_INVALID: share.extend({ windowMinutes: windowOfHours }),
  RATE_INTEGRATION: held(z.strictObject({ percent: figure, minutes: heldMinutes })).extend({
    baseCalls: whole,
    callsPerAgreement: whole,
    maxCalls: whole,
    pairCalls: whole,
  }),
  SMS_FOREIGN: sumOfHours,
  SMS_REPEAT: sweeps,
  SMS_SPIKE: z.strictObject({
    mode,
    windowMinutes: z.literal(60),
    minSms: whole,
    timesUsual: figure.min(1, 'must be 1 or more'),
    declaredSmsPerHour: whole.exactOptional(),
    thresholds: thresholds(z.strictObject({ timesLevel: figure.min(1, 'must be 1 or more') })),
  }),
} satisfies { readonly [Id in RuleId]: z.ZodType<RuleSettings[Id]> };

/** What is no rule's, but of the policy as a whole. */
const GENERAL = {
  filterableRoutes: z
    .array(z.strictObject({ path: fields.text(500), filter: fields.text(100) }))
    .max(1000)
    .describe('lists that can be asked for their changes only, without the version segment'),
  maxPageSize: z.int().min(1, 'must be 1 or more').max(1_000_000),
  evaluationHorizonMs: durationMs(A_WEEK_MS),
  reopenWithinMs: durationMs(A_WEEK_MS),
  latenessMs: durationMs(60 * 60_000),
  warmUpMs: durationMs(90 * 24 * 60 * 60_000),
  clearRatio: z.number().min(0.1, 'must be 0.1 or more').max(1, 'must not be more than 1'),
  clearForMinutes: z.int().min(1, 'must be 1 or more').max(A_DAY_MINUTES),
  clearForMinutesOfHours: z
    .int()
    .min(60, 'must be 60 or more')
    .max(7 * A_DAY_MINUTES),
  allowedSmsCountries: z
    .array(z.string().regex(/^[A-Z]{2}$/, 'must be two capital letters (ISO 3166-1)'))
    .max(250)
    .describe('to which SMS may be sent'),
  smsPriceText: z.strictObject({ da: fields.text(100), en: fields.text(100) }),
  dataGap: z.strictObject({
    activeMinutes: z.int().min(1).max(60),
    silentMinutes: z.int().min(1).max(1_440),
  }),
} satisfies {
  readonly [Field in keyof Omit<Policy, 'version' | 'rules' | 'modes'>]: z.ZodType<Policy[Field]>;
};

const ruleId = z.enum(Object.keys(SETTINGS) as [RuleId, ...RuleId[]]);

/** Any of a rule's settings. */
const CHANGES = Object.fromEntries(
  Object.entries(SETTINGS).map(([id, settings]) => [id, (settings as z.ZodObject).partial()]),
) as Record<RuleId, z.ZodObject>;

const agreed = {
  integrationId: fields.identifier(100),
  organizationId: fields
    .identifier(64)
    .exactOptional()
    .describe('left out: on all agreements of the integration'),
  until: fields.instant,
  who: fields.text(100).describe('who agreed on it: a role, a team or a case, no person by name'),
  why: fields.text(500),
};

const override = z.strictObject({
  ...agreed,
  rule: ruleId,
  settings: z.record(z.string(), z.unknown()).describe('any of the rule’s settings; `thresholds` as a whole'),
  from: fields.instant.exactOptional().describe('left out: as soon as the version is in force'),
});
const suppression = z.strictObject({
  ...agreed,
  rules: z.array(ruleId).min(1).exactOptional().describe('left out: all rules'),
  from: fields.instant,
});
const listOf = <Item extends z.ZodType>(item: Item, description: string) =>
  z.array(item).max(1000).describe(description);
const OVERRIDES = 'settings of one rule for one integration, or one agreement of it';
const SUPPRESSIONS = 'agreed times in which nothing is judged, and whose calls count for nothing afterwards';

export const policyDocument = z.strictObject({
  rules: z.strictObject(SETTINGS),
  ...GENERAL,
  plans: z
    .record(
      fields.identifier(64),
      z.strictObject({
        integrations: z.array(fields.identifier(100)).max(10_000),
        rules: z.strictObject(
          Object.fromEntries(Object.entries(CHANGES).map(([id, change]) => [id, change.exactOptional()])),
        ),
      }),
    )
    .describe('settings that hold for the integrations named; who has a plan is shown its name'),
  overrides: listOf(
    override.superRefine(({ rule, settings }, context) => {
      const { error } = CHANGES[rule].safeParse(settings);
      for (const issue of error?.issues ?? []) {
        context.addIssue({ ...issue, path: ['settings', ...issue.path] });
      }
    }),
    OVERRIDES,
  ),
  suppressions: listOf(suppression, SUPPRESSIONS),
});

const unnamed = { who: true, why: true } as const;

/** What is shown of a policy: to a partner only some rules, and nothing of who agreed on what. */
export const shownDocument = policyDocument.extend({
  rules: z.strictObject(SETTINGS).partial().describe('a partner is shown those that are on'),
  overrides: listOf(override.partial(unnamed), OVERRIDES),
  suppressions: listOf(suppression.partial(unnamed), SUPPRESSIONS),
});
