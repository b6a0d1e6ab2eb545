import { agreementIdOf, type ApiCall, type ApiCallEvent, type SmsSentEvent } from '@taxameter/contracts';
import { HOUR_MS, MINUTE_MS, windowOf } from './window.js';

/**
 * From events to sums: what a batch of distinct events adds to each counter row. Only additions and maxima, so the order of events and
 * the cut into batches change nothing.
 */

/** An event with its time as an instant. */
export interface TimedEvent<Event = ApiCallEvent | SmsSentEvent> {
  readonly event: Event;
  readonly time: Date;
}

export interface Measures {
  calls: number;
  calls4xx: number;
  calls5xx: number;
  /** Also in `calls4xx`. */
  calls429: number;
  // By kind, as the event says it (`operation`): each call is in one of them.
  callsList: number;
  callsItem: number;
  callsWrite: number;
  callsAction: number;
  callsFile: number;
  callsAuth: number;
  callsOther: number;
  durationMs: number;
  /** Of the slowest call. A maximum, which merges in any order as a sum does. */
  durationMaxMs: number;
  responseBytes: number;
  /** Messages, not segments; those of test mode are in `smsTest` only. */
  sms: number;
  smsSegments: number;
  smsTest: number;
}

/** What one integration did on one agreement ('' is none) in one window. */
export interface PairRow extends Measures {
  readonly window: string;
  readonly integrationId: string;
  readonly agreementId: string;
}

export interface HourRow extends PairRow {
  /** '' for an SMS, which has no route. */
  readonly route: string;
  /** First digit of the HTTP status; 0 where there is none: the client aborted, or it is an SMS. */
  readonly statusClass: number;
}

/** Every event is in exactly one row of each level. */
export interface UsageSums {
  readonly minutes: readonly PairRow[];
  readonly hours: readonly HourRow[];
  readonly days: readonly PairRow[];
  readonly quarters: readonly PairRow[];
}

// One nonsense figure of a producer (2^53 ms) must not overflow a sum or take its exactness: the call counts, the figure
// is cut to a day and to 1 TiB.
const LONGEST_DURATION_MS = 86_400_000;
const MOST_RESPONSE_BYTES = 2 ** 40;

const NOTHING: Measures = {
  calls: 0,
  calls4xx: 0,
  calls5xx: 0,
  calls429: 0,
  callsList: 0,
  callsItem: 0,
  callsWrite: 0,
  callsAction: 0,
  callsFile: 0,
  callsAuth: 0,
  callsOther: 0,
  durationMs: 0,
  durationMaxMs: 0,
  responseBytes: 0,
  sms: 0,
  smsSegments: 0,
  smsTest: 0,
};

/** The names of all measures, in the order in which tables and answers have them. */
export const MEASURES = Object.keys(NOTHING) as readonly (keyof Measures)[];

/** Those that are added; the others are maxima. */
export const ADDED_MEASURES: readonly (keyof Measures)[] = MEASURES.filter(
  (measure) => measure !== 'durationMaxMs',
);

/** The measure in which a call of each kind stands. */
const KIND_OF_OPERATION = {
  list: 'callsList',
  item: 'callsItem',
  write: 'callsWrite',
  action: 'callsAction',
  file: 'callsFile',
  auth: 'callsAuth',
  other: 'callsOther',
} as const satisfies Record<ApiCall['operation'], keyof Measures>;

/** The measures of the kinds of call; together they are `calls`. */
export const CALL_KINDS = Object.values(KIND_OF_OPERATION);

type MinuteRow = PairRow & { startMs: number };

/** What one integration did on one agreement: rows by minute, and by hour, route and status class. */
interface PairSums {
  readonly minutes: Map<number, MinuteRow>;
  readonly hours: Map<number, Map<string, HourRow[]>>;
}

/**
 * Two look-ups by name and three by number find an event's rows; one key of text for each row took a tenth of all the time that
 * an event costs.
 */
export function sumUsage(events: Iterable<TimedEvent>): UsageSums {
  const pairs = new Map<string, Map<string, PairSums>>();
  const minutes: MinuteRow[] = [];
  const hours: HourRow[] = [];
  for (const { event, time } of events) {
    const { integrationId } = event.data;
    const agreementId = agreementIdOf(event.data.organizationId);
    const pair = pairOf(pairs, integrationId, agreementId);
    const startMs = Math.floor(time.getTime() / MINUTE_MS) * MINUTE_MS;
    let minute = pair.minutes.get(startMs);
    if (!minute) {
      const window = new Date(startMs).toISOString();
      minute = { window, integrationId, agreementId, startMs, ...NOTHING };
      pair.minutes.set(startMs, minute);
      minutes.push(minute);
    }
    addEvent(minute, event);
    const { route, statusClass } = placeOf(event);
    const hourMs = Math.floor(startMs / HOUR_MS) * HOUR_MS;
    const classes = classesOf(pair, hourMs, route);
    let hour = classes[statusClass];
    if (!hour) {
      const window = new Date(hourMs).toISOString();
      hour = { window, integrationId, agreementId, route, statusClass, ...NOTHING };
      classes[statusClass] = hour;
      hours.push(hour);
    }
    addEvent(hour, event);
  }
  return { minutes, hours, ...sumCalendar(minutes) };
}

function pairOf(
  pairs: Map<string, Map<string, PairSums>>,
  integrationId: string,
  agreementId: string,
): PairSums {
  let ofIntegration = pairs.get(integrationId);
  if (!ofIntegration) pairs.set(integrationId, (ofIntegration = new Map<string, PairSums>()));
  let pair = ofIntegration.get(agreementId);
  if (!pair) ofIntegration.set(agreementId, (pair = { minutes: new Map(), hours: new Map() }));
  return pair;
}

function classesOf({ hours }: PairSums, hourMs: number, route: string): HourRow[] {
  let ofHour = hours.get(hourMs);
  if (!ofHour) hours.set(hourMs, (ofHour = new Map<string, HourRow[]>()));
  let classes = ofHour.get(route);
  if (!classes) ofHour.set(route, (classes = []));
  return classes;
}

/** Days and quarters come from the minutes: a minute lies in one of each, and asking the calendar for each event is dear. */
function sumCalendar(minutes: readonly MinuteRow[]) {
  const days = new Map<string, PairRow>();
  const quarters = new Map<string, PairRow>();
  const calendar = new Map<number, { day: string; quarter: string }>();
  for (const minute of minutes) {
    let names = calendar.get(minute.startMs);
    if (!names) {
      const start = new Date(minute.startMs);
      names = { day: windowOf('day', start).key, quarter: windowOf('quarter', start).key };
      calendar.set(minute.startMs, names);
    }
    addPair(days, names.day, minute);
    addPair(quarters, names.quarter, minute);
  }
  return { days: [...days.values()], quarters: [...quarters.values()] };
}

function addPair(rows: Map<string, PairRow>, window: string, minute: PairRow): void {
  const { integrationId, agreementId } = minute;
  const key = `${window}|${integrationId}|${agreementId}`;
  let row = rows.get(key);
  if (!row) {
    row = { window, integrationId, agreementId, ...NOTHING };
    rows.set(key, row);
  }
  add(row, minute);
}

function add(row: Measures, more: Measures): void {
  for (const measure of ADDED_MEASURES) row[measure] += more[measure];
  if (more.durationMaxMs > row.durationMaxMs) row.durationMaxMs = more.durationMaxMs;
}

function addEvent(row: Measures, event: ApiCallEvent | SmsSentEvent): void {
  if (event.type === 'dk.dinero.usage.sms_sent.v1') {
    const { testMode, segments } = event.data;
    if (testMode) row.smsTest += 1;
    else {
      row.sms += 1;
      row.smsSegments += segments;
    }
    return;
  }
  const { status, operation, durationMs, responseBytes } = event.data;
  const cutMs = Math.min(durationMs, LONGEST_DURATION_MS);
  row.calls += 1;
  if (status >= 500) row.calls5xx += 1;
  else if (status >= 400) row.calls4xx += 1;
  if (status === 429) row.calls429 += 1;
  row[KIND_OF_OPERATION[operation]] += 1;
  row.durationMs += cutMs;
  if (cutMs > row.durationMaxMs) row.durationMaxMs = cutMs;
  row.responseBytes += Math.min(responseBytes ?? 0, MOST_RESPONSE_BYTES);
}

function placeOf(event: ApiCallEvent | SmsSentEvent): { route: string; statusClass: number } {
  if (event.type === 'dk.dinero.usage.sms_sent.v1') return { route: '', statusClass: 0 };
  return { route: event.data.route, statusClass: Math.floor(event.data.status / 100) };
}

/** Under which the calls of one integration stand whose routes are too many to have a row each. */
export const FOLDED_ROUTE = '*';

/** The same calls in fewer rows: those of folded routes are together in one for each hour, pair and status class. */
export function foldRoutes(hours: readonly HourRow[], isFolded: (row: HourRow) => boolean): HourRow[] {
  const kept: HourRow[] = [];
  const folded = new Map<string, HourRow>();
  for (const row of hours) {
    if (row.route !== FOLDED_ROUTE && !isFolded(row)) {
      kept.push(row);
      continue;
    }
    const key = `${row.window}|${row.integrationId}|${row.agreementId}|${row.statusClass}`;
    let sum = folded.get(key);
    if (!sum) {
      sum = { ...row, ...NOTHING, route: FOLDED_ROUTE };
      folded.set(key, sum);
    }
    add(sum, row);
  }
  return [...kept, ...folded.values()];
}
