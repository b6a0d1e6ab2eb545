import { isVersion, kindOfSegment } from './identifier-segment.js';

/**
 * Turns a raw path into its route template: identifiers replaced by names, query cut, so that no id leaves
 * the log.
 */

const LONGEST_ROUTE = 300;

/** A template that the user names, `/v1/{organizationId}/contacts/{contactGuid}`. */
export interface RoutePattern {
  readonly text: string;
  readonly segments: readonly string[];
}

export interface Matched {
  readonly pattern: RoutePattern;
  /** Index of the segment of each parameter. */
  readonly parameters: ReadonlyMap<string, number>;
}

export interface Path {
  /** Decoded where they can be. */
  readonly segments: readonly string[];
  readonly matched: Matched | null;
}

export interface Route {
  readonly route: string;
  /** Raw segments that were replaced, without the agreement's: what the call was about. To be hashed. */
  readonly identifiers: readonly string[];
  readonly endsWithIdentifier: boolean;
}

/** @throws RangeError when the text does not begin with `/`, names a parameter twice or is too long */
export function parseRoutePattern(text: string): RoutePattern {
  const segments = splitPath(text);
  const names = segments.map(parameterOf).filter((name) => name !== null);
  if (!text.startsWith('/') || text.length > LONGEST_ROUTE || /[^!-~]|\?/.test(text)) {
    throw new RangeError(`route "${text.slice(0, 80)}" is not a path such as /v1/{organizationId}/contacts`);
  }
  if (new Set(names).size < names.length) throw new RangeError(`route "${text}" names a parameter twice`);
  return { text: `/${segments.join('/')}`, segments };
}

/**
 * Splits a request target; the first pattern that fits it wins over guessing. Scheme, host, query and
 * fragment are cut.
 */
export function readPath(target: string, patterns: readonly RoutePattern[]): Path {
  const local = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?#]*/i, '');
  const end = local.search(/[?#]/);
  const path = end < 0 ? local : local.slice(0, end);
  const segments = splitPath(path);
  for (let index = 0; index < segments.length; index += 1) segments[index] = decode(segments[index]!);
  for (const pattern of patterns) {
    const matched = match(pattern, segments);
    if (matched) return { segments, matched };
  }
  return { segments, matched: null };
}

/** The segment that holds the agreement, so that it gets its own name. */
export interface AgreementSegment {
  readonly name: string;
  readonly index: number | null;
}

/** The template of a path; at most 300 characters, the rest of a longer one is `{rest}`. */
export function routeOf(path: Path, agreement: AgreementSegment): Route {
  if (path.matched) return routeOfPattern(path, path.matched, agreement);
  const identifiers: string[] = [];
  let endsWithIdentifier = false;
  const written = path.segments.map((segment, index) => {
    const isAgreement = index === agreement.index;
    const replaced = isAgreement ? `{${agreement.name}}` : replace(segment, path.segments[index - 1]);
    endsWithIdentifier = !isAgreement && replaced !== segment;
    if (endsWithIdentifier) identifiers.push(segment);
    return replaced;
  });
  return { route: joinShortened(written), identifiers, endsWithIdentifier };
}

function routeOfPattern(path: Path, matched: Matched, agreement: AgreementSegment): Route {
  const others = [...matched.parameters]
    .filter(([name, index]) => name !== agreement.name && index !== agreement.index)
    .map(([, index]) => index);
  return {
    route: matched.pattern.text,
    identifiers: others.map((index) => path.segments[index]!),
    endsWithIdentifier: others.includes(path.segments.length - 1),
  };
}

function match(pattern: RoutePattern, segments: readonly string[]): Matched | null {
  if (pattern.segments.length !== segments.length) return null;
  const parameters = new Map<string, number>();
  for (const [index, expected] of pattern.segments.entries()) {
    const name = parameterOf(expected);
    if (name !== null) parameters.set(name, index);
    else if (expected !== segments[index]) return null;
  }
  return { pattern, parameters };
}

function parameterOf(segment: string): string | null {
  return /^\{(\w{1,50})\}$/.exec(segment)?.[1] ?? null;
}

function replace(segment: string, previous: string | undefined): string {
  // The metadata service of OpenStack (and EC2's) is versioned by date: /openstack/2013-10-17/meta_data.json.
  if (previous === 'openstack' && /^\d{4}-\d\d-\d\d$/.test(segment)) return segment;
  const kind = kindOfSegment(segment);
  if (kind === 'date') return '{date}';
  if (kind === 'identifier') return '{id}';
  if (kind === 'value') return '{value}';
  const odata = /^(\w{1,60})\(.*\)$/.exec(segment);
  if (odata) return `${odata[1]}({id})`;
  const file = /^(.+)\.([a-z]\w{0,5})$/i.exec(segment);
  if (file && kindOfSegment(file[1]!) !== 'literal') return `{id}.${file[2]}`;
  return segment;
}

/** Empty segments and matrix parameters (`;jsessionid=…`) fall away. By hand: it is done for each call of somebody's API. */
function splitPath(path: string): string[] {
  const segments: string[] = [];
  for (let start = 0; start < path.length;) {
    const slash = path.indexOf('/', start);
    const end = slash < 0 ? path.length : slash;
    const segment = path.slice(start, end);
    const semicolon = segment.indexOf(';');
    const kept = semicolon < 0 ? segment : segment.slice(0, semicolon);
    if (kept !== '') segments.push(kept);
    start = end + 1;
  }
  return segments;
}

function decode(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function joinShortened(segments: readonly string[]): string {
  const whole = `/${segments.join('/')}`;
  if (whole.length <= LONGEST_ROUTE) return whole;
  const cut = whole.lastIndexOf('/', LONGEST_ROUTE - '/{rest}'.length);
  return `${whole.slice(0, cut)}/{rest}`;
}

/** The index of the agreement by custom: the all-digit segment that opens the path or follows its version. */
export function agreementIndexByCustom(segments: readonly string[]): number | null {
  const index = segments.findIndex((segment) => /^\d{1,20}$/.test(segment));
  return index === 0 || (index > 0 && isVersion(segments[index - 1]!)) ? index : null;
}
