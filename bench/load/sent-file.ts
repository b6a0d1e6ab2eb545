import type { LoadEvent } from './personas.js';

/**
 * The file of what was sent, which an oracle reads instead of any table of ours: a line of JSON for each event, of the same event
 * as often as it was sent.
 */
export type Outcome = 'ok' | 'failed' | 'unknown';

export interface SentLine {
  /** `ok`: acknowledged; `failed`: refused for good; `unknown`: nobody knows whether it is stored. */
  readonly outcome: Outcome;
  readonly kind: 'call' | 'sms';
  readonly source: string;
  readonly id: string;
  readonly time: string;
  readonly integrationId: string;
  /** '' for none. */
  readonly organizationId: string;
  /** HTTP status of a call; of an SMS 1 in test mode and 0 otherwise. */
  readonly status: number;
  readonly segments: number;
}

export function lineOf(outcome: Outcome, event: LoadEvent): string {
  const { source, time, data } = event;
  const place = [data.integrationId, data.organizationId ?? ''];
  return JSON.stringify(
    'messageId' in data
      ? [outcome, 'sms', source, data.messageId, time, ...place, data.testMode ? 1 : 0, data.segments]
      : [outcome, 'call', source, event.id, time, ...place, data.status, 0],
  );
}

/** A line as `lineOf` wrote it. */
type SentValues = [Outcome, SentLine['kind'], string, string, string, string, string, number, number];

/** @throws SyntaxError when it is not a line of such a file */
export function readLine(line: string): SentLine {
  const values: unknown = JSON.parse(line);
  if (!Array.isArray(values) || values.length !== 9)
    throw new SyntaxError(`not a line of what was sent: ${line}`);
  const [outcome, kind, source, id, time, integrationId, organizationId, status, segments] =
    values as SentValues;
  return { outcome, kind, source, id, time, integrationId, organizationId, status, segments };
}
