import { Controller, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Problem } from '../http/problem.js';
import { defineRoute } from '../http/route.js';
import { Input, Route, type CallOf } from '../http/route.decorator.js';
import { SESSION_COOKIE } from './access.guard.js';
import { SESSION_MS, Tokens } from './tokens.service.js';

export const openSession = defineRoute({
  method: 'POST',
  path: '/v1/session',
  summary: 'Trade the secret of a set-up link for a session cookie',
  roles: 'public',
  body: z.object({ setup: z.string().min(20).max(100) }),
  responses: { 200: { description: 'Signed in', schema: z.object({ role: z.literal('admin') }) } },
});

@Controller()
export class SessionController {
  constructor(@Inject(Tokens) private readonly tokens: Tokens) {}

  @Route(openSession)
  async open(@Input() { body }: CallOf<typeof openSession>, @Res({ passthrough: true }) reply: FastifyReply) {
    const secret = await this.tokens.useSetupLink(body.setup);
    if (secret === null) {
      throw new Problem(
        401,
        'setup-link-used',
        'this link was used or is too old: "npm run taxameter -- link" makes a new one',
      );
    }
    void reply.header(
      'set-cookie',
      `${SESSION_COOKIE}=${secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${SESSION_MS / 1000}`,
    );
    return { role: 'admin' as const };
  }
}
