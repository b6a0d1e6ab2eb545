/** What one person asks for and another decides: a block, its extension, a deactivation, a reactivation. */
import { fields } from '@taxameter/contracts';
import { z } from 'zod';
import { restrictionBody } from '../restriction/restriction-routes.js';
import { RestrictionRefused } from '../restriction/restriction.js';

export const approvalRequest = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('restriction'),
    restriction: restrictionBody.omit({ integrationId: true }),
    isTemporary: z
      .boolean()
      .default(false)
      .describe('true: it begins at once, and ends by itself unless it is approved in time'),
  }),
  z.strictObject({
    kind: z.literal('extension'),
    restrictionId: fields.identifier(64),
    until: fields.instant.nullable().describe('null: until it is lifted'),
  }),
  z.strictObject({
    kind: z.literal('deactivation'),
    from: fields.instant.optional().describe('default: when it is approved'),
  }),
  z.strictObject({ kind: z.literal('reactivation') }),
]);

export type ApprovalRequest = z.output<typeof approvalRequest>;

export const APPROVAL_STATES = ['pending', 'approved', 'declined', 'expired'] as const;

export const approvalState = z.object({
  approvalId: fields.identifier(64),
  integrationId: fields.identifier(100),
  version: z.int().min(1),
  request: approvalRequest,
  restrictionId: fields
    .identifier(64)
    .nullable()
    .describe(
      'the restriction it is about: it exists at once when it is temporary, else when it is approved',
    ),
  reason: fields.text(500),
  askedBy: fields.text(200),
  askedAt: fields.instant,
  expiresAt: fields.instant.describe('up to this instant it can be decided'),
  state: z.enum(APPROVAL_STATES),
  decidedBy: fields.text(200).nullable(),
  decidedAt: fields.instant.nullable(),
  decisionReason: fields.text(500).nullable(),
});

export type Approval = z.output<typeof approvalState>;

const HOUR_MS = 3_600_000;
/** A request that is not temporary waits over a weekend and longer, but not until nobody remembers why. */
const PATIENCE_MS = 7 * 24 * HOUR_MS;
/** Within this time nobody may block again by themselves what a second person has not wanted. */
export const COOL_DOWN_MS = 24 * HOUR_MS;

export type Asked = Pick<
  Approval,
  'approvalId' | 'integrationId' | 'request' | 'restrictionId' | 'reason' | 'askedBy'
>;

/** The request as it waits for the second person. */
export function ask(asked: Asked, temporaryHours: number, now: Date): Approval {
  const patienceMs = isTemporary(asked.request) ? temporaryHours * HOUR_MS : PATIENCE_MS;
  return {
    ...asked,
    version: 0,
    askedAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + patienceMs).toISOString(),
    state: 'pending',
    decidedBy: null,
    decidedAt: null,
    decisionReason: null,
  };
}

export interface Verdict {
  readonly state: 'approved' | 'declined';
  readonly by: string;
  readonly reason: string;
}

/** @throws RestrictionRefused for the person who asked, and when it is decided or expired already */
export function decide(current: Approval, { state, by, reason }: Verdict, now: Date): Approval {
  const refuse = (code: string, why: string) => new RestrictionRefused(409, code, 'approvalId', why);
  if (current.state !== 'pending') {
    throw refuse('approval-over', `${current.approvalId} is ${current.state} already: ask anew`);
  }
  if (Date.parse(current.expiresAt) <= now.getTime()) {
    throw refuse('approval-over', `${current.approvalId} expired at ${current.expiresAt}: ask anew`);
  }
  if (by === current.askedBy) {
    throw refuse('same-person', `${current.approvalId} was asked for by you: another person decides`);
  }
  return { ...current, state, decidedBy: by, decidedAt: now.toISOString(), decisionReason: reason };
}

/** The request with its end written down; as it is when that is not due or was done. */
export function lapse(current: Approval, now: Date): Approval {
  if (current.state !== 'pending' || Date.parse(current.expiresAt) > now.getTime()) return current;
  return { ...current, state: 'expired', decidedAt: current.expiresAt };
}

export function isTemporary(request: ApprovalRequest): boolean {
  return request.kind === 'restriction' && request.isTemporary;
}

/** When a temporary block ends by itself: not later than it was wanted to. */
export function temporaryEnd(until: string | null, temporaryHours: number, now: Date): string {
  const endMs = now.getTime() + temporaryHours * HOUR_MS;
  return new Date(until === null ? endMs : Math.min(endMs, Date.parse(until))).toISOString();
}

/**
 * Whether a person has already blocked the integration by themselves without having found a second one: four hours again and
 * again would be a block for ever by one person, and one begun just before the other ends a block for twice as long.
 */
export function hasBlockedAlone(earlier: readonly Approval[], askedBy: string, now: Date): boolean {
  return earlier.some((approval) => {
    if (!isTemporary(approval.request) || approval.askedBy !== askedBy) return false;
    const isRecent = Date.parse(approval.askedAt) > now.getTime() - COOL_DOWN_MS;
    return isRecent && approval.state !== 'approved';
  });
}
