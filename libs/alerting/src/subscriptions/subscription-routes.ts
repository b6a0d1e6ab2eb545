import { fields, SEVERITIES } from '@taxameter/contracts';
import { defineRoute, pageOf, pageQuery } from '@taxameter/platform';
import { z } from 'zod';
import { deliverySchema } from '../alerts/alert.js';
import { breachNotification } from '../alerts/notification.js';
import { leakNotification } from '../leaks/leak-notification.js';
import { groupNotification, stormNotification } from '../grouping/group-messages.js';
import { headSchema } from '../news/head.js';
import { FACT_KINDS } from '../news/news.js';
import { CHANNELS } from './check-target.js';

/** What can be done with subscriptions over HTTP. */

const params = z.object({ id: z.string().regex(/^sub_[0-9a-f]{32}$/, 'is not the id of a subscription') });

/** A group that waits longer than this is no alert any more. */
const MAX_WAIT_MS = 600_000;
const MAX_INTERVAL_MS = 3_600_000;
const grouping = z.strictObject({
  waitMs: z.int().min(0).max(MAX_WAIT_MS).default(30_000),
  intervalMs: z.int().min(0).max(MAX_INTERVAL_MS).default(300_000),
});

const wanted = {
  kinds: z
    .array(z.enum(FACT_KINDS))
    .min(1)
    .max(FACT_KINDS.length)
    .default(['breach', 'leak'])
    .describe(
      'breach: a rule was broken, or is broken more severely; breach_resolved: that is over, told to those who were told that it ' +
        'began; leak: a block lets calls through, severity error, and that it is over',
    ),
  minSeverity: z.enum(SEVERITIES),
  rules: z
    .array(fields.identifier(64))
    .min(1)
    .max(50)
    .nullable()
    .default(null)
    .describe('narrows breaches, not leaks; null: all'),
  integrationIds: z.array(fields.identifier(100)).min(1).max(500).nullable().default(null),
  organizationIds: z
    .array(fields.identifier(64))
    .min(1)
    .max(500)
    .nullable()
    .default(null)
    .describe(
      'agreements; narrows breaches, not leaks, and leaves out breaches of an integration as a whole',
    ),
  language: z.enum(['da', 'en']).default('da'),
  grouping: grouping
    .nullable()
    .optional()
    .describe(
      'one message for each integration: so long after its first news, and so long after the message before; more than 20 integrations in ' +
        'ten minutes are one message. null: each piece of news by itself, at once. Default: mail is grouped, webhooks are not',
    ),
};
const target = {
  channel: z.enum(CHANNELS).default('webhook').describe('cannot be changed later'),
  url: z.string().max(2_000).nullable().default(null).describe('of the channel webhook'),
  email: z.email().max(254).nullable().default(null).describe('one mailbox, of the channel email'),
};

const subscription = z.object({
  id: z.string(),
  version: z.number(),
  channel: z.enum(CHANNELS),
  url: z.string().nullable(),
  email: z.string().nullable(),
  kinds: z.array(z.enum(FACT_KINDS)),
  minSeverity: z.enum(SEVERITIES),
  rules: z.array(z.string()).nullable(),
  integrationIds: z.array(z.string()).nullable(),
  organizationIds: z.array(z.string()).nullable(),
  language: z.enum(['da', 'en']),
  grouping: grouping.nullable(),
  state: z.enum(['active', 'disabled']),
  disabledReason: z.string().nullable(),
  createdAt: fields.instant,
});
const secret = z
  .string()
  .nullable()
  .describe(
    'whsec_…: kept by the caller. null for mail, which is not signed, and where an Idempotency-Key is sent a second time: it is shown once',
  );
const refused = {
  description: 'A filter can match nothing, or no mail can be sent: `errors` names field, rule and reason',
};

export const createSubscription = defineRoute({
  method: 'POST',
  path: '/v1/alerts/subscriptions',
  summary: 'Subscribe a URL or a mailbox to alerts; the answer holds the signing secret of a URL, once',
  roles: ['ops'],
  command: true,
  body: z.strictObject({ ...target, ...wanted }),
  responses: {
    201: { description: 'Subscribed', schema: subscription.extend({ secret }) },
    422: refused,
  },
  webhooks: {
    breach: {
      description: 'A rule was broken, or is broken more severely, or that is over; or a test of the way',
      schema: breachNotification,
    },
    group: { description: 'Several alerts of one integration', schema: groupNotification },
    storm: { description: 'More than 20 integrations within ten minutes', schema: stormNotification },
    leak: {
      description: 'A block began to let calls through; or that is over, once for each time it began',
      schema: leakNotification,
    },
  },
});

export const changeSubscription = defineRoute({
  method: 'PUT',
  path: '/v1/alerts/subscriptions/:id',
  summary: 'Change all of a subscription but its channel and its secret',
  description:
    'What is left out takes its default. A subscription that its receiver disabled is active again when it is given another URL. ' +
    'The channel stays as it is.',
  roles: ['ops'],
  command: true,
  params,
  body: z.strictObject({
    ...target,
    ...wanted,
    version: z.int().min(1).describe('the version you saw; 409 when it is another by now'),
  }),
  responses: {
    200: { description: 'As it is now', schema: subscription },
    409: { description: 'Somebody changed it meanwhile' },
    422: refused,
  },
});

export const listSubscriptions = defineRoute({
  method: 'GET',
  path: '/v1/alerts/subscriptions',
  summary: 'All subscriptions (at most 100), each with its newest delivery',
  roles: ['ops'],
  responses: {
    200: {
      description: 'The subscriptions, oldest first',
      schema: z.object({
        items: z.array(subscription.extend({ newestDelivery: deliverySchema.nullable() })),
        nextCursor: z.null(),
      }),
    },
  },
});

export const removeSubscription = defineRoute({
  method: 'DELETE',
  path: '/v1/alerts/subscriptions/:id',
  summary: 'Remove a subscription; what waits for it is not sent',
  roles: ['ops'],
  command: true,
  params,
  responses: { 204: { description: 'Removed' } },
});

export const rotateSecret = defineRoute({
  method: 'POST',
  path: '/v1/alerts/subscriptions/:id/secret',
  summary: 'Make a new secret; the one before signs beside it for 24 hours',
  roles: ['ops'],
  command: true,
  params,
  responses: { 200: { description: 'The new secret', schema: z.object({ id: z.string(), secret }) } },
});

export const testSubscription = defineRoute({
  method: 'POST',
  path: '/v1/alerts/subscriptions/:id/test',
  summary: 'Send a test alert (type fairuse.test)',
  roles: ['ops'],
  command: true,
  params,
  responses: {
    202: { description: 'It will be sent', schema: z.object({ deliveryId: z.string() }) },
  },
});

export const previewSubscription = defineRoute({
  method: 'GET',
  path: '/v1/alerts/subscriptions/:id/preview',
  summary: 'What of the last days this subscription would have been told, newest first',
  description:
    'As the subscription is now, whoever was told then. A page looks at 2,000 pieces of news at most, so it may hold fewer ' +
    'items than `limit` and still have a next one.',
  roles: ['ops'],
  params,
  query: z.object({ days: z.coerce.number().int().min(1).max(31).default(7), ...pageQuery }),
  responses: {
    200: {
      description: 'A page of what would have been told',
      schema: pageOf(headSchema),
    },
  },
});

export const NOTICE_STATES = ['told', 'folded', 'waiting', 'muted'] as const;

export const listNotices = defineRoute({
  method: 'GET',
  path: '/v1/alerts/subscriptions/:id/notices',
  summary: 'What became of each piece of news that a subscription wants, newest first',
  roles: ['ops'],
  params,
  query: z.object({
    state: z.enum(NOTICE_STATES).optional(),
    deliveryId: fields.identifier(100).optional().describe('what one message told'),
    ...pageQuery,
  }),
  responses: {
    200: {
      description: 'A page of news',
      schema: pageOf(
        headSchema.extend({
          state: z
            .enum(NOTICE_STATES)
            .describe('folded: named in a message about a storm; waiting: for what belongs with it'),
          reason: z
            .enum(['flapping', 'opening_muted', 'inhibited', 'cool_down'])
            .nullable()
            .describe(
              'why it is muted. flapping: it comes and goes and that was said within 24 hours; opening_muted: that it began was not ' +
                'told; inhibited: RATE_DAY of the same agreement is told; cool_down: the same at the same severity was told within 4 hours',
            ),
          deliveryId: z.string().nullable(),
        }),
      ),
    },
  },
});
