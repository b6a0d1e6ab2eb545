import { Problem, type Configuration } from '@taxameter/platform';

/** Whether what bites needs a second person. Read once when the process starts. */
export interface TwoPersons {
  readonly isNeeded: boolean;
  /** How long a temporary block lasts when nobody approves it. */
  readonly temporaryHours: number;
}

export const TWO_PERSONS = Symbol('TWO_PERSONS');

export function readTwoPersons({ TWO_PERSONS: isNeeded, APPROVAL_HOURS }: Configuration): TwoPersons {
  return { isNeeded, temporaryHours: APPROVAL_HOURS };
}

/** @throws Problem 409 where one person may not do it alone, saying how to ask the second */
export function refuseAlone({ isNeeded }: TwoPersons, what: string, field: string): void {
  if (!isNeeded) return;
  const reason = `${what} needs a second person: ask with POST /v1/approvals`;
  throw new Problem(409, 'second-person-needed', reason, { errors: [{ field, reason }] });
}
