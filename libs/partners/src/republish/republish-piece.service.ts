import {
  TOPICS,
  agreementChanged,
  integrationChanged,
  partnerChanged,
  smsBudgetChanged,
  type Topic,
} from '@taxameter/contracts';
import { publishFacts, type Fact } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { loadAgreement } from '../agreement/agreement.service.js';
import { lockSubjects } from '../change/change.service.js';
import { loadIntegration } from '../integration/integration.service.js';
import { loadPartner } from '../partner/partner.service.js';
import { loadBudget } from '../sms-budget/sms-budget.service.js';
import { bringStatusUpToDate } from '../status-feed/publish-status.service.js';

/** Keys that are published again in one transaction. */
export const PIECE = 200;

/** What is published again, in this order. */
export const KINDS = ['partner', 'integration', 'agreement', 'status', 'sms_budget'] as const;
export type Kind = (typeof KINDS)[number];

const PAGE = `as subjects where subject > $1 collate "C" order by subject collate "C" limit $2`;

/** Reads the next subjects of a kind, in the order of their names. */
const NEXT: Readonly<Record<Kind, string>> = {
  partner: `select subject from (select 'partner|' || partner_id as subject from partner) ${PAGE}`,
  integration: `select subject from (select 'integration|' || integration_id as subject from integration) ${PAGE}`,
  agreement: `
    select subject from (
      select 'agreement|' || integration_id || '|' || organization_id as subject from agreement) ${PAGE}`,
  // The record of an integration changes under the lock of the integration.
  status: `select subject from (select 'integration|' || integration_id as subject from integration) ${PAGE}`,
  sms_budget: `select subject from (select 'sms_budget|' || integration_id as subject from sms_budget) ${PAGE}`,
};

/**
 * Publishes the next subjects of a kind as they are, versions unchanged: whatever an older relay may still write of them,
 * the newest state is written after it. One of which no gateway was ever told is published for the first time.
 * @returns the last subject, to go on after; null when there are no more
 */
export async function republishPiece(
  tx: EntityManager,
  kind: Kind,
  after: string,
  now: Date,
): Promise<string | null> {
  const rows = await tx.query<{ subject: string }[]>(NEXT[kind], [after, PIECE]);
  const subjects = rows.map(({ subject }) => subject);
  // All before any is read, and before a place in the feed is taken: a command holds its integration while it waits for one.
  await lockSubjects(tx, subjects);
  if (kind === 'status') {
    for (const subject of subjects) await bringStatusUpToDate(tx, subject.split('|')[1]!, now);
  } else {
    await publishFacts(tx, 'partners', await factsOf(tx, subjects, now));
  }
  return subjects.length < PIECE ? null : subjects.at(-1)!;
}

async function factsOf(tx: EntityManager, subjects: readonly string[], now: Date): Promise<Fact[]> {
  const changes = await tx.query<{ subject: string; at: Date }[]>(
    'select subject, max(at) as at from audit_entry where subject = any($1) group by subject',
    [subjects],
  );
  const changedAt = new Map(changes.map(({ subject, at }) => [subject, at]));
  const facts: Fact[] = [];
  for (const subject of subjects) {
    const found = await loadSubject(tx, subject);
    if (!found) continue;
    const time = changedAt.get(subject) ?? now;
    facts.push({ ...found, key: subject, time });
  }
  return facts;
}

async function loadSubject(
  tx: EntityManager,
  subject: string,
): Promise<{ readonly topic: Topic; readonly type: string; readonly data: Fact['data'] } | null> {
  const [kind, id = '', organizationId = ''] = subject.split('|');
  const [data, event, topic] =
    kind === 'partner'
      ? [await loadPartner(tx, id), partnerChanged, TOPICS.partners]
      : kind === 'integration'
        ? [await loadIntegration(tx, id), integrationChanged, TOPICS.partners]
        : kind === 'agreement'
          ? [await loadAgreement(tx, id, organizationId), agreementChanged, TOPICS.partners]
          : [await loadBudget(tx, id), smsBudgetChanged, TOPICS.smsBudgets];
  return data && { topic, type: event.schema.shape.type.value, data };
}
