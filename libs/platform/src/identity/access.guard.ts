import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Problem } from '../http/problem.js';
import type { RouteDefinition } from '../http/route.js';
import { ROUTE, type RequestWithActor } from '../http/route.decorator.js';
import type { Tokens } from './tokens.service.js';

export const SESSION_COOKIE = 'taxameter_session';

/** Lets a request through when its token has a role that the route names. A route without a definition is closed. */
export class AccessGuard implements CanActivate {
  constructor(private readonly tokens: Tokens) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const definition = Reflect.getMetadata(ROUTE, context.getHandler()) as RouteDefinition | undefined;
    if (!definition)
      throw new Problem(403, 'route-without-role', 'this route names no role and is therefore closed');
    if (definition.roles === 'public') return true;
    const request = context.switchToHttp().getRequest<RequestWithActor>();
    const secret = secretOf(request);
    const actor = secret === null ? null : await this.tokens.authenticate(secret);
    if (!actor || actor.role === 'system') {
      throw new Problem(
        401,
        'not-signed-in',
        'send a valid token as "Authorization: Bearer …"',
        {},
        {
          'www-authenticate': 'Bearer realm="taxameter"',
        },
      );
    }
    if (actor.role !== 'admin' && !definition.roles.includes(actor.role)) {
      throw new Problem(
        403,
        'wrong-role',
        `this route is for ${definition.roles.join(', ')}; the token's role is ${actor.role}`,
      );
    }
    request.actor = actor;
    return true;
  }
}

function secretOf(request: RequestWithActor): string | null {
  const header = request.headers.authorization;
  if (header !== undefined) return /^Bearer ([!-~]{1,500})$/i.exec(header)?.[1] ?? null;
  const cookie = request.headers.cookie?.split(/; */).find((part) => part.startsWith(`${SESSION_COOKIE}=`));
  if (!cookie) return null;
  // A cookie travels with requests that other sites cause, so a write must come from our own page.
  if (request.method !== 'GET' && request.headers['sec-fetch-site'] !== 'same-origin') {
    if (request.headers.origin !== `${request.protocol}://${request.host}`) return null;
  }
  return cookie.slice(SESSION_COOKIE.length + 1);
}
