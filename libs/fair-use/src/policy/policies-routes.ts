/** The routes of policies as values: who may call what, what goes in, what comes out. */
import { fields } from '@taxameter/contracts';
import { defineRoute, pageOf, pageQuery } from '@taxameter/platform';
import { z } from 'zod';
import { shownDocument } from './policy-schema.js';
import { VERSION_STATES } from './show-policy.js';

const direction = z
  .enum(['sharper', 'milder', 'mixed', 'neither'])
  .describe('for partners; mixed: sharper for some or in some respect');

const comparison = {
  changes: z.array(
    z.object({
      path: z.string().describe('an item of a list by what identifies it'),
      before: z.unknown().describe('null: was not there'),
      after: z.unknown().describe('null: is no longer there'),
      direction,
      text: z.object({ da: z.string(), en: z.string() }),
    }),
  ),
  rules: z.array(z.object({ ruleId: z.string(), direction })).describe('those that any change concerns'),
};

const version = z.object({
  version: z.int(),
  state: z.enum(VERSION_STATES).describe('overtaken: planned, and replaced before it began'),
  effectiveFrom: fields.instant.nullable().describe('minutes that begin then or later; null: always'),
  createdAt: fields.instant.nullable().describe('null: comes with the software'),
  who: z.string().nullable().describe('the token that decided it; null for a partner'),
  why: z.string().nullable().describe('null for a partner'),
});

export const getPolicies = defineRoute({
  method: 'GET',
  path: '/v1/policies',
  summary: 'The versions of the policy with what each changed, newest first',
  description:
    'A partner sees what concerns all and what is agreed with its own integrations; not who decided, and no rule in shadow.',
  roles: ['ops', 'finance', 'partner'],
  query: z.object({
    ...pageQuery,
    cursor: z.coerce.number().int().min(1).optional().describe('nextCursor of the page before'),
  }),
  responses: {
    200: { description: 'A page of versions', schema: pageOf(version.extend(comparison)) },
  },
});

export const getPolicy = defineRoute({
  method: 'GET',
  path: '/v1/policies/:version',
  summary: 'One version of the policy, as JSON or YAML',
  description:
    '`in-force` is the version by which the present minute is judged; `4.yaml` is the same as `4?format=yaml`. The YAML has the version as ' +
    '`base`, as `POST /v1/policies` takes it. A partner sees the part that concerns it.',
  roles: ['ops', 'finance', 'partner'],
  params: z.object({
    version: z.string().regex(/^(in-force|[1-9]\d{0,8})(\.yaml)?$/, 'is neither a version nor `in-force`'),
  }),
  query: z.object({ format: z.enum(['json', 'yaml']).optional() }),
  responses: {
    200: {
      description: 'The version',
      schema: version.extend({ document: shownDocument }),
      alsoAs: ['application/yaml'],
    },
  },
});

export const writtenPolicy = {
  base: z
    .int()
    .min(1)
    .optional()
    .describe('the version from which the text was written; left out: `base` in the YAML'),
  document: z.record(z.string(), z.unknown()).optional().describe('the whole policy, as `GET` gives it'),
  yaml: z.string().min(1).max(300_000).optional().describe('the same as YAML, in place of `document`'),
  effectiveFrom: fields.instant
    .optional()
    .describe('left out: the next whole minute after everything that may have been judged'),
};

const outcome = {
  effectiveFrom: fields.instant,
  ...comparison,
  sharper: z.boolean().describe('somebody is judged more sharply'),
};

export const postPolicyDiff = defineRoute({
  method: 'POST',
  path: '/v1/policies/diff',
  summary: 'Tells what a policy would change, and decides nothing',
  description:
    'Compared with what would hold without it when it begins. 422 with the path of each problem when it cannot be a policy.',
  roles: ['ops'],
  body: z.strictObject(writtenPolicy),
  responses: {
    200: {
      description: 'What would change',
      schema: z.object({
        base: z.int().nullable(),
        newest: z.int().describe('the version that `base` must be'),
        stale: z.boolean().describe('`base` is another: it would be refused'),
        ...outcome,
        effectiveForOps: fields.instant.describe('when ops may let it begin; admin from `effectiveFrom` on'),
      }),
    },
  },
});

export const postPolicy = defineRoute({
  method: 'POST',
  path: '/v1/policies',
  summary: 'Decides a new version of the policy',
  description:
    'The old one stays in force when this is refused: 422 with the path of each problem, 409 when `base` is not the newest version. Ops may ' +
    'decide what is milder or changes nothing for partners at once, and what is sharper for anybody with 30 days’ notice; admin decides at any time ' +
    '(403 otherwise). No version takes hold of a minute that may have been judged. A version overtakes those that are planned for later.',
  roles: ['ops'],
  body: z.strictObject({ ...writtenPolicy, why: fields.text(500).describe('kept for ever: name no person') }),
  command: true,
  responses: {
    201: {
      description: 'The version',
      schema: z.object({
        version: z.int(),
        ...outcome,
        overtakes: z.array(z.int()).describe('planned versions that now never begin'),
      }),
    },
  },
});

export type VersionShown = z.input<typeof version>;
