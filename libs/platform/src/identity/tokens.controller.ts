import { Controller, Inject } from '@nestjs/common';
import { fields } from '@taxameter/contracts';
import { z } from 'zod';
import { CLOCK, type Clock } from '../clock.js';
import { ROLES } from '../database/actor.js';
import { invalidInput, notFound } from '../http/problem.js';
import { defineRoute } from '../http/route.js';
import { Input, Route, type CallOf } from '../http/route.decorator.js';
import { Tokens } from './tokens.service.js';

const tokenInfo = z.object({
  id: z.string(),
  role: z.enum(ROLES),
  partnerId: z.string().nullable(),
  name: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
});

export const createToken = defineRoute({
  method: 'POST',
  path: '/v1/tokens',
  summary: 'Create a token; its text is shown once',
  roles: ['admin'],
  body: z.object({
    role: z.enum(ROLES),
    partnerId: fields.identifier(64).optional().describe('for the role partner, and only for it'),
    name: fields.text(100).describe('who or what uses it'),
    days: z.int().min(1).max(3650).default(365).describe('how long it is good'),
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
  summary: 'List tokens, without their text',
  roles: ['admin'],
  responses: {
    200: { description: 'All tokens, newest first', schema: z.object({ items: z.array(tokenInfo) }) },
  },
});

export const revokeToken = defineRoute({
  method: 'DELETE',
  path: '/v1/tokens/:tokenId',
  summary: 'Revoke a token at once',
  roles: ['admin'],
  params: z.object({ tokenId: fields.identifier(64) }),
  responses: { 200: { description: 'Revoked', schema: z.object({ revoked: z.literal(true) }) } },
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
  async create(@Input() { body }: CallOf<typeof createToken>) {
    if ((body.role === 'partner') !== (body.partnerId !== undefined)) {
      throw invalidInput([{ field: 'partnerId', reason: 'goes with the role partner, and only with it' }]);
    }
    const expiresAt = new Date(this.clock.now().getTime() + body.days * 86_400_000);
    const { partnerId, role, name } = body;
    const { id, secret } = await this.tokens.issue({
      role,
      name,
      expiresAt,
      ...(partnerId !== undefined && { partnerId }),
    });
    return { id, token: secret, expiresAt: expiresAt.toISOString() };
  }

  @Route(listTokens)
  async list() {
    return { items: await this.tokens.list() };
  }

  @Route(revokeToken)
  async revoke(@Input() { params }: CallOf<typeof revokeToken>) {
    if (!(await this.tokens.revoke(params.tokenId)))
      throw notFound(`token ${params.tokenId} that is still good`);
    return { revoked: true as const };
  }

  @Route(createSetupLink)
  async link() {
    return { path: `/#setup=${await this.tokens.createSetupLink()}` };
  }
}
