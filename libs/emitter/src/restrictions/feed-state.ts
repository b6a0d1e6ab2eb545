import { integrationStatusChanged } from '@taxameter/contracts';
import type { IntegrationStatus } from '@taxameter/contracts';
import { z } from 'zod';

/** What the status feed has said so far, and what an answer makes of it. */

export interface FeedState {
  /** The place in the feed; null before the first answer. */
  readonly revision: number | null;
  /** Integrations of which something must be enforced, now or later. */
  readonly integrations: ReadonlyMap<string, IntegrationStatus>;
}

export const NOTHING_KNOWN: FeedState = { revision: null, integrations: new Map() };

const answer = z.object({
  revision: z.int().min(0),
  isFull: z.boolean(),
  integrations: z.array(integrationStatusChanged.schema.shape.data),
});

export type FeedAnswer = z.output<typeof answer>;

/** @throws Error when it is not an answer of the feed; what was known must then be kept */
export function readFeedAnswer(value: unknown): FeedAnswer {
  const read = answer.safeParse(value);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw new Error(`not an answer of the status feed: ${issue?.path.join('.')} ${issue?.message}`);
}

/** A snapshot takes the place of everything; a change that of the integration's earlier record, unless that is newer. */
export function applyAnswer(state: FeedState, { revision, isFull, integrations }: FeedAnswer): FeedState {
  const next = new Map(isFull ? [] : state.integrations);
  for (const record of integrations) {
    const known = next.get(record.integrationId);
    if (known && known.version > record.version) continue;
    if (isFree(record)) next.delete(record.integrationId);
    else next.set(record.integrationId, record);
  }
  return { revision, integrations: next };
}

/** The state as one snapshot, as it is kept on disk. */
export function snapshotOf({ revision, integrations }: FeedState): FeedAnswer {
  return { revision: revision ?? 0, isFull: true, integrations: [...integrations.values()] };
}

function isFree({ status, restrictions }: IntegrationStatus): boolean {
  return restrictions.length === 0 && status.every((entry) => entry.status === 'active');
}
