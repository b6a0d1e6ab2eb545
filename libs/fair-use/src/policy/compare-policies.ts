import type { RuleId, RuleMode } from './policy.js';
import {
  changesOf,
  type Agreed,
  type Override,
  type PolicyDocument,
  type RuleSettings,
  type Suppression,
} from './policy-document.js';
import { inWords, type Bilingual } from './change-words.js';

/** Tells what changes between two policies: as paths, in words, and whether partners are judged more sharply by it. */

/** `mixed`: sharper in one respect, milder in another. */
export type Direction = 'sharper' | 'milder' | 'mixed' | 'neither';

export interface PolicyChange {
  /** A list's item is named by what identifies it: `overrides.isv_a/148383/RATE_MINUTE`. */
  readonly path: string;
  /** null: was not there. */
  readonly before: unknown;
  /** null: is no longer there. */
  readonly after: unknown;
  readonly direction: Direction;
  readonly text: Bilingual;
}

export interface PolicyComparison {
  readonly changes: readonly PolicyChange[];
  /** Of those rules that any change concerns. */
  readonly rules: readonly { readonly ruleId: string; readonly direction: Direction }[];
}

/** A document as somebody may see it: a partner's lacks rules, and who agreed on something. */
export interface ShownDocument extends Omit<PolicyDocument, 'rules' | 'overrides' | 'suppressions'> {
  readonly rules: Partial<RuleSettings>;
  readonly overrides: readonly Shown<Override>[];
  readonly suppressions: readonly Shown<Suppression>[];
}
export type Shown<Item extends Agreed> = Omit<Item, 'who' | 'why'> & Partial<Pick<Item, 'who' | 'why'>>;

type Found = Omit<PolicyChange, 'text'> & { readonly rules: readonly string[] };

export function comparePolicies(before: ShownDocument, after: ShownDocument): PolicyComparison {
  const found = [
    ...rulesCompared(before, after),
    ...listCompared(
      'filterableRoutes',
      byKey(before.filterableRoutes, routeKey),
      byKey(after.filterableRoutes, routeKey),
      {
        rules: POLLING,
        whenAdded: 'sharper',
        whenChanged: () => 'neither',
      },
    ),
    ...generalCompared(before, after),
    ...plansCompared(before, after),
    ...overridesCompared(before, after),
    ...suppressionsCompared(before, after),
  ];
  const ids = [...new Set(found.flatMap(({ rules }) => rules))].sort();
  return {
    changes: found.map(({ rules: _, ...change }) => ({ ...change, text: inWords(change) })),
    rules: ids.map((ruleId) => ({
      ruleId,
      direction: together(
        found.filter(({ rules }) => rules.includes(ruleId)).map(({ direction }) => direction),
      ),
    })),
  };
}

/** Whether anybody is judged more sharply. */
export function sharpens({ changes }: PolicyComparison): boolean {
  return changes.some(({ direction }) => direction === 'sharper' || direction === 'mixed');
}

const POLLING = ['POLLING_UNFILTERED', 'POLLING_TOO_OFTEN'];
const routeKey = ({ path }: { readonly path: string }) => path;

function rulesCompared({ rules: before }: ShownDocument, { rules: after }: ShownDocument): Found[] {
  const ids = [...new Set([...Object.keys(before), ...Object.keys(after)])] as RuleId[];
  return ids.flatMap((id) => settingsCompared(id, before[id], after[id], `rules.${id}`));
}

type Plain = Readonly<Record<string, unknown>>;

/** Each figure that differs, of one rule's settings. */
function settingsCompared(
  ruleId: string,
  before: object | undefined,
  after: object | undefined,
  path: string,
): Found[] {
  if (!before || !after) {
    if (!before && !after) return [];
    const direction = isOn((after ?? before) as Plain) ? (after ? 'sharper' : 'milder') : 'neither';
    return [{ path, before: before ?? null, after: after ?? null, direction, rules: [ruleId] }];
  }
  const changed = leaves({ mode: 'on', ...before }, { mode: 'on', ...after }, []).map(
    ({ keys, was, is }) => ({
      path: [path, ...keys].join('.'),
      before: was ?? null,
      after: is ?? null,
      direction: directionOf(keys, was, is),
      rules: [ruleId],
    }),
  );
  // Who is judged before and after is asked first: a threshold of what judges nobody makes nothing sharper.
  if (isOn(before as Plain) === isOn(after as Plain) && isOn(after as Plain)) return changed;
  return changed.map((change) =>
    change.path.endsWith('.mode') ? change : { ...change, direction: 'neither' as const },
  );
}

const isOn = ({ mode }: Plain) => mode === undefined || mode === 'on';

interface Leaf {
  readonly keys: readonly string[];
  readonly was: unknown;
  readonly is: unknown;
}

function leaves(before: unknown, after: unknown, keys: readonly string[]): Leaf[] {
  if (isSame(before, after)) return [];
  if (!isPlain(before) || !isPlain(after)) return [{ keys, was: before, is: after }];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => leaves(before[name], after[name], [...keys, name]));
}

/** Of what JSON can say. */
function isSame(left: unknown, right: unknown): boolean {
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) {
    return left === right;
  }
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => isSame((left as Plain)[name], (right as Plain)[name]))
  );
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of a setting of a rule: less is asked for, more is looked at, or the rule comes into force. */
function directionOf(keys: readonly string[], was: unknown, is: unknown): Direction {
  const [first = ''] = keys;
  if (first === 'mode') {
    const [on, wasOn] = [is, was].map((value) => ((value ?? 'on') as RuleMode) === 'on');
    if (on === wasOn) return 'neither';
    return on ? 'sharper' : 'milder';
  }
  if (first === 'thresholds') {
    if (was === undefined) return 'sharper';
    if (is === undefined) return 'milder';
    return less(is, was);
  }
  // A window that is longer holds more of what is counted; of a share nobody knows.
  if (first === 'windowMinutes') return less(was, is);
  if (/^min[A-Z]/.test(first)) return less(is, was);
  return 'mixed';
}

function less(lower: unknown, higher: unknown): Direction {
  if (typeof lower !== 'number' || typeof higher !== 'number') return 'mixed';
  return lower < higher ? 'sharper' : 'milder';
}

/** Several directions as one. */
export function together(directions: readonly Direction[]): Direction {
  const told = new Set(directions.filter((direction) => direction !== 'neither'));
  if (told.size === 0) return 'neither';
  return told.size === 1 ? [...told][0]! : 'mixed';
}

function generalCompared(before: ShownDocument, after: ShownDocument): Found[] {
  const { rules: _1, plans: _2, overrides: _3, suppressions: _4, filterableRoutes: _5, ...was } = before;
  const { rules: _6, plans: _7, overrides: _8, suppressions: _9, filterableRoutes: _10, ...is } = after;
  return leaves(was, is, []).map((leaf) => ({
    path: leaf.keys.join('.'),
    before: leaf.was ?? null,
    after: leaf.is ?? null,
    direction: leaf.keys[0] === 'warmUpMs' ? less(leaf.is, leaf.was) : 'neither',
    rules: [],
  }));
}

/** A plan is compared by integration: one that has moved into it is judged by other settings than before. */
function plansCompared(before: ShownDocument, after: ShownDocument): Found[] {
  const names = [...new Set([...Object.keys(before.plans), ...Object.keys(after.plans)])];
  const settings = names.flatMap((name) => {
    const [was, is] = [before.plans[name]?.rules ?? {}, after.plans[name]?.rules ?? {}];
    const ids = [...new Set([...Object.keys(was), ...Object.keys(is)])] as RuleId[];
    return ids.flatMap((id) =>
      settingsCompared(
        id,
        { ...before.rules[id], ...was[id] },
        { ...after.rules[id], ...is[id] },
        `plans.${name}.rules.${id}`,
      ).filter(({ path }) => !isOfRuleAlone(path, was[id], is[id])),
    );
  });
  const members = names.flatMap((name) => {
    const [was, is] = [before.plans[name]?.integrations ?? [], after.plans[name]?.integrations ?? []];
    const direction = directionOfPlan(before, after, name);
    return [...new Set([...was, ...is])].flatMap((id): Found[] => {
      if (was.includes(id) === is.includes(id)) return [];
      const rules = Object.keys((after.plans[name] ?? before.plans[name])!.rules);
      const path = `plans.${name}.integrations.${id}`;
      return is.includes(id)
        ? [{ path, before: null, after: id, direction, rules }]
        : [{ path, before: id, after: null, direction: opposite(direction), rules }];
    });
  });
  return [...settings, ...members];
}

/** A figure that the plan does not name changes with the rule for all, and is told there. */
function isOfRuleAlone(path: string, was: object | undefined, is: object | undefined): boolean {
  const name = path.split('.')[4];
  return name !== undefined && !(name in (was ?? {})) && !(name in (is ?? {}));
}

/** How the settings of a plan differ from those for all. */
function directionOfPlan(before: ShownDocument, after: ShownDocument, name: string): Direction {
  const of = (document: ShownDocument) =>
    Object.entries(document.plans[name]?.rules ?? {}).flatMap(([id, changes]) => {
      const forAll = document.rules[id as RuleId];
      return settingsCompared(id, forAll, { ...forAll, ...changes }, '').map(({ direction }) => direction);
    });
  return together(after.plans[name] ? of(after) : of(before));
}

function opposite(direction: Direction): Direction {
  if (direction === 'sharper') return 'milder';
  return direction === 'milder' ? 'sharper' : direction;
}

function overridesCompared(before: ShownDocument, after: ShownDocument): Found[] {
  const [was, is] = [byKey(before.overrides, overrideKey), byKey(after.overrides, overrideKey)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((key): Found[] => {
    const [old, next] = [was.get(key) ?? null, is.get(key) ?? null];
    if (isSame(old, next)) return [];
    const { rule } = (next ?? old)!;
    const settings = (document: ShownDocument, override: Shown<Override> | null) => ({
      ...document.rules[rule],
      ...(override && changesOf(override)[rule]),
    });
    const directions = settingsCompared(rule, settings(before, old), settings(after, next), '').map(
      ({ direction }) => direction,
    );
    if (old && next) directions.push(directionOfEnd(before, old, next));
    return [
      { path: `overrides.${key}`, before: old, after: next, direction: together(directions), rules: [rule] },
    ];
  });
}

/** An override that ends at another time is there for longer or for less long. */
function directionOfEnd(document: ShownDocument, was: Shown<Override>, is: Shown<Override>): Direction {
  const later = Date.parse(is.until) - Date.parse(was.until);
  if (later === 0) return 'neither';
  const forAll = document.rules[was.rule];
  const changes = settingsCompared(was.rule, forAll, { ...forAll, ...was.settings }, '');
  const direction = together(changes.map((change) => change.direction));
  return later > 0 ? direction : opposite(direction);
}

const overrideKey = ({ integrationId, organizationId, rule, from }: Shown<Override>) =>
  [integrationId, organizationId, rule, from].filter((part) => part !== undefined).join('/');

function suppressionsCompared(before: ShownDocument, after: ShownDocument): Found[] {
  const key = ({ integrationId, organizationId, from }: Shown<Suppression>) =>
    [integrationId, organizationId, from].filter((part) => part !== undefined).join('/');
  return listCompared('suppressions', byKey(before.suppressions, key), byKey(after.suppressions, key), {
    rules: [],
    whenAdded: 'milder',
    whenChanged: (was, is) => {
      if (!isSame(was.rules, is.rules)) return 'mixed';
      const later = Date.parse(is.until) - Date.parse(was.until);
      if (later === 0) return 'neither';
      return later > 0 ? 'milder' : 'sharper';
    },
  });
}

interface Directions<Item> {
  readonly rules: readonly string[];
  readonly whenAdded: Direction;
  readonly whenChanged: (was: Item, is: Item) => Direction;
}

/** Items that come, go or change. */
function listCompared<Item>(
  path: string,
  was: ReadonlyMap<string, Item>,
  is: ReadonlyMap<string, Item>,
  { rules, whenAdded, whenChanged }: Directions<Item>,
): Found[] {
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((key): Found[] => {
    const [before, after] = [was.get(key) ?? null, is.get(key) ?? null];
    if (isSame(before, after)) return [];
    const changed = before !== null && after !== null ? whenChanged(before, after) : null;
    const direction = changed ?? (after === null ? opposite(whenAdded) : whenAdded);
    return [{ path: `${path}.${key}`, before, after, direction, rules }];
  });
}

/** Two of the same key are told apart by their order. */
function byKey<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item> {
  const found = new Map<string, Item>();
  for (const item of items) {
    let key = keyOf(item);
    for (let number = 2; found.has(key); number += 1) key = `${keyOf(item)}#${number}`;
    found.set(key, item);
  }
  return found;
}
