/** What has happened to an integration, from its audit, and as much of it as the reader may see. */
import type { Integration, SmsBudget } from '@taxameter/contracts';
import type { Answer } from '../answer/answer.js';
import type { Approval } from '../approval/approval.js';
import type { Application } from '../application/application.js';
import { describeApplicationStep } from '../application/describe-step.js';
import { withoutNames, type Restriction } from '../restriction/restriction.js';
import {
  describeAnswer,
  describeApprovalStep,
  describeBudget,
  describeIntegrationStep,
  describeRestrictionStep,
} from './describe.js';
import type { Sentence } from './in-words.js';

export interface AuditRow {
  readonly id: number;
  readonly at: Date;
  readonly actorId: string;
  readonly actorRole: string;
  readonly action: string;
  readonly subject: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly reason: string | null;
}

export interface TimelineEntry {
  readonly id: number;
  readonly at: string;
  readonly action: string;
  readonly text: Sentence;
  readonly actor: { readonly id: string | null; readonly role: string };
  readonly reason: string | null;
  readonly restriction: Restriction | null;
  /** Status entries that this step added. */
  readonly status: Integration['status'];
  /** Ownership entries that this step added. */
  readonly ownership: Integration['ownership'];
}

/** @param partnerId the partner that reads, null for our own people: a partner sees no names and no reasons meant for us */
export function timelineEntry(row: AuditRow, partnerId: string | null): TimelineEntry {
  const isPartner = partnerId !== null;
  const step = {
    id: row.id,
    at: row.at.toISOString(),
    action: row.action,
    actor: { id: isPartner ? null : row.actorId, role: row.actorRole },
    reason: isPartner ? null : row.reason,
  };
  if (row.subject.startsWith('restriction|')) {
    const restriction = row.after as Restriction;
    return {
      ...step,
      text: describeRestrictionStep(row.action, restriction),
      restriction: isPartner ? withoutNames(restriction) : restriction,
      status: [],
      ownership: [],
    };
  }
  if (row.subject.startsWith('application|')) {
    const text = describeApplicationStep(row.action, (row.after as Pick<Application, 'kind'>).kind);
    return { ...step, text, restriction: null, status: [], ownership: [] };
  }
  if (row.subject.startsWith('answer|')) {
    return {
      ...step,
      text: describeAnswer(row.after as Pick<Answer, 'kind' | 'answerDueAt'>),
      restriction: null,
      status: [],
      ownership: [],
    };
  }
  if (row.subject.startsWith('sms_budget|')) {
    return {
      ...step,
      text: describeBudget(row.after as SmsBudget),
      restriction: null,
      status: [],
      ownership: [],
    };
  }
  if (row.subject.startsWith('approval|')) {
    const text = describeApprovalStep(row.action, row.after as Approval);
    return { ...step, text, restriction: null, status: [], ownership: [] };
  }
  const after = row.after as Integration;
  const before = row.before as Integration | null;
  const ownership = added(after.ownership, before?.ownership, (owner) => `${owner.from} ${owner.partnerId}`);
  return {
    ...step,
    text: describeIntegrationStep(row.action, ownership.length > 0),
    restriction: null,
    status: added(after.status, before?.status, (entry) => `${entry.from} ${entry.status}`),
    ownership: ownership.filter((owner) => !isPartner || owner.partnerId === partnerId),
  };
}

function added<Entry>(
  after: readonly Entry[],
  before: readonly Entry[] = [],
  keyOf: (entry: Entry) => string,
) {
  const known = new Set(before.map(keyOf));
  return after.filter((entry) => !known.has(keyOf(entry)));
}
