import type { ApiCall } from '@taxameter/contracts';
import type { Route } from './route-template.js';

/**
 * Decides what kind of operation a call was: the fair-use rules treat lists, items and writes differently.
 */

export type Operation = ApiCall['operation'];

const OPERATIONS: readonly Operation[] = ['list', 'item', 'write', 'action', 'file', 'auth', 'other'];
const WRITES = ['POST', 'PUT', 'PATCH', 'DELETE'];

/** What the user said of a method and route, by `METHOD ROUTE`. */
export type Operations = ReadonlyMap<string, Operation>;

/**
 * Reads `GET /v1/{organizationId}/contacts=list`.
 * @throws RangeError when it is not that, or the operation is none of the contract's
 */
export function parseOperations(texts: readonly string[]): Operations {
  return new Map(
    texts.map((text) => {
      const parts = /^([A-Z]+) (\/\S*)=(\w+)$/.exec(text);
      if (!parts || !(OPERATIONS as readonly string[]).includes(parts[3]!)) {
        throw new RangeError(
          `operation "${text}" is not such as "GET /v1/{id}/contacts=list" (${OPERATIONS.join(', ')})`,
        );
      }
      return [`${parts[1]} ${parts[2]}`, parts[3] as Operation];
    }),
  );
}

/** HEAD and OPTIONS read nothing that could be polled, so they are `other`. */
export function operationOf(
  method: string,
  route: Pick<Route, 'route' | 'endsWithIdentifier'>,
  operations: Operations,
): Operation {
  const said = operations.get(`${method} ${route.route}`);
  if (said) return said;
  if (WRITES.includes(method)) return 'write';
  if (method !== 'GET') return 'other';
  if (route.endsWithIdentifier) return 'item';
  return isCollection(route.route.slice(route.route.lastIndexOf('/') + 1)) ? 'list' : 'other';
}

/**
 * `detail` is OpenStack's list with all fields. Singulars in -ss, -us and -is (access, status, analysis)
 * and SMS are none.
 */
function isCollection(segment: string): boolean {
  return segment === 'detail' || (/^[\w-]+[^\Wsui]s$/i.test(segment) && !/(^|[-_])sms$/i.test(segment));
}
