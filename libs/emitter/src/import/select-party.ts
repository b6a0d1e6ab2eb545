import type { LoggedCall } from '../formats/logged-call.js';
import { agreementIndexByCustom } from '../routes/route-template.js';
import type { Path } from '../routes/route-template.js';

/** Decides which integration made a call and for which agreement, by selectors that the user can set. */

export interface Party {
  readonly id: string;
  /** Index of the path segment it was taken from; null when it came from elsewhere. */
  readonly segment: number | null;
}

export type SelectParty = (call: LoggedCall, path: Path) => Party | null;

/** Keyed hash of a value for a purpose, as lower-case hex of the given length. */
export type KeyedHash = (purpose: string, value: string, length: number) => string;

export const SELECTORS =
  'remote-user, user, tenant, field:NAME, user-agent, ip, path, path:N, path:NAME, const:VALUE, none';

/**
 * Reads `remote-user,user-agent`: the first selector that finds something decides.
 * @throws RangeError for a selector that is none
 */
export function parseSelector(text: string, hash: KeyedHash): SelectParty {
  const choices = text.split(',').map((choice) => parseChoice(choice.trim(), hash));
  return (call, path) => {
    for (const choose of choices) {
      const party = choose(call, path);
      if (party) return party;
    }
    return null;
  };
}

function parseChoice(choice: string, hash: KeyedHash): SelectParty {
  const [kind, argument] = splitOnce(choice);
  switch (kind) {
    case 'none':
      return () => null;
    case 'const':
      return () => elsewhere(argument);
    case 'remote-user':
    case 'user':
    case 'tenant':
      return (call) => elsewhere(call.field(kind));
    case 'field':
      return (call) => elsewhere(call.field(argument));
    case 'user-agent':
      return (call) => elsewhere(productOf(call.userAgent ?? ''));
    case 'ip':
      return (call) => elsewhere(call.ip && `ip_${hash('integration-by-ip', call.ip, 16)}`);
    case 'path':
      return parsePathChoice(argument);
    default:
      throw new RangeError(`"${choice}" does not select anything; known are ${SELECTORS}`);
  }
}

function parsePathChoice(argument: string): SelectParty {
  const at = (path: Path, index: number | null | undefined): Party | null => {
    const id = index === null || index === undefined ? undefined : path.segments[index];
    return id === undefined ? null : { id: printable(id), segment: index! };
  };
  // A named route says where its parameters are, so custom is not asked then.
  if (argument === '') {
    return (_call, path) => at(path, path.matched ? null : agreementIndexByCustom(path.segments));
  }
  if (/^\d+$/.test(argument)) return (_call, path) => at(path, Number(argument) - 1);
  return (_call, path) => at(path, path.matched?.parameters.get(argument));
}

function elsewhere(id: string | null): Party | null {
  return id === null || id === '' ? null : { id: printable(id), segment: null };
}

/** `Eksempel/1.4 (+https://…)` is `Eksempel`. */
function productOf(userAgent: string): string {
  return /^[^\s/(;"]+/.exec(userAgent)?.[0] ?? '';
}

/**
 * What an identifier may not hold (blank, `|`, non-ASCII) is written as in a URL, so `Firma Æ` stays
 * tellable.
 */
function printable(id: string): string {
  return id.replace(/[^!-{}~]/gu, (character) => {
    const isHalfPair = character.length === 1 && /\p{Cs}/u.test(character);
    return isHalfPair ? '%EF%BF%BD' : character === '|' ? '%7C' : encodeURIComponent(character);
  });
}

function splitOnce(choice: string): [string, string] {
  const colon = choice.indexOf(':');
  return colon < 0 ? [choice, ''] : [choice.slice(0, colon), choice.slice(colon + 1)];
}
