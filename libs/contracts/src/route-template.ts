/** Route templates of `api_call` and of restrictions: `/v1/{organizationId}/contacts/{id}`. */

/**
 * Whether two templates are the same route. Names of parameters do not matter (`/v1/{id}` is `/v1/{organizationId}`), nor does a slash
 * at the end: whoever refuses calls and whoever counts them must mean the same ones.
 */
export function isSameRoute(one: string, other: string): boolean {
  const [left, right] = [segmentsOf(one), segmentsOf(other)];
  return (
    left.length === right.length &&
    left.every((segment, index) => {
      const opposite = right[index]!;
      return segment === opposite || (isParameter(segment) && isParameter(opposite));
    })
  );
}

function segmentsOf(template: string): string[] {
  return template.split('/').filter((segment) => segment !== '');
}

function isParameter(segment: string): boolean {
  return segment.startsWith('{') && segment.endsWith('}');
}
