import type { Severity } from '@taxameter/contracts';
import type { Diary } from './diary.js';

/** Kinds of invented integrations, each with what fair use must find of it. */

export interface PersonaKind {
  readonly name: string;
  /** Half a sentence for people: an integration that … */
  readonly does: string;
  /** How many of the 200 are such. */
  readonly count: number;
  /** The rules that it must be found by, at this severity or a worse one; none: it is innocent. */
  readonly breaks: Readonly<Record<string, Severity>>;
  /** The rules that are known to judge it wrongly, and why: each stands on the page until the rule is mended. */
  readonly wronglyAccused?: Readonly<Record<string, string>>;
  readonly live: (diary: Diary) => void;
}

export const INNOCENT: PersonaKind['breaks'] = {};
