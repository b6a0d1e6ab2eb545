import { Controller, Inject } from '@nestjs/common';
import { fields } from '@taxameter/contracts';
import { z } from 'zod';
import { CLOCK, type Clock } from '../clock.js';
import { ROLES, type Actor, type Role } from '../database/actor.js';
import { invalidInput, notFound } from '../http/problem.js';
import { defineRoute } from '../http/route.js';
import { Input, Route, type CallOf } from '../http/route.decorator.js';
import { MOST_TOKENS_OF_PARTNER, Tokens } from './tokens.service.js';

const MOST_DAYS_OF_PARTNER = 365;

const tokenInfo = z.object({
  id: z.string(),
  role: z.enum(ROLES),
  partnerId: z.string().nullable(),
  name: z.string(),
  createdBy: z
    .string()
    .nullable()
    .describe('the token that asked for it; null: the system, or before this was kept'),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
});

export const createToken = defineRoute({
  method: 'POST',
  path: '/v1/tokens',
  summary: 'Create a token; its text is shown once',
  description:
    `A partner makes tokens for itself, with the role partner, and has at most ${MOST_TOKENS_OF_PARTNER} good ones. ` +
    'To change a token without a gap: create the new one, put it to use, revoke the old one. What a stolen one has made goes with ' +
    'it by `withMade`.',
  roles: ['admin', 'partner'],
  body: z.object({
    role: z.enum(ROLES),
    partnerId: fields
      .identifier(64)
      .optional()
      .describe('for the role partner, and only for it; a partner may leave it out'),
    name: fields.text(100).describe('who or what uses it'),
    days: z.int().min(1).max(3650).default(365).describe('how long it is good; for a partner at most 365'),
  }),
  responses: {
    201: {
      description: 'Created',
      schema: z.object({ id: z.string(), token: z.string(), expiresAt: z.iso.datetime() }),
    },
  },
});

export const listTokens = defineRoute({
  method: 'GET',
  path: '/v1/tokens',
  summary: 'List tokens, without their text, the good ones first; a partner sees its own',
  roles: ['admin', 'partner'],
  responses: {
    200: { description: 'At most 1,000 tokens', schema: z.object({ items: z.array(tokenInfo) }) },
  },
});

export const revokeToken = defineRoute({
  method: 'DELETE',
  path: '/v1/tokens/:tokenId',
  summary: 'Revoke a token at once; a partner one of its own, also the one it calls with',
  roles: ['admin', 'partner'],
  params: z.object({ tokenId: fields.identifier(64) }),
  query: z.object({
    withMade: z
      .enum(['true', 'false'])
      .default('false')
      .describe('true: also the tokens that it made, and that these made, also when it is dead itself'),
  }),
  responses: {
    200: {
      description: 'Revoked',
      schema: z.object({ revoked: z.literal(true), count: z.int().describe('how many tokens') }),
    },
  },
});

export const createSetupLink = defineRoute({
  method: 'POST',
  path: '/v1/setup-links',
  summary: 'Create a link by which a person signs in to the console once, within 15 minutes',
  roles: ['admin'],
  responses: { 201: { description: 'Created', schema: z.object({ path: z.string() }) } },
});

@Controller()
export class TokensController {
  constructor(
    @Inject(Tokens) private readonly tokens: Tokens,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Route(createToken)
  async create(@Input() { body, actor }: CallOf<typeof createToken>) {
    const { role, name } = body;
    const partnerId = actor.role === 'partner' ? ownPartner(body, actor) : body.partnerId;
    if ((role === 'partner') !== (partnerId !== undefined)) {
      throw invalidInput([{ field: 'partnerId', reason: 'goes with the role partner, and only with it' }]);
    }
    const expiresAt = new Date(this.clock.now().getTime() + body.days * 86_400_000);
    const wanted = { role, name, expiresAt, createdBy: actor.id };
    const { id, secret } =
      actor.role === 'partner'
        ? await this.tokens.issueToPartner({ ...wanted, partnerId: actor.partnerId! })
        : await this.tokens.issue({ ...wanted, ...(partnerId !== undefined && { partnerId }) });
    return { id, token: secret, expiresAt: expiresAt.toISOString() };
  }

  @Route(listTokens)
  async list(@Input() { actor }: CallOf<typeof listTokens>) {
    return { items: await this.tokens.list(actor.partnerId) };
  }

  @Route(revokeToken)
  async revoke(@Input() { params, query, actor }: CallOf<typeof revokeToken>) {
    const count = await this.tokens.revoke(params.tokenId, {
      partnerId: actor.partnerId,
      withMade: query.withMade === 'true',
    });
    if (count === 0) throw notFound(`token ${params.tokenId} that is still good`);
    return { revoked: true as const, count };
  }

  @Route(createSetupLink)
  async link() {
    return { path: `/#setup=${await this.tokens.createSetupLink()}` };
  }
}

/** @throws Problem 400 when a partner asks for more than a token of its own */
function ownPartner(
  body: { readonly role: Role; readonly days: number; readonly partnerId?: string | undefined },
  actor: Actor,
): string {
  const own = actor.partnerId!;
  if (body.days > MOST_DAYS_OF_PARTNER) {
    throw invalidInput([
      { field: 'days', reason: `is more than ${MOST_DAYS_OF_PARTNER}, the most for a partner` },
    ]);
  }
  if (body.role !== 'partner') {
    throw invalidInput([{ field: 'role', reason: 'is not partner: a partner makes tokens for itself only' }]);
  }
  if (body.partnerId !== undefined && body.partnerId !== own) {
    throw invalidInput([
      { field: 'partnerId', reason: `is not ${own}: a partner makes tokens for itself only` },
    ]);
  }
  return own;
}
