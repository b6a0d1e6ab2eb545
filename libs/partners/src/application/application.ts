/** An application: who wants to call the API with what and why, and what may become of it. */
import { fields, isPlausibleCvr } from '@taxameter/contracts';
import { z } from 'zod';
import { MoveNotAllowed, moveFrom, movesFrom, type LifeCycleState } from '../life-cycle/moves.js';

/** Scopes of one application. A review that use alone made necessary may name as many again. */
const MAX_SCOPES = 50;

const scope = z.object({
  scope: fields
    .text(100)
    .regex(/^[!-~]+$/, 'holds a blank or a character that no scope has (RFC 6749, 3.3)')
    .describe('dineropublicapi:read'),
  why: fields.text(500).describe('what the integration does with it'),
});

const email = fields
  .text(254)
  .regex(/^[^\s@]+@[^\s@]+$/, 'is not an e-mail address')
  .describe('answers go there');

/** Applications of one partner that are not decided yet: more than that is no honest wish. */
export const MAX_OPEN_OF_PARTNER = 20;

/** What an application says of the integration; all of it can be changed until it is decided. */
export const wishes = {
  integrationName: fields.text(200),
  purpose: fields.text(2000).describe('what the integration does, for whom'),
  scopes: z
    .array(scope)
    .min(1)
    .max(MAX_SCOPES)
    .refine((list) => new Set(list.map((one) => one.scope)).size === list.length, 'names a scope twice'),
  expected: z.object({
    callsPerDay: z.int().min(0).max(100_000_000),
    smsPerMonth: z.int().min(0).max(100_000_000),
  }),
  testDate: z.iso.date().nullable().default(null).describe('day from which the integration can be tested'),
};

export const applicant = z.object({
  name: fields.text(200).describe('the company'),
  cvr: z
    .string()
    .regex(/^\d{8}$/, 'is not eight digits')
    .refine(isPlausibleCvr, 'fails the modulus 11 check of CVR numbers')
    .nullable()
    .default(null),
  email,
  language: z.enum(['da', 'en']),
});

export const applicationDetails = z.object({
  ...wishes,
  scopes: z.array(scope).max(2 * MAX_SCOPES),
  applicant: applicant.extend({
    email: email.nullable().describe('null: the system applied for a partner that has none'),
  }),
});
export type ApplicationDetails = z.output<typeof applicationDetails>;
export type Wishes = Omit<ApplicationDetails, 'applicant'>;

export const APPLICATION_STATES = ['applied', 'in-review', 'active', 'rejected', 'withdrawn'] as const;

export const applicationState = z.object({
  applicationId: fields.identifier(64),
  version: z.int().min(1),
  kind: z.enum(['new', 'scopes']).describe('a new integration, or other scopes for one that is active'),
  state: z.enum(APPLICATION_STATES),
  partnerId: z.string().nullable(),
  integrationId: z.string().nullable().describe('its client id, from when the review begins'),
  details: applicationDetails,
  note: z.string().nullable().describe('the latest word to the applicant'),
  awaitsAnswer: z.boolean().describe('true: a change was asked for and the applicant has not answered yet'),
  openedBySystem: z
    .boolean()
    .describe(
      'true: made necessary by calls with scopes that nobody approved; it is decided, never withdrawn',
    ),
  submittedAt: z.iso.datetime(),
  decidedAt: z.iso.datetime().nullable(),
});
export type Application = z.output<typeof applicationState>;

/** What a command on an application answers, and what the audit keeps: neither who applied nor the words of anybody (ADR 0015). */
export const applicationStanding = applicationState.omit({ details: true, note: true });

export function withoutWords({ details: _1, note: _2, ...standing }: Application) {
  return standing;
}

export interface Submission {
  readonly applicationId: string;
  readonly partnerId: string | null;
  /** Set for an integration that exists and wants other scopes: its review begins at once, since there is nothing to create. */
  readonly integrationId: string | null;
  readonly details: ApplicationDetails;
  readonly openedBySystem?: boolean;
}

export function submit(
  { integrationId, openedBySystem = false, ...submission }: Submission,
  now: Date,
): Application {
  return {
    ...submission,
    integrationId,
    openedBySystem,
    version: 0,
    kind: integrationId === null ? 'new' : 'scopes',
    state: integrationId === null ? 'applied' : 'in-review',
    note: null,
    awaitsAnswer: false,
    submittedAt: now.toISOString(),
    decidedAt: null,
  };
}

/** @throws MoveNotAllowed unless it was only submitted */
export function accept(
  current: Application,
  given: { readonly partnerId: string; readonly integrationId: string },
): Application {
  return { ...current, ...given, state: stateAfter(moveFrom(current.state, 'accept')) };
}

export type ChangedWishes = { readonly [Wish in keyof Wishes]?: Wishes[Wish] | undefined };

/** @throws MoveNotAllowed once it is decided */
export function changeWishes(current: Application, changed: ChangedWishes): Application {
  moveFrom(current.state, current.state === 'applied' ? 'change' : 'answer');
  const { details } = current;
  return {
    ...current,
    details: {
      ...details,
      integrationName: changed.integrationName ?? details.integrationName,
      purpose: changed.purpose ?? details.purpose,
      scopes: changed.scopes ?? details.scopes,
      expected: changed.expected ?? details.expected,
      testDate: changed.testDate === undefined ? details.testDate : changed.testDate,
    },
    awaitsAnswer: false,
  };
}

/** @throws MoveNotAllowed unless it is in review */
export function askForChange(current: Application, note: string): Application {
  return { ...current, state: stateAfter(moveFrom(current.state, 'ask')), note, awaitsAnswer: true };
}

/**
 * Ends it: approved, rejected or withdrawn. What the system opened is not withdrawn: whoever uses scopes that nobody approved
 * would end the review of it.
 * @throws MoveNotAllowed from a state from which the table does not lead there
 */
export function decide(
  current: Application,
  move: 'approve' | 'reject' | 'withdraw',
  note: string | null,
  now: Date,
): Application {
  const state = stateAfter(moveFrom(current.state, move));
  if (move === 'withdraw' && current.openedBySystem) {
    const others = movesFrom(current.state).filter((name) => name !== move);
    throw new MoveNotAllowed(current.state, move, others);
  }
  return { ...current, state, note: note ?? current.note, awaitsAnswer: false, decidedAt: now.toISOString() };
}

/** An application is never restricted or deactivated: no move of its own leads there. */
function stateAfter(state: LifeCycleState): Application['state'] {
  const found = APPLICATION_STATES.find((candidate) => candidate === state);
  if (!found) throw new Error(`an application cannot be ${state}`);
  return found;
}
