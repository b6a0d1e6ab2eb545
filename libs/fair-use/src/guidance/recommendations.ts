import { lowestOf, type CallsHeld, type HeldSettings, type Policy } from '../policy/policy.js';
import { SLOTS_PER_MINUTE } from '../signals/minute.js';

/**
 * Computes, from the policy in force, advice that is never itself a breach, however literally it is followed
 * (rule 1.7.2).
 */

/**
 * Calls per minute, spread evenly, that keep a pair below every threshold of RATE_MINUTE, BURST and RATE_DAY, and
 * its integration out of RATE_INTEGRATION. Half of
 * what lies below the lowest of RATE_MINUTE: a partner's own minutes do not begin when ours do, so one of our
 * minutes may hold the end of one full minute of theirs and the start of the next. Of BURST one call in each
 * slot is left unused, for a timer that goes off early. RATE_DAY asks for less than both of who keeps it up day and night: 13 a minute
 * are 18,720 in 24 hours, where 24 would be 34,560.
 * @throws RangeError when the policy leaves no room for any advice
 */
export function recommendedCallsPerMinute(policy: Policy): number {
  const { RATE_MINUTE, BURST, RATE_DAY } = policy.rules;
  const { pairCalls } = policy.rules.RATE_INTEGRATION;
  const [lowest, lowestOfSlot] = [lowestCalls(RATE_MINUTE), lowestCalls(BURST)];
  const lowestOfDay = lowestOf(RATE_DAY.thresholds, (threshold) => threshold);
  const calls = Math.min(
    Math.floor((lowest - 1) / 2),
    SLOTS_PER_MINUTE * (lowestOfSlot - 2),
    Math.floor((lowestOfDay - 1) / RATE_DAY.windowMinutes),
    // RATE_INTEGRATION finds nothing, however many agreements there are, while each of them stays below this.
    Math.floor((pairCalls - 1) / 2),
  );
  if (calls < 1)
    throw new RangeError(
      `the rules speak up at ${lowest} calls a minute, ${lowestOfSlot} in seconds and ${lowestOfDay} in a day: no rate can be advised`,
    );
  return calls;
}

/**
 * Calls in as many seconds as a slot has that keep a pair below every threshold of BURST, wherever within
 * them they lie: one of our slots may hold the end of one of a partner's and the start of the next.
 * @throws RangeError when the policy leaves no room for any advice
 */
export function recommendedCallsPerSlot(policy: Policy): number {
  const lowest = lowestCalls(policy.rules.BURST);
  const calls = Math.floor((lowest - 1) / 2);
  if (calls < 1)
    throw new RangeError(`BURST speaks up at ${lowest} calls within seconds: no number can be advised`);
  return calls;
}

/**
 * Minutes between two full fetches of a list that keep it below every threshold of POLLING_UNFILTERED. A gap
 * of w / n minutes puts at most n fetches into a window of w. One more is left unused where the threshold
 * allows, for a timer that goes off a few seconds early: with 4 an hour the advice is 30 minutes, not 20.
 * @throws RangeError when the policy leaves no room for any advice
 */
export function recommendedMinutesBetweenSweeps(policy: Policy): number {
  return minutesBetween('POLLING_UNFILTERED', policy);
}

/**
 * Minutes between two questions for the changes of a list that keep it below every threshold of
 * POLLING_TOO_OFTEN, worked out in the same way.
 * @throws RangeError when the policy leaves no room for any advice
 */
export function recommendedMinutesBetweenChanges(policy: Policy): number {
  return minutesBetween('POLLING_TOO_OFTEN', policy);
}

/**
 * Minutes to wait before the same SMS is sent to the same recipient again, so that it stays below every threshold of SMS_REPEAT, worked
 * out in the same way.
 * @throws RangeError when the policy leaves no room for any advice
 */
export function recommendedMinutesBetweenRepeats(policy: Policy): number {
  return minutesBetween('SMS_REPEAT', policy);
}

function minutesBetween(
  ruleId: 'POLLING_UNFILTERED' | 'POLLING_TOO_OFTEN' | 'SMS_REPEAT' | 'DUPLICATE_READS',
  policy: Policy,
): number {
  const { windowMinutes, thresholds } = policy.rules[ruleId];
  const lowest = lowestOf(thresholds, (threshold) => threshold);
  if (lowest < 2) throw new RangeError(`${ruleId} speaks up at the first time: no gap can be advised`);
  return Math.ceil(windowMinutes / Math.max(1, lowest - 2));
}

/**
 * Time between two calls that write, in ms and whole seconds, that keeps a pair below every threshold of
 * WRITE_RATE. A gap of 60 / n seconds puts at most n writes into a minute; one more is left unused, for a
 * timer that goes off early.
 * @throws RangeError when the policy leaves no room for any advice
 */
export function recommendedMsBetweenWrites(policy: Policy): number {
  const lowest = lowestCalls(policy.rules.WRITE_RATE);
  if (lowest < 3)
    throw new RangeError(`WRITE_RATE speaks up at ${lowest} writes a minute: no gap can be advised`);
  return Math.ceil(60 / (lowest - 2)) * 1000;
}

/**
 * Server time a minute, in ms and whole seconds, that keeps a pair below every threshold of SERVER_TIME. Half
 * of what lies below the lowest one, since a minute of ours may hold two halves of a partner's; a partner
 * who measures how long the answers took stays below it, as they take longer than the server needs.
 * @throws RangeError when the policy leaves no room for any advice
 */
export function recommendedServerTimeMs(policy: Policy): number {
  const lowest = lowestOf(policy.rules.SERVER_TIME.thresholds, (threshold) => threshold.serverTimeMs);
  const seconds = Math.floor((lowest - 1) / 2000);
  if (seconds < 1) throw new RangeError(`SERVER_TIME speaks up at ${lowest} ms: no time can be advised`);
  return seconds * 1000;
}

/**
 * How many of the latest `minCalls` calls may be refused before a client should stop, so that it stays below
 * every threshold of ERROR_RATIO_4XX. A window of n calls holds at most that many in each `minCalls` of them
 * and in what is left over; the worst is one call more than `minCalls`, which may hold it twice.
 * @throws RangeError when the policy leaves no room for any advice
 */
export function recommendedRefusals(policy: Policy): number {
  return refusalsOf('ERROR_RATIO_4XX', policy);
}

/**
 * How many of the latest `minCalls` SMS may be rejected before a client should stop, so that it stays below every threshold of
 * SMS_INVALID, worked out in the same way.
 * @throws RangeError when the policy leaves no room for any advice
 */
export function recommendedRejectedSms(policy: Policy): number {
  return refusalsOf('SMS_INVALID', policy);
}

function refusalsOf(ruleId: 'ERROR_RATIO_4XX' | 'SMS_INVALID', policy: Policy): number {
  const { minCalls, thresholds } = policy.rules[ruleId];
  const lowest = lowestOf(thresholds, (threshold) => threshold);
  const refusals = Math.ceil((lowest * (minCalls + 1)) / 200) - 1;
  if (refusals < 1)
    throw new RangeError(`${ruleId} speaks up at ${lowest} %: no number of refusals can be advised`);
  return refusals;
}

/**
 * SMS in an hour that keep an integration below every threshold of SMS_SPIKE, whatever was usual. Half of what is never unusual, since an
 * hour of ours may hold two halves of a partner's.
 * @throws RangeError when the policy leaves no room for any advice
 */
export function recommendedSmsPerHour(policy: Policy): number {
  const { minSms, declaredSmsPerHour = 0, thresholds } = policy.rules.SMS_SPIKE;
  const lowest = lowestOf(thresholds, ({ timesLevel }) => timesLevel);
  const sms = Math.floor((Math.max(minSms, declaredSmsPerHour) * lowest) / 2);
  if (sms < 1) throw new RangeError(`SMS_SPIKE speaks up above ${minSms} SMS: no number can be advised`);
  return sms;
}

/**
 * How many calls of a day may be refused for a missing scope before a client should stop making them, so that it stays below every
 * threshold of SCOPE_MISMATCH. Half of what lies below the lowest one, since a window of ours may hold the end of one of a
 * partner's days and the start of the next.
 * @throws RangeError when the policy leaves no room for any advice
 */
export function recommendedMissingScopes(policy: Policy): number {
  const lowest = lowestOf(policy.rules.SCOPE_MISMATCH.thresholds, (threshold) => threshold);
  const calls = Math.floor((lowest - 1) / 2);
  if (calls < 1)
    throw new RangeError(`SCOPE_MISMATCH speaks up at ${lowest} calls: no number can be advised`);
  return calls;
}

/**
 * Time to wait after a 429 that does not tell how long, in ms: the whole of what is counted as a wait.
 */
export function recommendedWaitMs({ rules }: Policy): number {
  return Math.min(rules.IGNORES_429.waitSecIfUntold, rules.IGNORES_429.longestWaitSec) * 1000;
}

/**
 * Calls that a client may have in progress at a time, so that it stays below every threshold of CONCURRENCY. It waits for an answer
 * longer than the server works at it, so the server never sees more of them at once.
 * @throws RangeError when the policy leaves no room for any advice
 */
export function recommendedCallsAtOnce(policy: Policy): number {
  const calls = lowestCalls(policy.rules.CONCURRENCY) - 1;
  if (calls < 1) throw new RangeError('CONCURRENCY speaks up at the first call: no number can be advised');
  return calls;
}

/**
 * Minutes to leave an agreement alone that has refused a call, so that AUTH_FAILURES never counts any: the first refusal of each agreement
 * in a window is left out, and the next one is behind it. One minute more, for a timer that goes off early.
 */
export function recommendedMinutesAfterRefusal(policy: Policy): number {
  return policy.rules.AUTH_FAILURES.windowMinutes + 1;
}

/**
 * Records fetched by themselves in a minute that keep a list below every threshold of N_PLUS_ONE, wherever in a partner's own
 * minutes they lie: half of what lies below the lowest one.
 * @throws RangeError when the policy leaves no room for any advice
 */
export function recommendedRecordsPerMinute(policy: Policy): number {
  return halfBelow('N_PLUS_ONE', policy);
}

/**
 * Calls a minute by which a client that is blocked may try whether it still is, below every threshold of IGNORES_BLOCK.
 * @throws RangeError when the policy leaves no room for any advice
 */
export function recommendedBlockedCalls(policy: Policy): number {
  return halfBelow('IGNORES_BLOCK', policy);
}

function halfBelow(ruleId: 'N_PLUS_ONE' | 'IGNORES_BLOCK', policy: Policy): number {
  const lowest = lowestCalls(policy.rules[ruleId]);
  const calls = Math.floor((lowest - 1) / 2);
  if (calls < 1)
    throw new RangeError(`${ruleId} speaks up at ${lowest} calls a minute: no number can be advised`);
  return calls;
}

/**
 * Minutes for which an answer is to be kept, so that asking again stays below every threshold of DUPLICATE_READS; an hour where less
 * would do, since reference data hardly changes within one.
 * @throws RangeError when the policy leaves no room for any advice
 */
export function recommendedMinutesToKeep(policy: Policy): number {
  return Math.max(60, minutesBetween('DUPLICATE_READS', policy));
}

function lowestCalls({ thresholds }: HeldSettings<CallsHeld>): number {
  return lowestOf(thresholds, ({ calls }) => calls);
}
