/** What may happen to a restriction: it is imposed, changed, lifted, or it expires. When it binds is a question of time. */
import {
  MAX_RESTRICTIONS,
  fields,
  restrictionTerms,
  type Integration,
  type RestrictionTerms,
} from '@taxameter/contracts';
import { z } from 'zod';
import { inForceAt } from '../integration/history.js';

export const restrictionState = restrictionTerms.extend({
  restrictionId: fields.identifier(64),
  integrationId: fields.identifier(100),
  version: z.int().min(1),
  breachId: fields.identifier(64).nullable().describe('the breach that is the evidence'),
  imposedBy: fields.text(200).nullable().describe('null for a partner: it is told by role, on the timeline'),
  approvalId: fields
    .identifier(64)
    .nullable()
    .describe('the approval by a second person that it has or waits for; null for a partner'),
  ended: z.enum(['lifted', 'expired']).nullable(),
  endedAt: fields.instant.nullable(),
});

export type Restriction = z.output<typeof restrictionState>;

/** A rule that a command breaks: which field, and why. */
export class RestrictionRefused extends Error {
  override readonly name = 'RestrictionRefused';
  constructor(
    /** 409 where the present state forbids it, 422 where the request could never be right. */
    readonly status: 409 | 422,
    readonly code: string,
    readonly field: string,
    message: string,
  ) {
    super(message);
  }
}

export type Wanted = Omit<RestrictionTerms, 'from'> & {
  readonly restrictionId: string;
  readonly breachId: string | null;
  readonly imposedBy: string;
  readonly approvalId: string | null;
  /** undefined: from now on. */
  readonly from?: string | undefined;
};

/** What a restriction is judged against when it is imposed. */
export interface Surroundings {
  readonly integration: Integration;
  /** Agreements of the integration that are known, of those named. */
  readonly knownAgreements: ReadonlySet<string>;
  /** How many restrictions of the integration are in force or planned. */
  readonly others: number;
}

/** @throws RestrictionRefused naming field and rule */
export function impose(wanted: Wanted, around: Surroundings, now: Date): Restriction {
  const { integration } = around;
  const from = new Date(wanted.from ?? now).toISOString();
  const until = wanted.until === null ? null : new Date(wanted.until).toISOString();
  if (inForceAt(integration.status, now)?.status === 'deactivated') {
    throw new RestrictionRefused(
      409,
      'integration-deactivated',
      'integrationId',
      `${integration.integrationId} is deactivated, so nothing of it is let through: reactivate it first`,
    );
  }
  if (Date.parse(from) < now.getTime()) {
    throw new RestrictionRefused(
      422,
      'from-in-the-past',
      'from',
      `${from} is in the past, and what was let through cannot be refused: leave "from" out to begin at once`,
    );
  }
  refuseEnd(until, from, now);
  refuseLimit(wanted.mode, wanted.limitPerMinute);
  const organizationIds = refuseScope(wanted, around);
  if (around.others >= MAX_RESTRICTIONS) {
    throw new RestrictionRefused(
      409,
      'too-many-restrictions',
      'integrationId',
      `${integration.integrationId} has ${MAX_RESTRICTIONS} restrictions in force or planned: lift one first`,
    );
  }
  const { integrationId } = integration;
  return { ...wanted, integrationId, version: 0, organizationIds, from, until, ended: null, endedAt: null };
}

export interface Correction {
  /** undefined: as it is; null: until it is lifted. */
  readonly until?: string | null | undefined;
  readonly limitPerMinute?: number | undefined;
}

/**
 * The restriction with another end or another limit.
 * @throws RestrictionRefused naming field and rule
 */
export function correct(current: Restriction, { until, limitPerMinute }: Correction, now: Date): Restriction {
  refuseOver(current, now);
  const end = until === undefined || until === null ? until : new Date(until).toISOString();
  if (end !== undefined) refuseEnd(end, current.from, now);
  if (limitPerMinute !== undefined) refuseLimit(current.mode, limitPerMinute);
  return {
    ...current,
    until: end === undefined ? current.until : end,
    limitPerMinute: limitPerMinute ?? current.limitPerMinute,
  };
}

/** The restriction lifted now; as it is when it was lifted before. @throws RestrictionRefused when it expired */
export function lift(current: Restriction, now: Date): Restriction {
  if (current.ended === 'lifted') return current;
  refuseOver(current, now);
  return { ...current, ended: 'lifted', endedAt: now.toISOString() };
}

/** The restriction with its end written down; as it is when that is not due or was done. */
export function expire(current: Restriction, now: Date): Restriction {
  if (current.ended !== null || phaseAt(current, now) !== 'over') return current;
  return { ...current, ended: 'expired', endedAt: current.until };
}

export const PHASES = ['planned', 'in_force', 'over'] as const;
export type Phase = (typeof PHASES)[number];

/** Whether a restriction binds at an instant. It ends by time alone, whether or not anybody has written it down. */
export function phaseAt(
  { from, until, endedAt }: Pick<Restriction, 'from' | 'until' | 'endedAt'>,
  instant: Date,
): Phase {
  const isPast = (end: string | null) => end !== null && Date.parse(end) <= instant.getTime();
  if (isPast(until) || isPast(endedAt)) return 'over';
  return Date.parse(from) <= instant.getTime() ? 'in_force' : 'planned';
}

/** What a partner sees of a restriction: not who imposed and approved it. */
export function withoutNames(restriction: Restriction): Restriction {
  return { ...restriction, imposedBy: null, approvalId: null };
}

function refuseOver(current: Restriction, now: Date): void {
  if (phaseAt(current, now) !== 'over') return;
  throw new RestrictionRefused(
    409,
    'restriction-over',
    'restrictionId',
    `${current.restrictionId} ended at ${current.endedAt ?? current.until}: impose a new one`,
  );
}

function refuseEnd(until: string | null, from: string, now: Date): void {
  if (until === null) return;
  const named = (code: string, why: string) => new RestrictionRefused(422, code, 'until', why);
  if (Date.parse(until) <= now.getTime()) {
    throw named('until-in-the-past', `${until} has passed: to end a restriction now, lift it`);
  }
  if (Date.parse(until) <= Date.parse(from)) {
    throw named(
      'ends-before-it-starts',
      `it would end at ${until}, and begins at ${from}: choose a later end`,
    );
  }
}

function refuseLimit(mode: Restriction['mode'], limitPerMinute: number | null): void {
  if ((mode === 'throttle') === (limitPerMinute !== null)) return;
  throw new RestrictionRefused(
    422,
    'limit-and-mode',
    'limitPerMinute',
    mode === 'throttle' ? 'a throttle needs a limit per minute' : 'a block has no limit: leave it out',
  );
}

/** @returns the organisations, each once, in order */
function refuseScope({ scope, organizationIds }: Wanted, { integration, knownAgreements }: Surroundings) {
  const named = (code: string, why: string) => new RestrictionRefused(422, code, 'organizationIds', why);
  if ((scope === 'agreements') !== organizationIds.length > 0) {
    throw named(
      'scope-and-agreements',
      scope === 'agreements'
        ? 'the scope "agreements" names at least one organisation'
        : 'the scope "integration" binds all agreements: leave the organisations out',
    );
  }
  const unknown = organizationIds.filter((id) => !knownAgreements.has(id));
  if (unknown.length === 0) return [...new Set(organizationIds)].sort();
  throw named(
    'unknown-agreement',
    `${integration.integrationId} has no agreement ${unknown.slice(0, 5).join(', ')}: record it first`,
  );
}
