/** The technical review as a checklist: what an integration asked for, held against what its calls show. */
import type { IntegrationObserved } from '@taxameter/contracts';
import type { Wishes } from '../application/application.js';
import { explain, type Explanation, type ItemId, type ItemState } from './checklist-texts.js';

/** What a person may decide in a review. */
export const DECISION_KINDS = ['approved', 'change-asked', 'rejected'] as const;

export interface Item {
  readonly id: ItemId;
  readonly state: ItemState;
  /** What was seen, in the unit; null where nothing was. */
  readonly figure: number | null;
  /** Up to here, or for `changes-since` from here on, it is ok; null where there is no such number. */
  readonly limit: number | null;
  readonly unit: 'calls' | 'scopes' | 'ratio' | 'sms';
  readonly explanation: Explanation;
}

/** Limits of the review. They warn and decide nothing: a person does. */
export const LIMITS = {
  /** A ratio of fewer calls than this says nothing. */
  smallestSample: 20,
  /** 403 in 28 days; the fair-use rule on scopes speaks up at 5 a day. */
  forbidden: 4,
  /** Where the fair-use rule on errors begins to speak (domain rule 1.5). */
  errorRatio: 0.05,
  changesSinceRatio: 0.5,
  smallPageRatio: 0.5,
  /** 429s in a minute that had one: some calls may be under way when the first comes. */
  throttledPerMinute: 3,
} as const;

const WRITES = /(^|[:._-])write$/i;

type Finding = Omit<Item, 'id' | 'unit' | 'explanation'>;

/** Every item, in the order in which a person goes through them. */
export function checklistOf(wishes: Wishes, observed: IntegrationObserved | null): Item[] {
  const wanted = wishes.scopes.map(({ scope }) => scope);
  const seen = observed?.scopes ?? [];
  const notUsed = wanted.filter((scope) => !seen.includes(scope));
  const notWanted = seen.filter((scope) => !wanted.includes(scope));
  const item = (id: ItemId, unit: Item['unit'], finding: Finding, names: readonly string[] = []): Item => ({
    id,
    unit,
    ...finding,
    explanation: explain(id, finding.state, names),
  });
  return [
    item('calls', 'calls', {
      state: observed ? 'ok' : 'missing',
      figure: observed?.calls ?? 0,
      limit: null,
    }),
    item('scopes-not-used', 'scopes', atMost(0, seen.length === 0 ? null : notUsed.length), notUsed),
    item('scopes-not-asked', 'scopes', atMost(0, seen.length === 0 ? null : notWanted.length), notWanted),
    item('write-scope', 'calls', writeScope(wanted, observed)),
    item('forbidden', 'calls', atMost(LIMITS.forbidden, observed?.forbidden ?? null)),
    item('token', 'calls', token(observed)),
    item('errors', 'ratio', atMost(LIMITS.errorRatio, ratio(observed?.clientErrors, observed?.calls))),
    item('changes-since', 'ratio', changesSince(observed)),
    item(
      'page-size',
      'ratio',
      atMost(LIMITS.smallPageRatio, ratio(observed?.smallLaterPages, observed?.laterPages, 1)),
    ),
    item(
      'after-429',
      'calls',
      atMost(LIMITS.throttledPerMinute, ratio(observed?.throttledCalls, observed?.throttledMinutes, 1)),
    ),
    item('sms', 'sms', sms(wishes, observed)),
    item('volume', 'calls', atMost(wishes.expected.callsPerDay, observed?.busiestDayCalls ?? null)),
  ];
}

/** A part of a whole; null where the whole is too small to say anything. */
function ratio(part: number | undefined, whole: number | undefined, least: number = LIMITS.smallestSample) {
  if (part === undefined || whole === undefined || whole < least) return null;
  return part / whole;
}

function atMost(limit: number, figure: number | null): Finding {
  if (figure === null) return { state: 'unknown', figure, limit };
  return { state: figure <= limit ? 'ok' : 'warning', figure, limit };
}

/** Who wants to write should be seen to write: a scope that is not needed is not given. */
function writeScope(wanted: readonly string[], observed: IntegrationObserved | null): Finding {
  const figure = observed?.writeCalls ?? null;
  if (!wanted.some((scope) => WRITES.test(scope))) return { state: 'ok', figure, limit: null };
  if (figure === null) return { state: 'unknown', figure, limit: null };
  return { state: figure > 0 ? 'ok' : 'warning', figure, limit: null };
}

/** Requirement 3 of the terms: authentication by token only. The figure is what did it otherwise. */
function token(observed: IntegrationObserved | null): Finding {
  const isTold = observed !== null && observed.tokenCalls + observed.otherAuthCalls > 0;
  return atMost(0, isTold ? observed.otherAuthCalls : null);
}

function changesSince(observed: IntegrationObserved | null): Finding {
  const limit = LIMITS.changesSinceRatio;
  const figure = ratio(observed?.changesSinceSweeps, observed?.sweeps, 1);
  if (figure === null) return { state: 'unknown', figure, limit };
  return { state: figure >= limit ? 'ok' : 'warning', figure, limit };
}

/** Who will send SMS shows one first; who did not say so and sends must be asked. */
function sms(wishes: Wishes, observed: IntegrationObserved | null): Finding {
  const figure = observed?.smsCalls ?? 0;
  if (wishes.expected.smsPerMonth > 0) return { state: figure > 0 ? 'ok' : 'missing', figure, limit: null };
  return { state: figure > 0 ? 'warning' : 'ok', figure, limit: 0 };
}
