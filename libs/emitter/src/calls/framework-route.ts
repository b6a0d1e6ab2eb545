import { agreementIndexByCustom, parseRoutePattern, readPath, routeOf } from '../routes/route-template.js';
import type { RoutePattern } from '../routes/route-template.js';

/** From the route as a framework writes it to the template of the contract: `/v1/:id` is `/v1/{id}`. */

/** The template of a call that no route took: paths that somebody makes up must not become names. */
export const UNMATCHED = '/{unmatched}';

/**
 * Fastify's and Express's spelling as a template: parameters, those with a pattern (`:id(\\d+)`), wildcards (`*`,
 * `*path`), optional parts (`{/:id}` of Express 5).
 */
export function templateOf(pattern: string): string {
  const template = pattern
    .replace(/\{(\/[^{}]*)\}/g, '$1')
    .replace(/:(\w{1,50})(\((?:[^()\\]|\\.|\([^()]*\))*\))?\??/g, '{$1}')
    .replace(/(^|\/)\*(\w{0,50})/g, (_all, slash: string, name: string) => `${slash}{${name || 'rest'}}`);
  return template.startsWith('/') ? template : `/${template}`;
}

/** A template that can be held against paths, or null where it is none (300 characters, a name twice). */
export function patternOf(template: string): RoutePattern | null {
  try {
    return parseRoutePattern(template);
  } catch {
    return null;
  }
}

/**
 * The route of Express, which knows only the last part of it: where a router is mounted stands in the path as it
 * came, so that part is written as the importer writes a raw path, with the agreement under its name.
 * @param path as it came, without query
 * @param part `request.route.path`
 */
export function routeOfExpress(path: string, part: string, organizationId: string | null): string {
  const own = templateOf(part);
  const count = own.split('/').filter((segment) => segment !== '').length;
  const { segments } = readPath(path, []);
  const mount = segments.slice(0, Math.max(0, segments.length - count));
  if (mount.length === 0) return own;
  const said = organizationId === null ? -1 : mount.indexOf(organizationId);
  const index = said < 0 ? agreementIndexByCustom(mount) : said;
  const prefix = routeOf({ segments: mount, matched: null }, { name: 'organizationId', index });
  return own === '/' ? prefix.route : `${prefix.route}${own}`;
}
