import { isScalar, Lexer, LineCounter, parseDocument, stringify, visit, type Document } from 'yaml';
import type { ShownDocument } from './compare-policies.js';

/** A policy as YAML, which is how people read and write it. `base` is the version that the text was written from. */

export class YamlRefused extends Error {}

/**
 * What is nested very deeply ends the process: the library calls itself for each level, and V8 aborts where it has to compile a
 * regular expression at the end of the stack. So it is given nothing that nobody would write: a policy is six levels deep.
 */
const MAX_LINE = 1000;
const MAX_INDENT = 60;
const MAX_BRACKETS = 30;

/** @param base the version that holds this document */
export function toYaml(document: ShownDocument, base: number): string {
  const head =
    '# base: the version that this text was made from. Apply refuses it when there is a newer one by then.\n';
  return head + stringify({ base, ...document }, { lineWidth: 120, aliasDuplicateObjects: false });
}

/**
 * The written values; whether they are a policy is for `readPolicy` to say.
 * @throws YamlRefused with the line and what is wrong there
 */
export function fromYaml(text: string): { readonly base: unknown; readonly written: unknown } {
  const value = text.trimStart().startsWith('{') ? ofJson(text) : ofYaml(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { base: undefined, written: value };
  const { base, ...written } = value as Record<string, unknown>;
  return { base, written };
}

function ofJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // Braces begin a mapping of YAML too, with keys that JSON would want in quotes.
    if (cause instanceof SyntaxError) return ofYaml(text);
    throw cause;
  }
}

function ofYaml(text: string): unknown {
  refuseDeep(text);
  try {
    const lines = new LineCounter();
    // The library compares each key with all before it, which takes minutes where there are tens of thousands.
    const parsed = parseDocument(text, { lineCounter: lines, uniqueKeys: false });
    const [error] = parsed.errors;
    if (error) throw error;
    refuseTwice(parsed, lines);
    return parsed.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    // An alias without anchor, too many of them, or brackets that are too deep, besides what is no YAML.
    const { message } = cause as Error;
    throw new YamlRefused(message.split('\n')[0]!.replace(/:$/, ''));
  }
}

/** @throws Error naming the line of a key that stands twice in one mapping: the first would be lost without a word */
function refuseTwice(parsed: Document, lines: LineCounter): void {
  visit(parsed, {
    Map(_key, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        const name = isScalar(key) ? key.value : key;
        if (seen.has(name)) {
          const { line } = lines.linePos((isScalar(key) ? key.range?.[0] : undefined) ?? 0);
          throw new Error(`${String(name)} stands twice at line ${line}: map keys must be unique`);
        }
        seen.add(name);
      }
    },
  });
}

/** @throws YamlRefused naming the line, where it is known */
function refuseDeep(text: string): void {
  for (const [index, line] of text.split('\n').entries()) {
    const refuse = (what: string) => new YamlRefused(`line ${index + 1} ${what}`);
    if (line.length > MAX_LINE) throw refuse(`has more than ${MAX_LINE} characters: break it, or write JSON`);
    // Lists and mappings that begin on the line, one in the other, count as indentation.
    if (/^[\s?:-]*/.exec(line)![0].length > MAX_INDENT) {
      throw refuse(`is indented by more than ${MAX_INDENT} characters`);
    }
  }
  let open = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') open += 1;
    if (token === ']' || token === '}') open = Math.max(0, open - 1);
    if (open > MAX_BRACKETS) throw new YamlRefused(`opens more than ${MAX_BRACKETS} brackets in each other`);
  }
}
