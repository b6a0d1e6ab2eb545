import { parseDocument, stringify } from 'yaml';
import type { ShownDocument } from './compare-policies.js';

/** A policy as YAML, which is how people read and write it. `base` is the version that the text was written from. */

export class YamlRefused extends Error {}

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
  const parsed = parseDocument(text);
  const [error] = parsed.errors;
  if (error) throw new YamlRefused(error.message.split('\n')[0]!.replace(/:$/, ''));
  let value: unknown;
  try {
    value = parsed.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    // An alias without anchor, or too many of them: the library says so by an error of its own.
    throw new YamlRefused(cause instanceof Error ? cause.message : 'cannot be read');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { base: undefined, written: value };
  const { base, ...written } = value as Record<string, unknown>;
  return { base, written };
}
