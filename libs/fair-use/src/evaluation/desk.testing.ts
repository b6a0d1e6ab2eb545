import type { Breach } from '@taxameter/contracts';
import { breachKeyOf, type BreachDecision } from '../breach/decide-breach.js';
import { decideCases, type KeptCase } from '../breach/decide-cases.js';
import { clear, settle, settledThrough, unsettle } from '../breach/settle.js';
import { contextOf } from '../clearing/clear-cases.service.js';
import {
  followFindings,
  isSeenThrough,
  lookOn,
  minutesToCountFor,
  nextMinute,
  resumeLook,
  type Look,
} from '../clearing/look.js';
import { onePolicy } from '../policy/policies.js';
import type { Policy } from '../policy/policy.js';
import { endOfRow, isIntegrationWide, ruleNamed } from '../rules/registry.js';
import { isWithin } from '../signals/span.js';
import { mergeSignals, NO_SIGNALS, SIGNAL_TABLE_NAMES, type Signals } from '../signals/tables.js';
import { minutesTouched } from '../signals/touched.js';
import {
  judge,
  leftUntilClosed,
  minutesToCountAt,
  spansAround,
  tablesOfAllAgreements,
  type DirtyMinute,
} from './judge.js';
import { activeIn, only, rowsOf, first, APPENDED, usageSignalsOf, type UsageEvent } from './judge.testing.js';

export interface Settlement {
  readonly through: number;
  /** The minutes that were closed then. */
  readonly before: number;
  /** Those at which the case had been looked at. */
  readonly lookedBefore: number;
}
/** Before which minute a case may be looked at, by its key. */
type Sights = (key: string) => number;

/** What the tables, the evaluator and those who settle cases do, without the database. */
export class Desk {
  signals: Signals = NO_SIGNALS;
  dirty: DirtyMinute[] = [];
  unclosed: DirtyMinute[] = [];
  /** Of each key, oldest first. */
  readonly cases = new Map<string, KeptCase[]>();
  /** The minutes through which each key was settled, but for what was taken back. */
  readonly settlements = new Map<string, Settlement[]>();
  readonly looks = new Map<string, Look>();
  /** What was settled and taken back: all that is left of it is that no minute up to the present one clears the case. */
  readonly heldUp: (Settlement & { readonly key: string; readonly present: number })[] = [];
  /** Up to where minutes were closed last. */
  private before = 0;

  constructor(private readonly policy: Policy) {}

  add(events: readonly UsageEvent[]): void {
    const added = usageSignalsOf(events, this.policy);
    this.signals = mergeSignals(this.signals, added);
    for (const { agreementId, minute } of minutesTouched(added)) this.mark(agreementId, minute);
  }

  private mark(agreementId: string, minute: number): void {
    if (this.dirty.some((mark) => mark.agreementId === agreementId && mark.minute === minute)) return;
    this.dirty.push({ agreementId, minute, appendedAt: APPENDED });
  }

  /**
   * Judges some of the marks, as many as `wanted`, beginning with the one at `from`, and the minutes that are
   * closed: those before `before`. Then it looks at the cases whose minutes are closed and judged.
   */
  evaluate(before: number, from = 0, wanted = this.dirty.length, sights: Sights = () => before): void {
    this.before = Math.max(this.before, before);
    const dirty = this.dirty.splice(from % Math.max(1, this.dirty.length), wanted);
    const closed = this.unclosed.filter((mark) => mark.minute < before);
    const marks = [...dirty, ...closed];
    const policies = onePolicy(this.policy);
    const near = Object.fromEntries(
      SIGNAL_TABLE_NAMES.map((table) => [table, spansAround(marks, policies, table)]),
    );
    const all = rowsOf(this.signals, (row, table) => isWithin(row.minute, [...near[table]!.values()].flat()));
    const rows = rowsOf(this.signals, (row, table) =>
      isWithin(row.minute, near[table]!.get(row.agreementId) ?? []),
    );
    const read = {
      integrationId: 'isv_eksempel',
      dirty,
      closed,
      rows,
      allAgreements: only(all, tablesOfAllAgreements(rows, onePolicy(this.policy))),
      smsOfHour: () => 0,
      settled: new Map(
        [...this.cases].map(([key, cases]) => [
          key,
          cases.flatMap((kept) => [kept.after, settledThrough(kept)].filter((minute) => minute !== null)),
        ]),
      ),
    };
    const asked = minutesToCountAt(read, onePolicy(this.policy));
    const docket = { ...read, activeAgreements: activeIn(this.signals, asked) };
    const left = leftUntilClosed(docket, onePolicy(this.policy));
    this.unclosed = [...this.unclosed.filter((mark) => !closed.includes(mark)), ...left];
    for (const { rule, subject, findings } of judge(docket, onePolicy(this.policy))) {
      const cases = this.cases.get(breachKeyOf(rule, subject)) ?? [];
      const breachId = `${breachKeyOf(rule, subject)} ${cases.length + 1}`;
      const context = { rule, subject, breachId };
      const known = [...cases];
      const decisions = decideCases(known, findings, context);
      for (const decision of decisions) this.save(decision);
      const followed = { known, looks: this.looks, decisions, findings };
      for (const next of followFindings(followed, context)) this.looks.set(next.breachId, next.look);
    }
    this.look(sights);
  }

  private look(sights: Sights): void {
    const unjudged = [...this.dirty, ...this.unclosed].map((mark) => mark.minute);
    const judgedBefore = Math.min(this.before, ...unjudged);
    for (const kept of [...this.cases.values()].flat()) {
      const from = this.looks.get(kept.breach.breachId);
      if (!from) continue;
      const before = Math.min(judgedBefore, sights(kept.breach.breachKey));
      const context = contextOf(kept.breach);
      const { rule, subject } = context;
      const rows = rowsOf(this.signals, (row) => {
        if ('route' in row && row.route !== subject.route) return false;
        return isIntegrationWide(rule) || row.agreementId === subject.agreementId;
      })[rule.signals];
      const sight = {
        ...{ context, rows, policies: onePolicy(this.policy), before, appendedAt: APPENDED },
        hasGap: () => false,
      };
      const active = activeIn(this.signals, minutesToCountFor(kept, from, sight));
      const around = (at: number) => ({ activeAgreements: active.get(at) ?? 0, smsOfHour: () => 0 });
      const { look, clearedAt } = lookOn(kept, from, { ...sight, around });
      this.looks.set(kept.breach.breachId, look);
      if (clearedAt !== null) {
        this.save(clear(kept, look.confirmed!, clearedAt, APPENDED));
        this.cleared += 1;
        for (const row of rows) if (row.minute > clearedAt) this.mark(row.agreementId, row.minute);
      }
      if (clearedAt !== null || isSeenThrough(kept, look)) this.looks.delete(kept.breach.breachId);
    }
  }

  holdUp(key: string, present: number): void {
    const { breachId } = this.cases.get(key)!.at(-1)!.breach;
    const look = this.looks.get(breachId)!;
    this.looks.set(breachId, { ...look, quietAfter: Math.max(look.quietAfter, present) });
  }

  cleared = 0;

  private hasToLook(sights: Sights): boolean {
    return [...this.cases.values()].flat().some(({ breach }) => {
      const look = this.looks.get(breach.breachId);
      return look !== undefined && nextMinute(contextOf(breach), look) < sights(breach.breachKey);
    });
  }

  private save({ breach, peak, after, reopenedAfter }: BreachDecision): void {
    const cases = this.cases.get(breach.breachKey) ?? [];
    const place = cases.findIndex((kept) => kept.breach.breachId === breach.breachId);
    const again = reopenedAfter ?? cases[place]?.reopenedAfter ?? [];
    cases[place < 0 ? cases.length : place] = { breach, peak, after, ownedUntil: null, reopenedAfter: again };
    this.cases.set(breach.breachKey, cases);
  }

  /** Settles the open cases of these keys, of all where none are given. */
  settle(minute: number, keys: readonly string[] = [...this.cases.keys()]): void {
    for (const key of keys) {
      const newest = this.cases.get(key)?.at(-1);
      if (newest?.breach.state !== 'open') continue;
      const through = endOfRow(ruleNamed(newest.breach.ruleId), minute);
      this.save(settle(newest, through, new Date(APPENDED)));
      const look = this.looks.get(newest.breach.breachId)!;
      const looked = look.confirmed ? look.lookedThrough : (newest.after ?? -1);
      const lookedBefore = Math.min(looked + 1, this.before);
      const settlement = { through, before: this.before, lookedBefore };
      this.settlements.set(key, [...(this.settlements.get(key) ?? []), settlement]);
    }
  }

  /** Takes back what people settled last, where no call has opened it again. */
  takeBack(present: number): void {
    for (const [key, cases] of this.cases) {
      const newest = cases.at(-1)!;
      if (newest.breach.resolvedReason !== 'manual') continue;
      const through = settledThrough(newest)!;
      const reopened = unsettle(newest, new Date(APPENDED));
      this.save(reopened);
      const look = this.looks.get(newest.breach.breachId) ?? null;
      this.looks.set(newest.breach.breachId, resumeLook(look, reopened, { through, present }));
      const taken = this.settlements.get(key)!.at(-1)!;
      this.settlements.set(key, this.settlements.get(key)!.slice(0, -1));
      this.heldUp.push({ ...taken, key, present });
      const isOfAll = isIntegrationWide(ruleNamed(newest.breach.ruleId));
      const agreements = isOfAll
        ? minutesTouched(this.signals)
            .filter((row) => row.minute > through)
            .map((row) => row.agreementId)
        : [newest.breach.scope.organizationId ?? ''];
      for (const agreementId of agreements) this.mark(agreementId, through + 1);
    }
  }

  /** Judges all that is there, and looks at what is closed. */
  finish(before = END, sights: Sights = () => before) {
    const isClosed = (mark: DirtyMinute) => mark.minute < before;
    while (this.dirty.length > 0 || this.unclosed.some(isClosed) || this.hasToLook(sights)) {
      this.evaluate(before, 0, this.dirty.length, sights);
    }
    return [...this.cases.values()]
      .flat()
      .map(({ breach, peak, after }) => ({ ...told(breach), peak, after }))
      .sort(byKey);
  }
}

/** When the last hour of the calls is closed, and so much more that all is quiet. */
export const END = first + 24 * 60;

// Everything but what tells how often the case was told: the version.
export function told({ version: _version, ...rest }: Breach) {
  return rest;
}
export const byKey = (left: { breachId: string }, right: { breachId: string }) =>
  left.breachId < right.breachId ? -1 : 1;
