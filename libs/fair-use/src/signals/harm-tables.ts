import { DURATION_BUCKETS } from './durations.js';
import { bucketSums, smallestTexts, sum, type Measure, type SampledTexts } from './measure.js';
import type { SummedTable } from './upsert.js';

/**
 * What is counted for the evidence of cases alone: how busy the platform was, and what became of an integration's calls. No rule judges
 * it, so these tables are none of `tables.ts` and no evaluator reads them.
 */

/** Of all calls that the platform worked on in one minute, as they came from one partition: a row of all would be written by all readers. */
export interface PlatformMinute {
  readonly partition: number;
  /** Whole minutes since 1970, UTC. */
  readonly minute: number;
  readonly calls: number;
  /** Server time in ms within the minute, as in `PairMeasures`. */
  readonly serverTimeMs: number;
  /** Calls by how long they took (`durations.ts`). Empty: none. */
  readonly durations: readonly number[];
}

/** Of the calls of one integration on one agreement in one hour of UTC, with one method on one route. */
export interface AnswerHour {
  readonly integrationId: string;
  /** The empty string for calls without an agreement. */
  readonly agreementId: string;
  /** The last minute of the hour. */
  readonly minute: number;
  readonly method: string;
  readonly route: string;
  /** All of them; they are the sum of those below. */
  readonly calls: number;
  /** As in `PlatformMinute`; of what our own restriction answered there is none. */
  readonly serverTimeMs: number;
  readonly successes: number;
  /** Status 1xx and 3xx. */
  readonly redirects: number;
  /** Status 4xx. */
  readonly refusals: number;
  /** Status 5xx. */
  readonly failures: number;
  /** The client did not wait for the answer. */
  readonly aborted: number;
  /** Calls that our own restriction answered, whatever the status; they are in none of the five above. */
  readonly restricted: number;
  /** A few ids of events. */
  readonly eventIds: SampledTexts;
}

type MeasuresOf<Row, Key extends keyof Row> = {
  readonly [Name in Exclude<keyof Row, Key>]: Measure<Row[Name]>;
};

export const PLATFORM_MEASURES: MeasuresOf<PlatformMinute, 'partition' | 'minute'> = {
  calls: sum('calls'),
  serverTimeMs: sum('server_time_ms'),
  durations: bucketSums('durations', DURATION_BUCKETS),
};

export const ANSWER_MEASURES: MeasuresOf<
  AnswerHour,
  'integrationId' | 'agreementId' | 'minute' | 'method' | 'route'
> = {
  calls: sum('calls'),
  serverTimeMs: sum('server_time_ms'),
  successes: sum('successes'),
  redirects: sum('redirects'),
  refusals: sum('refusals'),
  failures: sum('failures'),
  aborted: sum('aborted'),
  restricted: sum('restricted'),
  eventIds: smallestTexts('event_ids'),
};

export interface HarmTable<Row> extends SummedTable {
  readonly keyFields: readonly (keyof Row & string)[];
  readonly measureFields: readonly (readonly [keyof Row & string, Measure<unknown>])[];
}

function fieldsOf<Row>(measures: object): HarmTable<Row>['measureFields'] {
  return Object.entries(measures) as unknown as HarmTable<Row>['measureFields'];
}

export const PLATFORM_TABLE: HarmTable<PlatformMinute> = {
  name: 'signal_platform_minute',
  keyFields: ['minute', 'partition'],
  keys: [
    { column: 'minute', sqlType: 'integer' },
    { column: 'partition', sqlType: 'integer' },
  ],
  measureFields: fieldsOf(PLATFORM_MEASURES),
  measures: Object.values(PLATFORM_MEASURES),
};

export const ANSWER_TABLE: HarmTable<AnswerHour> = {
  name: 'signal_answer_hour',
  keyFields: ['integrationId', 'minute', 'agreementId', 'method', 'route'],
  keys: [
    { column: 'integration_id', sqlType: 'text' },
    { column: 'minute', sqlType: 'integer' },
    { column: 'agreement_id', sqlType: 'text' },
    { column: 'method', sqlType: 'text' },
    { column: 'route', sqlType: 'text' },
  ],
  measureFields: fieldsOf(ANSWER_MEASURES),
  measures: Object.values(ANSWER_MEASURES),
};
