import { agreementChanged, integrationChanged, partnerChanged } from './facts/partners.js';
import { apiCall } from './events/api-call.js';
import {
  breachEscalated,
  breachOpened,
  breachReopened,
  breachResolved,
  breachRevised,
} from './facts/fair-use.js';
import { agreementObserved, integrationObserved } from './facts/observations.js';
import { documentRendered, invoiceIssued } from './facts/billing.js';
import { restrictionAnswered } from './facts/restriction-answers.js';
import { restrictionObserved } from './facts/restriction-observed.js';
import { integrationStatusChanged } from './facts/restrictions.js';
import { smsBudgetChanged, smsBudgetReached } from './facts/sms-budgets.js';
import { smsSent } from './events/sms-sent.js';
import { callTotalsChanged, smsTotalsChanged } from './facts/metering.js';
import { usageProfiled } from './facts/usage-profile.js';
import type { EventType } from './cloud-event.js';

/** How the events of a topic are told apart (design: delivery). */
export type Identity =
  /** hash of CloudEvents (source, id), kept for 7 days of event time in day partitions */
  | 'source-and-id'
  /** `data.messageId`, kept for ever */
  | 'message-id'
  /** the record key with `data.version`: a version not above the last one seen is a duplicate */
  | 'key-and-version';

export interface Topic {
  readonly name: string;
  readonly description: string;
  readonly partitions: number;
  /** What the record key is made of, in words, for the documents. */
  readonly key: string;
  readonly identity: Identity;
  readonly compacted: boolean;
  /** How long Kafka keeps a record at least; null: for ever. A compacted topic keeps the newest record of each key. */
  readonly retentionMs: number | null;
  /**
   * `gzip`: the broker packs whatever a producer sends, so that a producer with a codec that our consumers cannot read (zstd,
   * snappy, lz4) does no harm. `producer`: only we write there, and we send what we can read.
   */
  readonly compression: 'gzip' | 'producer';
  /** An event whose `time` lies further than this before its log append time is quarantined as `too_late`; null: never. */
  readonly latestAfterMs: number | null;
  readonly types: readonly EventType[];
}

const DAY_MS = 86_400_000;

/** An event may run ahead of the log's clock by this much; beyond it the producer's clock is wrong (domain rule 2.10). */
export const FUTURE_TOLERANCE_MS = 5 * 60_000;

export const TOPICS = {
  apiCalls: {
    name: 'usage.api-calls.v1',
    description: 'Every call of the public API.',
    partitions: 8,
    key: 'integrationId|organizationId',
    identity: 'source-and-id',
    compacted: false,
    retentionMs: 14 * DAY_MS,
    compression: 'gzip',
    latestAfterMs: 7 * DAY_MS,
    types: [apiCall],
  },
  // The partition count of this topic may never change: readers agree which of two copies came first only because equal
  // messageIds always meet on one partition.
  smsSent: {
    name: 'usage.sms-sent.v1',
    description: 'Every SMS that the carrier accepted. This topic is money.',
    partitions: 4,
    key: 'messageId',
    identity: 'message-id',
    compacted: false,
    retentionMs: 430 * DAY_MS,
    compression: 'gzip',
    latestAfterMs: 400 * DAY_MS,
    types: [smsSent],
  },
  partners: {
    name: 'partners.v1',
    description: 'Partners, integrations and agreements, whole state each.',
    partitions: 1,
    key: 'partner|ID, integration|ID or agreement|INTEGRATION|ORGANIZATION',
    identity: 'key-and-version',
    compacted: true,
    retentionMs: null,
    compression: 'producer',
    latestAfterMs: null,
    types: [partnerChanged, integrationChanged, agreementChanged],
  },
  // One partition: a gateway that has read to its end knows everything.
  integrationStatus: {
    name: 'integrations.status.v1',
    description: 'What a gateway must let through, slow down or refuse, whole state of each integration.',
    partitions: 1,
    key: 'integrationId',
    identity: 'key-and-version',
    compacted: true,
    retentionMs: null,
    compression: 'producer',
    latestAfterMs: null,
    types: [integrationStatusChanged],
  },
  // Not compacted: that a fault is mended must not be lost behind the answer to it.
  restrictionAnswers: {
    name: 'partners.restriction-answers.v1',
    description: 'What partners reply to restrictions, and that they were answered; without the words.',
    partitions: 1,
    key: 'restrictionId',
    identity: 'key-and-version',
    compacted: false,
    retentionMs: null,
    compression: 'producer',
    latestAfterMs: null,
    types: [restrictionAnswered],
  },
  smsBudgets: {
    name: 'partners.sms-budgets.v1',
    description: 'SMS budgets that partners have set, whole state each.',
    partitions: 1,
    key: 'sms_budget|integrationId',
    identity: 'key-and-version',
    compacted: true,
    retentionMs: null,
    compression: 'producer',
    latestAfterMs: null,
    types: [smsBudgetChanged],
  },
  breaches: {
    name: 'fair-use.breaches.v1',
    description: 'Breach cases, whole state each.',
    partitions: 1,
    key: 'breachId',
    identity: 'key-and-version',
    compacted: true,
    retentionMs: null,
    compression: 'producer',
    latestAfterMs: null,
    types: [breachOpened, breachEscalated, breachRevised, breachResolved, breachReopened],
  },
  // The one edge that leads upstream: partners reviews an integration by what fair-use saw of it.
  observations: {
    name: 'integration-observed.v1',
    description: 'How integrations use the API, and for which organisations they act.',
    partitions: 1,
    key: 'integration|ID or agreement|INTEGRATION|ORGANIZATION',
    identity: 'key-and-version',
    compacted: true,
    retentionMs: null,
    compression: 'producer',
    latestAfterMs: null,
    types: [integrationObserved, agreementObserved],
  },
  usageProfiles: {
    name: 'fair-use.usage-profiles.v1',
    description: 'Normal use of each integration, once a day.',
    partitions: 1,
    key: 'integrationId',
    identity: 'key-and-version',
    compacted: true,
    retentionMs: null,
    compression: 'producer',
    latestAfterMs: null,
    types: [usageProfiled],
  },
  restrictionsObserved: {
    name: 'fair-use.restrictions-observed.v1',
    description: 'Whether blocks work: calls refused and calls let through, whole state each.',
    partitions: 1,
    key: 'restrictionId',
    identity: 'key-and-version',
    compacted: true,
    retentionMs: null,
    compression: 'producer',
    latestAfterMs: null,
    types: [restrictionObserved],
  },
  smsBudgetsReached: {
    name: 'fair-use.sms-budgets-reached.v1',
    description: 'How far SMS budgets are used up, of each integration and quarter.',
    partitions: 1,
    key: 'integrationId|quarter',
    identity: 'key-and-version',
    compacted: true,
    retentionMs: null,
    compression: 'producer',
    latestAfterMs: null,
    types: [smsBudgetReached],
  },
  smsTotals: {
    name: 'metering.sms-totals.v1',
    description: 'What metering counted, so that billing can be held against it.',
    partitions: 1,
    key: 'partition|integrationId|quarter',
    identity: 'key-and-version',
    compacted: true,
    retentionMs: null,
    compression: 'producer',
    latestAfterMs: null,
    types: [smsTotalsChanged],
  },
  callTotals: {
    name: 'metering.call-totals.v1',
    description: 'Running totals of API calls, of each integration and quarter.',
    partitions: 1,
    key: 'integrationId|quarter',
    identity: 'key-and-version',
    compacted: true,
    retentionMs: null,
    compression: 'producer',
    latestAfterMs: null,
    types: [callTotalsChanged],
  },
  documents: {
    name: 'billing.documents.v1',
    description: 'Issued invoices and the hashes of their documents.',
    partitions: 1,
    key: 'invoice|NUMBER or document|ID',
    identity: 'key-and-version',
    compacted: false,
    retentionMs: null,
    compression: 'producer',
    latestAfterMs: null,
    types: [invoiceIssued, documentRendered],
  },
} as const satisfies Record<string, Topic>;

export const ALL_TOPICS: readonly Topic[] = Object.values(TOPICS);

const topicByType = new Map(
  ALL_TOPICS.flatMap((topic) => topic.types.map((type) => [type.type, topic] as const)),
);

/** The topic on which a type of event travels; undefined for a type that is not ours. */
export function topicOfType(type: string): Topic | undefined {
  return topicByType.get(type);
}

/** @throws RangeError when there is no such topic */
export function topicNamed(name: string): Topic {
  const topic = ALL_TOPICS.find((candidate) => candidate.name === name);
  if (!topic) throw new RangeError(`there is no topic "${name}"`);
  return topic;
}
