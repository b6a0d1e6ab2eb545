/** How people work on a case: where it stands, who has it, by when. What was judged is not theirs to change. */
import { endOfWorkingDay, fields, type Severity } from '@taxameter/contracts';
import { z } from 'zod';
import { HANDLING_STATES, moveFrom } from './moves.js';

/** Words of people: with lines, without other control characters. */
export const noteText = z
  .string()
  .trim()
  .min(1)
  .max(2_000)
  .regex(/^(?:[^\p{Cc}\p{Cs}]|\n)*$/u, 'holds a control character or half a surrogate pair');

/** A message as it was prepared; nothing of it was sent by us. */
export const contactMessage = z.object({ subject: z.string(), text: z.string() });

export const handlingSchema = z.object({
  version: z.int().min(0).describe('grows with each step; 0: nobody has touched the case'),
  state: z.enum(HANDLING_STATES),
  assignee: fields.text(100).nullable().describe('a token’s id or a name; null for a partner'),
  deadline: fields.instant.nullable().describe('before this instant the case should be settled'),
  snoozedUntil: fields.instant.nullable().describe('null for a partner'),
  isFalsePositive: z.boolean(),
  contact: z
    .object({ at: fields.instant, da: contactMessage, en: contactMessage })
    .nullable()
    .describe('what was prepared for the partner last; null for a partner'),
  notes: z.int().min(0).describe('how many were written; 0 for a partner'),
});

export type Handling = z.output<typeof handlingSchema> & {
  /** How many times this case was settled as a false positive: it may be opened again. */
  readonly falsePositives: number;
};

export const UNTOUCHED: Handling = {
  version: 0,
  state: 'open',
  assignee: null,
  deadline: null,
  snoozedUntil: null,
  isFalsePositive: false,
  contact: null,
  notes: 0,
  falsePositives: 0,
};

/**
 * Working days to settle a case (domain 1.5: 10 and 5). What is critical has no other deadline than what is serious: who does
 * not want to wait restricts.
 */
export const WORKING_DAYS: Readonly<Record<Severity, number | null>> = {
  info: null,
  warning: 10,
  error: 5,
  critical: 5,
};

/** More belongs elsewhere. */
export const MAX_NOTES = 200;

/** Nothing is put off for longer than this. */
const LONGEST_MS = 90 * 86_400_000;

/** A value that no case can have, named by field and rule. */
export class HandlingRefused extends Error {
  override readonly name = 'HandlingRefused';

  constructor(
    /** 409 where the present state forbids it, 422 where the value could never be right. */
    readonly status: 409 | 422,
    readonly code: string,
    readonly field: string,
    message: string,
  ) {
    super(message);
  }
}

export function defaultDeadline(severity: Severity, from: Date): string | null {
  const days = WORKING_DAYS[severity];
  return days === null ? null : endOfWorkingDay(from, days).toISOString();
}

/** A rule was broken: a case begins, or begins once more. Whoever had it still has it. */
export function begin(handling: Handling, severity: Severity, at: Date): Handling {
  return {
    ...handling,
    state: 'open',
    deadline: defaultDeadline(severity, at),
    snoozedUntil: null,
    isFalsePositive: false,
    contact: null,
  };
}

/**
 * A case became worse: it wakes up, and there is no more time than for one that begins so. What the partner was told stays: a deadline
 * that nobody has told it of binds nobody.
 */
export function worsen(handling: Handling, severity: Severity, at: Date): Handling {
  if (handling.state === 'resolved') return handling;
  return {
    ...handling,
    deadline:
      handling.state === 'contacted'
        ? handling.deadline
        : earlier(handling.deadline, defaultDeadline(severity, at)),
    snoozedUntil: null,
  };
}

/** The case is over by itself, however far people were with it. */
export function over(handling: Handling): Handling {
  return { ...handling, state: 'resolved', deadline: null, snoozedUntil: null };
}

/** @throws MoveNotAllowed */
export function acknowledge(handling: Handling): Handling {
  return { ...handling, state: moveFrom(handling.state, 'acknowledge') };
}

/** @throws MoveNotAllowed */
export function assign(handling: Handling, assignee: string | null): Handling {
  return { ...handling, state: moveFrom(handling.state, 'assign'), assignee };
}

/**
 * @param deadline by when the partner shall have changed it; undefined: the default, counted from now, since nobody can change
 * what it has not heard of
 * @throws MoveNotAllowed, HandlingRefused
 */
export function deadlineOfContact(
  severity: Severity,
  deadline: string | null | undefined,
  now: Date,
): string | null {
  if (deadline === undefined) return defaultDeadline(severity, now);
  return deadline === null ? null : comingInstant('deadline', deadline, now);
}

/** @throws MoveNotAllowed */
export function contact(
  handling: Handling,
  prepared: NonNullable<Handling['contact']>,
  deadline: string | null,
): Handling {
  return { ...handling, state: moveFrom(handling.state, 'contact'), deadline, contact: prepared };
}

/** @throws MoveNotAllowed, HandlingRefused */
export function snooze(handling: Handling, until: string | null, now: Date): Handling {
  const state = moveFrom(handling.state, 'snooze');
  return { ...handling, state, snoozedUntil: until === null ? null : comingInstant('until', until, now) };
}

/** @throws MoveNotAllowed */
export function resolve(handling: Handling): Handling {
  return { ...handling, state: moveFrom(handling.state, 'resolve'), deadline: null, snoozedUntil: null };
}

/** @throws MoveNotAllowed */
export function markFalsePositive(handling: Handling): Handling {
  const state = moveFrom(handling.state, 'markFalsePositive');
  if (handling.isFalsePositive) return handling;
  const falsePositives = handling.falsePositives + 1;
  return { ...handling, state, deadline: null, snoozedUntil: null, isFalsePositive: true, falsePositives };
}

/** It was not settled, or no false positive, after all. @throws MoveNotAllowed */
export function reopen(handling: Handling, severity: Severity, now: Date): Handling {
  return {
    ...handling,
    state: moveFrom(handling.state, 'reopen'),
    deadline: defaultDeadline(severity, now),
    isFalsePositive: false,
    falsePositives: handling.falsePositives - (handling.isFalsePositive ? 1 : 0),
  };
}

/** @throws MoveNotAllowed, HandlingRefused when there are too many */
export function note(handling: Handling): Handling {
  const state = moveFrom(handling.state, 'note');
  if (handling.notes >= MAX_NOTES) {
    const message = `a case has ${MAX_NOTES} notes at most`;
    throw new HandlingRefused(409, 'too-many-notes', 'breachId', message);
  }
  return { ...handling, state, notes: handling.notes + 1 };
}

/** What the answers that are kept for a repeated command hold: no names (ADR 0015). */
export function withoutNames({ assignee: _, ...rest }: Handling): Omit<Handling, 'assignee'> {
  return rest;
}

/** What the audit keeps: that somebody has the case, not who. */
export function audited(handling: Handling) {
  return { ...withoutNames(handling), isAssigned: handling.assignee !== null };
}
export type AuditedHandling = ReturnType<typeof audited>;

/** What a partner sees: where its case stands, and by when; not who of us has it. */
export function forPartner(handling: Handling): Handling {
  return { ...handling, assignee: null, snoozedUntil: null, contact: null, notes: 0 };
}

/** The same instant in UTC. @throws HandlingRefused when it is past or too far ahead */
function comingInstant(field: string, instant: string, now: Date): string {
  const ahead = Date.parse(instant) - now.getTime();
  if (ahead <= 0) throw new HandlingRefused(422, 'in-the-past', field, 'is not in the future');
  if (ahead > LONGEST_MS) {
    throw new HandlingRefused(422, 'too-far-ahead', field, 'is more than 90 days ahead');
  }
  return new Date(instant).toISOString();
}

function earlier(left: string | null, right: string | null): string | null {
  if (left === null || right === null) return left ?? right;
  return Date.parse(left) <= Date.parse(right) ? left : right;
}
